from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import OperationalError

from scoring import live, outages, runs
from scoring.models import ScoringChunk, ScoringRun
from scoring.outages import wait_until_back, was_lost
from scoring.runs import MAX_ATTEMPTS, MAX_INTERRUPTIONS, request_run, work_on
from tests.factories import LeadFactory
from tests.scoring.conftest import NOW, Publish, german


@pytest.fixture
def chunk(publish_rules: Publish) -> ScoringChunk:
    publish_rules(german(5))
    LeadFactory()
    return request_run(kind=ScoringRun.Kind.MANUAL, at=NOW).chunks.get()


@pytest.fixture
def database_goes_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """So many times in the middle of a chunk; real servers do it in tests/scoring/faults."""

    def database_goes_away(times: int) -> None:
        outages = [OperationalError("server closed the connection unexpectedly")] * times
        rescore_range = runs.rescore_range

        def rescore_or_fail(*args: object, **kwargs: object) -> object:
            if outages:
                raise outages.pop()
            return rescore_range(*args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(runs, "rescore_range", rescore_or_fail)
        monkeypatch.setattr(runs, "was_lost", lambda error: True)
        monkeypatch.setattr(runs, "wait_until_back", lambda: None)

    return database_goes_away


def test_outage_is_no_attempt(chunk: ScoringChunk, database_goes_away: Callable[[int], None]) -> None:
    database_goes_away(MAX_ATTEMPTS + 1)

    run = work_on(chunk.run_id, clock=lambda: NOW)

    chunk.refresh_from_db()
    assert (run.state, chunk.attempts, chunk.interruptions) == (ScoringRun.State.DONE, 1, MAX_ATTEMPTS + 1)


def test_chunk_that_brings_the_database_down_is_given_up(
    chunk: ScoringChunk, database_goes_away: Callable[[int], None]
) -> None:
    database_goes_away(100)

    run = work_on(chunk.run_id, clock=lambda: NOW)

    chunk.refresh_from_db()
    assert run.state == ScoringRun.State.FAILED
    assert "server closed the connection" in run.error
    assert (chunk.attempts, chunk.interruptions) == (MAX_ATTEMPTS, MAX_INTERRUPTIONS + MAX_ATTEMPTS)


def test_database_that_is_busy_has_not_gone_away(db: None) -> None:
    assert not was_lost(OperationalError("database is locked"))


def test_who_waits_for_the_database_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(outages, "connection", SimpleNamespace(close=lambda: None, ensure_connection=refuse))

    with pytest.raises(OperationalError, match="refused"):
        wait_until_back(seconds=0)


def test_deadlock_is_tried_again(publish_rules: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database undoes one of two transactions that wait for one another; nobody is to blame."""
    publish_rules(german(20))
    LeadFactory(country="DE")
    deadlock = OperationalError("deadlock detected")
    deadlock.__cause__ = psycopg.errors.DeadlockDetected()
    undone = [deadlock]
    rescore_logged = live.rescore_logged

    def rescore_or_undo(*args: Any, **kwargs: Any) -> Any:
        if undone:
            raise undone.pop()
        return rescore_logged(*args, **kwargs)

    monkeypatch.setattr(live, "rescore_logged", rescore_or_undo)

    assert live.drain(clock=lambda: NOW) == 1

    run = ScoringRun.objects.get()
    assert (run.state, run.promoted) == (ScoringRun.State.DONE, 1)
