from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import close_old_connections, connection

from leads.models import Role
from scoring.models import Rulebook, Study
from scoring.studies.ledger import (
    LEASE,
    MAX_ATTEMPTS,
    StudyEnded,
    cancel,
    fail,
    finish,
    lay_down,
    request_study,
    studies_to_work_on,
    take,
)
from tests.factories import UserFactory
from tests.scoring.conftest import NOW, Publish, german
from tests.scoring.studies.conftest import Ask

State, Kind = Study.State, Study.Kind
LATER = NOW + LEASE


def test_study_pins_revision_and_day(ask: Ask, book: Rulebook) -> None:
    Rulebook.objects.filter(pk=book.pk).update(revision=7)

    study = ask(asked={"from": "2026-01-01"})

    assert (study.revision, study.day, study.state) == (7, NOW.date(), State.PENDING)
    assert study.asked == {"from": "2026-01-01"}


def test_asking_for_the_same_while_it_is_active_joins_it(ask: Ask) -> None:
    first = ask(asked={"days": 30})
    take(first.pk, at=NOW)

    assert ask(asked={"days": 30}, by=UserFactory(role=Role.MANAGER)) == first


def test_asking_for_something_else_is_another_study(ask: Ask, book: Rulebook) -> None:
    first = ask(asked={"days": 30})
    other = ask(asked={"days": 90})
    Rulebook.objects.filter(pk=book.pk).update(revision=1)

    assert len({first, other, ask(asked={"days": 30}), ask(kind=Kind.WEIGHTS)}) == 4
    assert Study.objects.filter(state=State.PENDING).count() == 4


def test_asking_again_after_the_end_is_a_new_study(ask: Ask) -> None:
    first = ask()
    cancel(study=first, by=first.requested_by, at=NOW)

    assert ask() != first


def test_effect_of_a_newer_revision_cancels_the_older_one(ask: Ask, book: Rulebook) -> None:
    old, backtest = ask(kind=Kind.EFFECT), ask()
    Rulebook.objects.filter(pk=book.pk).update(revision=1)
    sales = UserFactory(role=Role.MANAGER)

    new = ask(kind=Kind.EFFECT, by=sales)

    old.refresh_from_db()
    backtest.refresh_from_db()
    assert (old.state, old.cancelled_by) == (State.CANCELLED, sales)
    assert (new.state, backtest.state) == (State.PENDING, State.PENDING)


def test_only_one_worker_takes_it(ask: Ask) -> None:
    study = ask()

    taken = take(study.pk, at=NOW)

    assert taken is not None
    assert (taken.state, taken.started_at, taken.attempts) == (State.RUNNING, NOW, 1)
    assert take(study.pk, at=NOW + timedelta(minutes=1)) is None


def test_lease_that_runs_out_frees_it_and_keeps_its_start(ask: Ask) -> None:
    study = ask()
    take(study.pk, at=NOW)

    again = take(study.pk, at=LATER)

    assert again is not None
    assert (again.attempts, again.started_at) == (2, NOW)


def test_after_three_dead_workers_it_fails_in_words(ask: Ask) -> None:
    study = ask()
    for attempt in range(MAX_ATTEMPTS):
        assert take(study.pk, at=NOW + attempt * LEASE)

    assert take(study.pk, at=NOW + MAX_ATTEMPTS * LEASE) is None
    study.refresh_from_db()
    assert (study.state, study.error) == (
        State.FAILED,
        "Begun 3 times, and each time the worker disappeared. Ask for it again.",
    )


def test_who_lost_the_lease_can_neither_finish_nor_fail_it(ask: Ask) -> None:
    study = ask()
    late = take(study.pk, at=NOW)
    take(study.pk, at=LATER)

    assert not finish(late, result={}, at=LATER)
    fail(late, error="late", at=LATER)
    lay_down(late, at=LATER)

    study.refresh_from_db()
    assert (study.state, study.result, study.leased_until) == (State.RUNNING, None, LATER + LEASE)


def test_finished_study_has_its_result_and_no_more_what_was_kept(ask: Ask) -> None:
    study = take(ask().pk, at=NOW)
    Study.objects.update(kept={"range": 3}, steps=4, steps_done=3)

    assert finish(study, result={"mqls": 4}, at=LATER)

    study.refresh_from_db()
    assert (study.state, study.ended_at, study.result) == (State.DONE, LATER, {"mqls": 4})
    assert (study.kept, study.percent) == (None, 100)


def test_cancelled_study_says_by_whom_and_is_taken_by_nobody(ask: Ask) -> None:
    study = ask()

    cancel(study=study, by=study.requested_by, at=NOW)

    assert (study.state, study.cancelled_at, study.ended_at) == (State.CANCELLED, NOW, NOW)
    assert take(study.pk, at=NOW) is None


def test_what_has_ended_cannot_be_cancelled(ask: Ask) -> None:
    study = ask()
    finish(take(study.pk, at=NOW), result={}, at=NOW)

    with pytest.raises(StudyEnded, match="“Backtest” has ended already: done"):
        cancel(study=study, by=study.requested_by, at=NOW)


def test_tick_finds_what_nobody_is_on(ask: Ask) -> None:
    waits, running, dead, laid_down, done = (ask(asked={"n": n}) for n in range(5))
    take(running.pk, at=NOW)
    take(dead.pk, at=NOW - LEASE)
    lay_down(take(laid_down.pk, at=NOW), at=NOW)
    finish(take(done.pk, at=NOW), result={}, at=NOW)

    assert studies_to_work_on(at=NOW) == [waits.pk, dead.pk, laid_down.pk]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["request", "take"])
def test_two_at_once_get_one(publish_rules: Publish, act: str) -> None:
    book, user = publish_rules(german(20)), UserFactory()
    study = request_study(kind=Kind.WEIGHTS, book=book, asked={}, by=user, at=NOW)
    start, found = threading.Barrier(2), []

    def together() -> None:
        close_old_connections()
        start.wait()
        if act == "request":
            found.append(request_study(kind=Kind.BACKTEST, book=book, asked={"n": 1}, by=user, at=NOW).pk)
        elif take(study.pk, at=NOW):
            found.append(study.pk)
        connection.close()

    threads = [threading.Thread(target=together) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 1
    assert len(found) == (2 if act == "request" else 1)
