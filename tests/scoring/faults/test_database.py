"""PostgreSQL that goes away and comes back."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.utils import timezone

from leads.models import Handoff
from scoring.tasks import rescore_changed
from tests.scoring.faults.checks import assert_all_is_well
from tests.scoring.faults.conftest import wait_for_end
from tests.scoring.faults.dataset import RANGES, add_activities, lead_id
from tests.scoring.faults.postgres import PostgresServer
from tests.scoring.faults.processes import Crew
from tests.scoring.faults.test_workers import Holding, Night, Tick, chunks, score_of
from tests.workers import wait_until

Send = Callable[..., None]


def restart(server: PostgresServer) -> None:
    connection.close()
    server.crash()
    server.start()


def test_restart_in_mid_chunk(
    crew: Crew, server: PostgresServer, night: Night, hold: Holding, a_minute_later: Tick
) -> None:
    crew.have_workers(2)
    held = [hold(score_of(lead_id(250, of_range=number))) for number in (2, 3)]
    run = night()
    for each in held:
        each.catch()

    restart(server)  # the rows are held no longer
    a_minute_later()
    # Nobody waits for a lease to run out: the workers take up again what they were at.
    wait_for_end(run)

    assert len(chunks(run, "done")) == RANGES
    assert_all_is_well()


def test_restart_while_offering(
    crew: Crew, server: PostgresServer, night: Night, hold: Holding, a_minute_later: Tick
) -> None:
    crew.have_workers(1)
    held = hold(f"SELECT 1 FROM leads_lead WHERE id = {lead_id(25, of_range=8)} FOR NO KEY UPDATE")
    run = night()
    held.catch()

    restart(server)
    a_minute_later()
    wait_for_end(run)

    assert run.promoted == Handoff.objects.count()
    assert_all_is_well()


def test_restarts_use_up_no_attempts(
    crew: Crew, server: PostgresServer, night: Night, hold: Holding, a_minute_later: Tick
) -> None:
    """An evening on which the database goes away again and again is no fault of the leads."""
    crew.have_workers(1)
    held = hold(score_of(lead_id(250, of_range=0)))
    run = night()

    for _ in range(4):
        held.catch()
        restart(server)
        held = hold(score_of(lead_id(250, of_range=0)))
        a_minute_later()
    held.catch()
    held.release()
    wait_for_end(run)

    assert_all_is_well()


def test_restart_during_live_rescoring(
    crew: Crew, server: PostgresServer, night: Night, send: Send, hold: Holding, a_minute_later: Tick
) -> None:
    crew.have_workers(1)
    wait_for_end(night())
    eager = lead_id(2, of_range=9)
    held = hold(score_of(eager))
    add_activities([(eager, "demo_request", timezone.now())])
    send(rescore_changed)
    held.catch()

    restart(server)
    assert not Handoff.objects.filter(lead=eager).exists()
    a_minute_later()

    wait_until(Handoff.objects.filter(lead=eager).exists, what="the offer")
    assert_all_is_well()
