from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone

from leads.models import Role, User
from leads.reference import install
from scoring.backtest import working
from scoring.backtest.asked import Asked, BacktestRefused, check
from scoring.models import BacktestHandoff, Rulebook, Study
from scoring.studies import ledger
from scoring.studies.ledger import LEASE, cancel, request_study
from scoring.studies.progress import Progress
from scoring.studies.working import work_on
from scoring.tasks import work_on_study
from tests.factories import UserFactory
from tests.scoring.backtest.conftest import ASKED_AT, MARCH, Run, draft_of, handed_over, lead_of, lines, views
from tests.scoring.conftest import activity
from tests.workers import RealWorker, wait_until

VIEWS = activity("page_view", 20)
TODAY = date(2026, 4, 1)
State = Study.State


# What may be asked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "within", "sentence"),
    [
        ("2026-03-02", "2026-03-01", 14, "begins on 2026-03-02, after its end on 2026-03-01"),
        ("2026-03-01", "2026-04-01", 14, "only days that are over can be tested, up to 2026-03-31"),
        ("2024-03-30", "2026-03-31", 14, "has 732 days; a backtest takes at most 731"),
        ("2026-03-01", "2026-03-31", 61, "61 is not 0 to 60"),
        ("2026-03-01", "2026-03-31", -1, "-1 is not 0 to 60"),
    ],
)
def test_what_cannot_be_tested_is_refused_in_words(first: str, last: str, within: int, sentence: str) -> None:
    with pytest.raises(BacktestRefused, match=sentence):
        check(Asked.from_json({"first": first, "last": last, "within": within}), today=TODAY)


def test_ninety_days_are_scored_each_and_more_once_a_week() -> None:
    ninety, more = Asked(TODAY - timedelta(days=89), TODAY), Asked(TODAY - timedelta(days=90), TODAY)

    assert (len(ninety.steps), len(more.steps)) == (91, 15)
    assert [b - a for a, b in zip(more.steps, more.steps[1:], strict=False)] == [1, *[7] * 12, 6]


def test_asked_survives_json() -> None:
    asked = Asked(date(2026, 3, 1), date(2026, 3, 31), 0)

    assert Asked.from_json(asked.as_json()) == asked


# As a study ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "RANGE", 1)


def asked_for(book: Rulebook, by: User) -> Study:
    return request_study(kind=Study.Kind.BACKTEST, book=book, asked=MARCH.as_json(), by=by, at=ASKED_AT)


@pytest.mark.django_db
def test_ranges_add_up(run: Run, small_ranges: None) -> None:
    leads = [lead_of() for _ in range(3)]
    for lead in leads:
        views(lead, 5)
    handed_over(leads[1], 7, decided=8)

    study = run(draft_of(VIEWS))

    assert lines(study) == [(leads[0].pk, "new", 5), (leads[1].pk, "same", 5), (leads[2].pk, "new", 5)]
    assert study.steps == study.steps_done == 3 * 32


@pytest.mark.django_db
def test_draft_that_was_changed_before_the_start_is_not_tested(marketer: User) -> None:
    draft = draft_of(VIEWS)
    study = asked_for(draft, marketer)
    Rulebook.objects.filter(pk=draft.pk).update(revision=1)

    work_on(study.pk)

    study.refresh_from_db()
    assert (study.state, study.error) == (
        State.FAILED,
        "The draft was changed before the backtest began. Ask for it again.",
    )


@pytest.mark.django_db
def test_next_worker_goes_on_with_the_rulebook_as_it_was(marketer: User, small_ranges: None) -> None:
    leads = [lead_of() for _ in range(4)]
    for lead in leads:
        views(lead, 5)
    draft = draft_of(VIEWS)
    study = asked_for(draft, marketer)

    assert work_on(study.pk, until=timezone.now())  # one range is done, then the time is up
    draft.rules.update(points=1)
    Rulebook.objects.filter(pk=draft.pk).update(revision=1)
    work_on(study.pk)

    study.refresh_from_db()
    assert lines(study) == [(lead.pk, "new", 5) for lead in leads]


@pytest.mark.django_db
def test_range_of_a_worker_that_died_is_not_counted_twice(marketer: User, small_ranges: None) -> None:
    lead = lead_of()
    views(lead, 5)
    study = asked_for(draft_of(VIEWS), marketer)
    BacktestHandoff.objects.create(study=study, side="draft", kind="new", lead=lead, day=date(2026, 3, 5))

    work_on(study.pk)

    assert lines(study) == [(lead.pk, "new", 5)]


@pytest.mark.django_db
def test_cancelled_backtest_leaves_nothing_behind(
    marketer: User, small_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lead in [lead_of() for _ in range(3)]:
        views(lead, 5)
    study = asked_for(draft_of(VIEWS), marketer)
    keep = Progress.keep

    def keep_and_cancel(self: Progress, *args: object, **kwargs: object) -> None:
        keep(self, *args, **kwargs)  # type: ignore[arg-type]
        cancel(study=study, by=marketer, at=ASKED_AT)

    monkeypatch.setattr(Progress, "keep", keep_and_cancel)
    work_on(study.pk)

    study.refresh_from_db()
    assert (study.state, study.result) == (State.CANCELLED, None)
    assert not BacktestHandoff.objects.exists()


@pytest.mark.django_db
def test_broken_rulebook_is_told(marketer: User) -> None:
    draft = draft_of(VIEWS)
    draft.rules.update(activity_types=["nonsense"])
    study = asked_for(draft, marketer)

    work_on(study.pk)

    study.refresh_from_db()
    assert study.state == State.FAILED
    assert "nonsense" in study.error


# A real worker -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.realworker
def test_backtest_of_a_killed_worker_is_ended_by_the_next(
    transactional_db: None, start_worker: Callable[[], RealWorker], monkeypatch: pytest.MonkeyPatch
) -> None:
    install()
    for lead in [lead_of() for _ in range(3)]:
        views(lead, 5)
    asked = Asked(date(2024, 4, 1), date(2026, 3, 31))
    study = request_study(
        kind=Study.Kind.BACKTEST,
        book=draft_of(VIEWS),
        asked=asked.as_json(),
        by=UserFactory(role=Role.MARKETER),
        at=timezone.now(),
    )
    worker = start_worker()
    work_on_study.delay(study.pk)
    wait_until(lambda: Study.objects.get(pk=study.pk).steps_done > 3, what="the middle of the study")
    worker.kill()
    assert Study.objects.get(pk=study.pk).state == State.RUNNING
    # A lease later.
    Study.objects.filter(pk=study.pk).update(leased_until=timezone.now() - LEASE)
    start_worker()

    for pk in ledger.studies_to_work_on(at=timezone.now()):
        work_on_study.delay(pk)

    wait_until(lambda: Study.objects.get(pk=study.pk).state == State.DONE, what="the end of the study")
    assert BacktestHandoff.objects.filter(study=study, kind="new").count() == 3
