"""The effect on all leads: the same computation as on a sample, in ranges, kept as it was found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from leads.models import Role
from scoring.effect.effect import sample_effect
from scoring.effect.page import page_of
from scoring.effect.study import effect_of, latest_effect, outdated
from scoring.models import Rule, Rulebook, Study
from scoring.studies.ledger import cancel, request_study
from scoring.studies.working import work_on
from tests.factories import LeadFactory, UserFactory
from tests.scoring.conftest import NOW, Publish, german
from tests.scoring.effect.conftest import PUBLISHED, Cast

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def published(publish_rules: Publish) -> Rulebook:
    return publish_rules(*PUBLISHED)


@pytest.fixture(autouse=True)
def ranges_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoring.ranges.range_size", lambda: 2)


def asked(book: Rulebook) -> Study:
    by = UserFactory(role=Role.MARKETER)
    return request_study(kind=Study.Kind.EFFECT, book=book, asked={}, by=by, at=NOW)


def done(book: Rulebook) -> Study:
    study = asked(book)
    work_on(study.pk, clock=lambda: NOW)
    study.refresh_from_db()
    return study


def edit(book: Rulebook) -> None:
    Rulebook.objects.filter(pk=book.pk).update(revision=F("revision") + 1)
    book.refresh_from_db()


def test_all_leads_in_ranges_give_what_a_sample_of_all_gives(draft: Rulebook, cast: Cast) -> None:
    study = done(draft)

    assert (study.state, study.error) == ("done", "")
    assert study.steps_done == study.steps >= 3
    assert effect_of(study) == sample_effect(draft, day=TODAY, shown=10)


def test_result_is_shown_as_it_was_found_whatever_happens_since(draft: Rulebook, cast: Cast) -> None:
    study = done(draft)
    Rule.objects.filter(rulebook=draft).update(name="Renamed", points=1)
    cast.eve.activities.all().delete()

    page = page_of(effect_of(study), shown=5)

    assert [(row.lead, [str(one.what) for one in row.reasons]) for row in page.enter] == [
        (cast.eve, ["Visit", "Threshold 20 → 15"])
    ]
    assert [row.name for row in page.rules] == ["Germany", "Visit"]


def test_latest_effect_is_of_the_rulebook_as_it_is_now(draft: Rulebook, cast: Cast) -> None:
    assert latest_effect(draft) is None

    study = done(draft)
    assert latest_effect(draft) == effect_of(study)
    assert outdated(study) == ""

    edit(draft)
    study = Study.objects.get()
    assert latest_effect(draft) is None
    assert outdated(study) == "The draft was edited after this was counted."


def test_another_publication_makes_it_out_of_date(
    draft: Rulebook, cast: Cast, publish_rules: Publish
) -> None:
    study = done(draft)

    publish_rules(german(5))

    assert latest_effect(draft) is None
    assert outdated(study) == "Another rulebook was published after this was counted."


def test_draft_that_was_edited_meanwhile_is_not_counted(draft: Rulebook, cast: Cast) -> None:
    study = asked(draft)
    edit(draft)

    work_on(study.pk, clock=lambda: NOW)

    study.refresh_from_db()
    assert study.state == "failed"
    assert study.error == "The draft was edited before all leads were counted. Count them again."


def test_draft_with_a_mistake_fails_in_its_words(draft: Rulebook, cast: Cast) -> None:
    Rule.objects.filter(rulebook=draft, key="r1").update(activity_types=["gone"])

    study = done(draft)

    assert study.state == "failed"
    assert study.error.startswith("This draft cannot score yet: ")
    assert "gone" in study.error


def test_worker_that_runs_out_of_time_is_followed_by_one_that_goes_on(draft: Rulebook, cast: Cast) -> None:
    study = asked(draft)

    rounds = 1
    while work_on(study.pk, clock=lambda: NOW, until=NOW - timedelta(seconds=1)):
        rounds += 1

    study.refresh_from_db()
    assert rounds >= 3  # the time was always up after one range
    assert study.state == "done"
    assert effect_of(study).tally == sample_effect(draft, day=TODAY, shown=0).tally


def test_publication_under_way_begins_the_count_anew(
    draft: Rulebook, cast: Cast, publish_rules: Publish
) -> None:
    study = asked(draft)
    assert work_on(study.pk, clock=lambda: NOW, until=NOW - timedelta(seconds=1))
    publish_rules(german(5))

    work_on(study.pk, clock=lambda: NOW)

    study.refresh_from_db()
    assert effect_of(study).tally == sample_effect(draft, day=TODAY, shown=0).tally


def test_cancelled_study_stops(draft: Rulebook, cast: Cast) -> None:
    study = asked(draft)
    assert work_on(study.pk, clock=lambda: NOW, until=NOW - timedelta(seconds=1))

    cancel(study=study, by=UserFactory(role=Role.MARKETER), at=NOW)
    work_on(study.pk, clock=lambda: NOW)

    study.refresh_from_db()
    assert (study.state, study.result) == ("cancelled", None)


def test_no_leads_are_counted_at_once(draft: Rulebook) -> None:
    study = done(draft)

    assert effect_of(study).tally.leads == 0


def test_lead_that_has_gone_since_is_left_out_of_the_list(draft: Rulebook, cast: Cast) -> None:
    study = done(draft)
    effect = effect_of(study)
    gone = effect.tally.enter[0]._replace(lead_id=LeadFactory().pk + 1000)

    page = page_of(
        type(effect)(
            **{**vars(effect), "tally": type(effect.tally)(**{**vars(effect.tally), "enter": (gone,)})}
        ),
        shown=5,
    )

    assert page.enter == []
