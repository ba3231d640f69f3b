from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from leads.models import User
from scoring.errors import ScoringError
from scoring.models import Study
from scoring.studies.kinds import Work
from scoring.studies.ledger import LEASE, MAX_ATTEMPTS, cancel, take
from scoring.studies.progress import Progress, Stopped
from scoring.studies.working import work_on
from tests.scoring.conftest import NOW
from tests.scoring.studies.conftest import Ask

State = Study.State
By = Callable[[Work], None]


class Clock:
    """A minute goes by with each look at it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def in_steps(study: Study, progress: Progress) -> Mapping[str, Any]:
    progress.expect(4)
    for _ in range(4):
        progress.advance()
    return {"kind": study.kind}


def test_each_step_is_counted_and_renews_the_lease(ask: Ask, worked_by: By) -> None:
    study = ask()
    seen = []

    def work(found: Study, progress: Progress) -> Mapping[str, Any]:
        progress.expect(4)
        progress.advance()
        study.refresh_from_db()
        seen.append((study.percent, study.leased_until))
        return {}

    worked_by(work)
    work_on(study.pk, clock=Clock())

    assert seen == [(25, NOW + timedelta(minutes=3) + LEASE)]


def test_result_is_kept(ask: Ask, worked_by: By) -> None:
    worked_by(in_steps)
    study = ask()

    assert not work_on(study.pk, clock=Clock())

    study.refresh_from_db()
    assert (study.state, study.result) == (State.DONE, {"kind": "backtest"})


def test_second_message_does_nothing(ask: Ask, worked_by: By) -> None:
    study, calls = ask(), []

    def work(found: Study, progress: Progress) -> Mapping[str, Any]:
        calls.append(found.pk)
        work_on(found.pk, clock=Clock())
        return {}

    worked_by(work)
    for _ in range(2):
        work_on(study.pk, clock=Clock())

    assert calls == [study.pk]


def test_cancelled_study_stops_at_its_next_step(ask: Ask, worked_by: By, marketer: User) -> None:
    study, steps = ask(), []

    def work(found: Study, progress: Progress) -> Mapping[str, Any]:
        for step in range(9):
            steps.append(step)
            if step == 2:
                cancel(study=study, by=marketer, at=NOW)
            progress.advance()
        return {}

    worked_by(work)
    work_on(study.pk, clock=Clock())

    study.refresh_from_db()
    assert (study.state, study.result, steps) == (State.CANCELLED, None, [0, 1, 2])


def test_worker_that_was_given_up_stops_and_spoils_nothing(ask: Ask, worked_by: By) -> None:
    study = ask()

    def work(found: Study, progress: Progress) -> Mapping[str, Any]:
        take(found.pk, at=NOW + timedelta(hours=1))
        with pytest.raises(Stopped):
            progress.advance()
        progress.advance()
        return {}

    worked_by(work)
    work_on(study.pk, clock=Clock())

    study.refresh_from_db()
    assert (study.state, study.attempts) == (State.RUNNING, 2)


def test_refusal_fails_it_in_its_own_words(ask: Ask, worked_by: By) -> None:
    def work(study: Study, progress: Progress) -> Mapping[str, Any]:
        raise ScoringError("There are only 12 decided handoffs; 100 are needed.")

    worked_by(work)
    study = ask()
    work_on(study.pk, clock=Clock())

    study.refresh_from_db()
    assert (study.state, study.error) == (State.FAILED, "There are only 12 decided handoffs; 100 are needed.")


def test_unexpected_error_is_tried_three_times_then_told(ask: Ask, worked_by: By) -> None:
    def work(study: Study, progress: Progress) -> Mapping[str, Any]:
        raise ZeroDivisionError("division by zero")

    worked_by(work)
    study, clock, states = ask(), Clock(), []
    for _ in range(MAX_ATTEMPTS + 1):
        work_on(study.pk, clock=clock)
        study.refresh_from_db()
        states.append(study.state)

    assert states == [State.RUNNING, State.RUNNING, State.FAILED, State.FAILED]
    assert study.error.endswith("three times: ZeroDivisionError: division by zero")


def test_work_that_takes_long_goes_on_from_what_it_kept(ask: Ask, worked_by: By) -> None:
    done: list[int] = []

    def work(study: Study, progress: Progress) -> Mapping[str, Any]:
        start = (progress.kept or {"next": 0})["next"]
        for part in range(start, 6):
            done.append(part)
            progress.keep({"next": part + 1}, steps_done=part + 1)
        return {"parts": 6}

    worked_by(work)
    study, clock, messages = ask(), Clock(), 1
    while work_on(study.pk, clock=clock, until=clock.now + timedelta(minutes=4)):
        messages += 1

    study.refresh_from_db()
    assert (study.state, study.result, study.kept) == (State.DONE, {"parts": 6}, None)
    assert done == [0, 1, 2, 3, 4, 5]
    assert messages > 2
