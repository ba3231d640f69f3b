from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from leads.models import LeadScore
from scoring import ranges, runs
from scoring.models import ScoringChunk, ScoringRun
from scoring.runs import join_or_request_run, request_run, runs_to_work_on, work_on
from scoring.steering import AlreadyEnded, cancel
from tests.factories import LeadFactory, UserFactory
from tests.scoring.conftest import NOW, Publish, german

Kind, State = ScoringRun.Kind, ScoringRun.State


# Cancelling ----------------------------------------------------------------------------------------------------------


def test_cancelled_run_says_who_and_when_and_nobody_works_on_it(publish_rules: Publish) -> None:
    publish_rules(german(5))
    LeadFactory(country="DE")
    run = request_run(kind=Kind.MANUAL, at=NOW)
    alice = UserFactory()

    cancel(run=run, by=alice, at=NOW)

    assert runs_to_work_on(at=NOW) == []
    run = work_on(run.pk, clock=lambda: NOW)
    assert (run.state, run.cancelled_by, run.cancelled_at, run.ended_at) == (State.CANCELLED, alice, NOW, NOW)
    assert not LeadScore.objects.exists()


def test_worker_stops_after_the_range_that_it_is_on(
    publish_rules: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "RANGE_SIZE", dict.fromkeys(ranges.RANGE_SIZE, 1))
    publish_rules(german(20))
    for _ in range(3):
        LeadFactory(country="DE")
    run = request_run(kind=Kind.MANUAL, at=NOW)
    score = runs._score_chunk

    def score_and_be_cancelled(job: runs.Job, chunk: ScoringChunk, clock: runs.Clock) -> None:
        score(job, chunk, clock)
        cancel(run=job.run, by=UserFactory(), at=NOW)

    monkeypatch.setattr(runs, "_score_chunk", score_and_be_cancelled)
    run = work_on(run.pk, clock=lambda: NOW)

    assert (run.state, run.promoted) == (State.CANCELLED, 0)
    assert list(run.chunks.values_list("state", flat=True)) == ["done", "free", "free"]
    assert LeadScore.objects.count() == 1


def test_run_that_has_ended_cannot_be_cancelled(publish_rules: Publish) -> None:
    publish_rules(german(5))
    run = work_on(request_run(kind=Kind.MANUAL, at=NOW).pk, clock=lambda: NOW)

    with pytest.raises(AlreadyEnded, match="has ended already: done"):
        cancel(run=run, by=UserFactory(), at=NOW)

    run.refresh_from_db()
    assert (run.state, run.cancelled_at) == (State.DONE, None)


def test_run_after_a_cancelled_one_is_a_new_one(publish_rules: Publish) -> None:
    publish_rules(german(5))
    first = request_run(kind=Kind.MANUAL, at=NOW)
    cancel(run=first, by=UserFactory(), at=NOW)

    run, is_new = join_or_request_run(kind=Kind.MANUAL, at=NOW)

    assert is_new
    assert run.pk != first.pk


# Two at once ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.PENDING, State.RUNNING])
def test_asking_again_joins_the_run_that_is_active(state: State, publish_rules: Publish) -> None:
    publish_rules(german(5))
    LeadFactory()
    first = request_run(kind=Kind.MANUAL, at=NOW)
    ScoringRun.objects.update(state=state)

    run, is_new = join_or_request_run(kind=Kind.MANUAL, at=NOW + timedelta(minutes=1), by=UserFactory())

    assert (run.pk, is_new) == (first.pk, False)
    assert ScoringChunk.objects.count() == 1


def test_another_kind_day_or_version_is_another_run(publish_rules: Publish) -> None:
    publish_rules(german(5))
    asked = [
        request_run(kind=Kind.MANUAL, at=NOW),
        request_run(kind=Kind.PUBLISH, at=NOW),
        request_run(kind=Kind.MANUAL, at=NOW, day=(NOW + timedelta(days=1)).date()),
        request_run(kind=Kind.MANUAL, at=NOW, full=True),
        # Tomorrow, of its own day: that one promotes.
        request_run(kind=Kind.MANUAL, at=NOW + timedelta(days=1)),
    ]
    publish_rules(german(6))
    asked.append(request_run(kind=Kind.MANUAL, at=NOW))

    assert len({run.pk for run in asked}) == 6


@pytest.mark.django_db(transaction=True)
def test_many_asking_at_the_same_moment_get_one_run(publish_rules: Publish) -> None:
    publish_rules(german(5))
    LeadFactory()
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("an SQLite database in memory has one connection")
    ready, got = threading.Barrier(4), []

    def ask() -> None:
        try:
            ready.wait(timeout=60)
            got.append(join_or_request_run(kind=Kind.MANUAL, at=NOW))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert len(got) == 4
    assert len({run.pk for run, _ in got}) == 1
    assert [is_new for _, is_new in got].count(True) == 1
    assert ScoringChunk.objects.count() == 1
