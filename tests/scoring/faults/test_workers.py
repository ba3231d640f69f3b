"""Workers that are killed in the middle of what they do, and messages that come twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from django.db import connection
from django.utils import timezone

from leads.models import Handoff, User
from scoring.models import ScoringChunk, ScoringRun
from scoring.runs import MAX_ATTEMPTS, request_run, see_through
from scoring.tasks import work_on_run
from tests.scoring.faults.checks import assert_all_is_well
from tests.scoring.faults.conftest import Hold, expire_leases, wait_for_end
from tests.scoring.faults.dataset import LEADS_A_RANGE, RANGES, lead_id
from tests.scoring.faults.processes import Broker, Crew
from tests.scoring.faults.visitor import Visitor
from tests.scoring.test_runs import forbid_scoring
from tests.workers import wait_until

Night = Callable[[], ScoringRun]
Holding = Callable[[str], Hold]
Tick = Callable[[], None]


def score_of(lead: int) -> str:
    """Whoever scores the range of this lead hangs: some of its rows are written, none is committed."""
    return f"SELECT 1 FROM leads_leadscore WHERE lead_id = {lead} FOR UPDATE"


def chunks(run: ScoringRun, state: str) -> list[ScoringChunk]:
    return list(run.chunks.filter(state=state))


def test_killed_in_mid_chunk(crew: Crew, night: Night, hold: Holding, a_minute_later: Tick) -> None:
    workers = crew.have_workers(2)
    held = hold(score_of(lead_id(100, of_range=5)))
    run = night()
    wait_until(lambda: len(chunks(run, "done")) == RANGES - 1, what="the other ranges")

    workers[held.catch()].kill()
    # The server notices that its client is gone, and undoes what it was at, also while that hangs.
    wait_until(lambda: not held.waiting(), what="the end of the killed worker's session")
    held.release()
    a_minute_later()
    (left,) = chunks(run, "taken")
    expire_leases()
    a_minute_later()
    wait_for_end(run)

    left.refresh_from_db()
    assert (left.state, left.attempts) == ("done", 2)
    assert_all_is_well()


def test_all_killed_in_mid_chunk(crew: Crew, night: Night, hold: Holding, a_minute_later: Tick) -> None:
    workers = crew.have_workers(2)
    held = [hold(score_of(lead_id(250, of_range=number))) for number in range(len(workers))]
    run = night()
    for each in held:
        each.catch()

    for worker in workers.values():
        worker.kill()
    for each in held:
        each.release()
    assert len(chunks(run, "free")) == RANGES - len(workers)
    crew.have_workers(1)
    expire_leases()
    a_minute_later()
    wait_for_end(run)

    assert_all_is_well()


def test_process_of_the_pool_killed_in_mid_chunk(
    crew: Crew, night: Night, hold: Holding, a_minute_later: Tick
) -> None:
    """What the system does to whoever takes too much memory: the worker lives on and starts another one."""
    workers = crew.have_workers(1)
    held = hold(score_of(lead_id(1, of_range=3)))
    run = night()
    worker = workers[held.catch()]

    os.kill(worker.pool_process(), signal.SIGKILL)
    held.release()
    # Its message comes back by itself.
    wait_until(lambda: len(chunks(run, "done")) == RANGES - 1, what="the other ranges")
    expire_leases()
    a_minute_later()
    wait_for_end(run)

    assert worker.is_alive()
    assert_all_is_well()


def test_killed_between_score_and_promotion(
    crew: Crew, night: Night, hold: Holding, a_minute_later: Tick
) -> None:
    workers = crew.have_workers(1)
    # Offering takes the leads it offers; scoring does not.
    held = hold(f"SELECT 1 FROM leads_lead WHERE id = {lead_id(25, of_range=8)} FOR NO KEY UPDATE")
    run = night()
    wait_until(lambda: len(chunks(run, "done")) == RANGES, what="all ranges")
    worker = workers[held.catch()]
    # However many it offers; what there is (a lock for each index of each table it writes) is 69.
    assert 0 < held.locks_of_waiting() < 128

    worker.kill()
    held.release()
    run.refresh_from_db()
    assert run.state == ScoringRun.State.RUNNING
    crew.have_workers(1)
    a_minute_later()
    wait_for_end(run)

    assert run.promoted == Handoff.objects.count() > 250  # more than one batch
    assert_all_is_well()


def test_message_that_comes_again_and_again(
    crew: Crew, broker: Broker, night: Night, send: Callable[..., None]
) -> None:
    crew.have_workers(2)
    run = night()
    for _ in range(6):
        send(work_on_run, run.pk)
    wait_for_end(run)
    ended = run.ended_at
    send(work_on_run, run.pk)
    wait_until(broker.is_empty, what="the last message")

    run.refresh_from_db()
    assert run.ended_at == ended
    assert set(run.chunks.values_list("attempts", flat=True)) == {1}
    assert_all_is_well()


def test_range_that_cannot_be_scored_stops_no_other(crew: Crew, night: Night) -> None:
    """Tried three times, then reported, on the page too; and the next run makes up for it once it is mended."""
    crew.have_workers(2)
    bad = lead_id(11, of_range=6)
    with connection.cursor() as cursor:
        forbid_scoring(cursor, bad)
    run = night()
    wait_for_end(run, ScoringRun.State.FAILED)

    (failed,) = chunks(run, "failed")
    assert (failed.first_lead <= bad <= failed.last_lead, failed.attempts) == (True, MAX_ATTEMPTS)
    assert len(chunks(run, "done")) == RANGES - 1
    assert run.promoted == Handoff.objects.count() > 250
    page = Visitor(crew.web, User.objects.get(username="admin")).get(f"/rulebook/runs/{run.pk}/")
    assert "Failed" in page
    assert "no score for you" in page
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER forbidden ON leads_leadscore")
    mended = see_through(request_run(kind=ScoringRun.Kind.MANUAL, at=timezone.now()).pk)
    assert (mended.state, mended.scored) == (ScoringRun.State.DONE, LEADS_A_RANGE)
    assert_all_is_well()
