"""What people and programs do while a run is at it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import psycopg
from django.utils import timezone

from leads.models import ChangeLogEntry, Handoff, LeadScore
from scoring.models import ScoringRun
from scoring.runs import join_or_request_run, request_run, see_through
from scoring.tasks import rescore_changed, work_on_run
from tests.scoring.faults.checks import assert_all_is_well
from tests.scoring.faults.conftest import connected_to, wait_for_end
from tests.scoring.faults.dataset import RANGES, add_activities, lead_id, publish_third
from tests.scoring.faults.postgres import SCENARIO, PostgresServer
from tests.scoring.faults.processes import Crew
from tests.scoring.faults.test_workers import Holding, Night, Tick, chunks, score_of
from tests.workers import wait_until

Send = Callable[..., None]
State = ScoringRun.State


def test_rulebook_published_during_a_run(crew: Crew, night: Night, hold: Holding, send: Send) -> None:
    crew.have_workers(2)
    held = hold(score_of(lead_id(100, of_range=2)))
    old = night()
    held.catch()

    publish_third(at=timezone.now())
    new = request_run(kind=ScoringRun.Kind.PUBLISH, at=timezone.now())
    send(work_on_run, new.pk)
    wait_until(lambda: len(chunks(new, "done")) >= 2, what="ranges by the new rulebook")
    held.release()
    wait_for_end(new)

    wait_for_end(old, State.SUPERSEDED)
    assert (new.scored, old.promoted) == (RANGES * 250, 0)
    assert set(LeadScore.objects.values_list("rulebook_version", flat=True)) == {3}
    assert_all_is_well()


def test_two_runs_asked_for_at_once(crew: Crew, server: PostgresServer, send: Send) -> None:
    """By four people, who get one run; and one for all leads, which is another, beside it."""
    crew.have_workers(2)
    together = threading.Barrier(5)
    asked: list[tuple[ScoringRun, bool]] = []

    def ask(full: bool) -> None:
        with connected_to(server, SCENARIO):
            together.wait()
            asked.append(join_or_request_run(kind=ScoringRun.Kind.MANUAL, at=timezone.now(), full=full))

    people = [threading.Thread(target=ask, args=[full]) for full in (False, False, False, False, True)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    for run, _ in asked:
        send(work_on_run, run.pk)
    for run, _ in asked:
        wait_for_end(run)
    runs = ScoringRun.objects.filter(kind="manual")

    assert sorted(run.full for run in runs) == [False, True]
    assert sorted(is_new for _, is_new in asked) == [False, False, False, True, True]
    assert sum(run.promoted for run in runs) == Handoff.objects.count()
    assert_all_is_well()


def test_late_commit(crew: Crew, server: PostgresServer, night: Night, a_minute_later: Tick) -> None:
    """A demo request that was written before the run began, and committed after its range was scored."""
    crew.have_workers(1)
    late = lead_id(3, of_range=4)  # it qualifies already: its offer does not wait for the import
    copied = (
        "INSERT INTO leads_activity (lead_id, type_id, occurred_at, day, known_at, key)"
        " SELECT %s, type_id, now(), day, now(), gen_random_uuid() FROM leads_activity"
        " WHERE type_id = (SELECT id FROM leads_activitytype WHERE code = 'demo_request')"
        " ORDER BY occurred_at DESC LIMIT 1"
    )
    with psycopg.connect(server.url()) as importer:
        importer.execute(copied, [late])
        run = night()
        wait_for_end(run)
        before = LeadScore.objects.get(pk=late)
        assert not ChangeLogEntry.objects.exists()
        importer.commit()

    assert list(ChangeLogEntry.objects.values_list("lead_id", flat=True)) == [late]
    a_minute_later()
    wait_until(lambda: not ChangeLogEntry.objects.exists(), what="live rescoring")

    assert LeadScore.objects.get(pk=late).engagement == before.engagement + 30
    assert_all_is_well()


def test_late_commit_within_its_range(
    crew: Crew, server: PostgresServer, night: Night, hold: Holding
) -> None:
    """The same, committed while the run is on that range, after it has emptied the log and taken its snapshot."""
    crew.have_workers(1)
    held = hold(score_of(lead_id(100, of_range=4)))
    run = night()
    held.catch()
    assert 0 < held.locks_of_waiting() < 64

    add_activities([(lead_id(3, of_range=4), "page_view", timezone.now())])
    held.release()
    wait_for_end(run)

    assert list(ChangeLogEntry.objects.values_list("lead_id", flat=True)) == [lead_id(3, of_range=4)]
    run = request_run(kind=ScoringRun.Kind.MANUAL, at=timezone.now())
    assert see_through(run.pk).scored == 1
    assert_all_is_well()


def test_live_rescoring_races_the_night(crew: Crew, night: Night, send: Send, a_minute_later: Tick) -> None:
    """Imports of all ranges while the night is at the same leads, up to its offering."""
    crew.have_workers(2)
    run = night()
    now = timezone.now()
    for number in range(0, 230, 10):
        leads = [lead_id(number + 1 + part, of_range=part) for part in range(RANGES)]
        what = "demo_request" if number % 50 == 0 else "page_view"
        add_activities([(lead, what, now - timedelta(days=number % 20)) for lead in leads if lead % 50 != 7])
        send(rescore_changed)
        send(work_on_run, run.pk)
    wait_for_end(run)
    a_minute_later()

    wait_until(lambda: not ChangeLogEntry.objects.exists(), what="live rescoring")
    assert ScoringRun.objects.get(kind="live").error == ""
    assert_all_is_well()
