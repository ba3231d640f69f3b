from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from leads.models import Activity, ChangeLogEntry, Lead, LeadScore
from leads.models.fields import LATEST_DAY
from scoring import ranges, rescoring
from scoring.engine.compiler import CompiledRulebook
from scoring.engine.levels import LeadRange
from scoring.live import drain
from scoring.models import ScoredRange, ScoringRun
from scoring.runs import request_run, work_on
from scoring.verification import verify
from tests.factories import ActivityFactory, AssetFactory, CampaignFactory, CompanyFactory, LeadFactory
from tests.scoring.conftest import NOW, Publish, activity, german

TODAY = NOW.date()
Kind, State = ScoringRun.Kind, ScoringRun.State


def night(days: int = 0, *, full: bool = False) -> ScoringRun:
    """A run that many days on."""
    at = NOW + timedelta(days=days)
    return work_on(request_run(kind=Kind.MANUAL, at=at, full=full).pk, clock=lambda: at)


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "RANGE_SIZE", dict.fromkeys(ranges.RANGE_SIZE, 2))


@pytest.fixture
def seen(publish_rules: Publish) -> Lead:
    """A lead with one page view of today that counts for seven days, scored; and one without any."""
    publish_rules(german(5), activity("page_view", 20, window_days=7))
    lead = ActivityFactory(occurred_at=NOW).lead
    LeadFactory()
    night()
    return lead


def test_night_on_which_nothing_is_due_makes_no_chunks(seen: Lead) -> None:
    run = night(1)

    assert (run.state, run.full, run.chunks.count(), run.scored) == (State.DONE, False, 0, 0)


@pytest.mark.parametrize(("days", "scored", "engagement"), [(6, 0, 20), (7, 1, 0), (8, 1, 0)])
def test_night_scores_a_lead_from_the_day_on_which_its_score_ends(
    days: int, scored: int, engagement: int, seen: Lead
) -> None:
    run = night(days)

    assert (run.scored, run.changed) == (scored, scored)
    assert LeadScore.objects.get(pk=seen.pk).engagement == engagement


def test_activity_of_the_future_is_scored_on_its_day(seen: Lead) -> None:
    ActivityFactory(lead=seen, occurred_at=NOW + timedelta(days=3))

    changes = [night(days).changed for days in (0, 2, 3)]

    assert changes == [1, 0, 1]
    assert LeadScore.objects.get(pk=seen.pk).engagement == 40


def test_night_scores_only_ranges_with_a_lead_that_is_due(seen: Lead, small_ranges: None) -> None:
    far = LeadFactory(pk=seen.pk + 1000, country="DE")

    run = night()

    assert list(run.chunks.values_list("first_lead", flat=True)) == [far.pk // 2 * 2]
    assert run.scored == 1


def test_new_version_makes_every_lead_due(seen: Lead, publish_rules: Publish) -> None:
    publish_rules(german(7))

    run = night()

    assert (run.scored, run.changed) == (2, 2)


def test_publication_and_full_look_at_every_lead(seen: Lead) -> None:
    publication = work_on(request_run(kind=Kind.PUBLISH, at=NOW).pk, clock=lambda: NOW)

    for run in (publication, night(full=True)):
        assert (run.full, run.scored, run.changed) == (True, 2, 0)


def test_lead_whose_score_was_lost_is_scored_with_its_range(seen: Lead) -> None:
    other = LeadFactory(country="DE")
    LeadScore.objects.filter(pk=seen.pk).delete()

    run = night()

    assert run.scored == 2
    assert LeadScore.objects.filter(pk__in=(seen.pk, other.pk)).count() == 2


def test_bounds_of_a_range_are_those_of_its_scores(seen: Lead) -> None:
    bounds = ScoredRange.objects.get()

    assert bounds.first_lead <= seen.pk <= bounds.last_lead
    assert (bounds.valid_until, bounds.rulebook_version, bounds.day) == (TODAY + timedelta(days=7), 1, TODAY)


def test_live_rescoring_widens_the_bounds_of_its_range(seen: Lead) -> None:
    night(7)  # from here on nothing changes by time
    assert ScoredRange.objects.get().valid_until == LATEST_DAY
    ActivityFactory(occurred_at=NOW + timedelta(days=8))

    drain(clock=lambda: NOW + timedelta(days=8))

    assert ScoredRange.objects.get().valid_until == TODAY + timedelta(days=15)
    assert [night(14).scored, night(15).scored] == [0, 1]


def test_range_without_bounds_is_looked_at(seen: Lead) -> None:
    LeadScore.objects.filter(pk=seen.pk).update(rulebook_version=0)
    before = night().scored
    ScoredRange.objects.all().delete()

    assert (before, night().scored) == (0, 1)


def test_bounds_that_are_wider_than_need_be_make_no_chunk(seen: Lead) -> None:
    ScoredRange.objects.update(valid_until=TODAY)

    assert night().chunks.count() == 0


def test_score_of_a_day_after_today_is_due(seen: Lead) -> None:
    tomorrow = TODAY + timedelta(days=1)
    LeadScore.objects.filter(pk=seen.pk).update(day=tomorrow, engagement=3, total=3)
    ScoredRange.objects.update(day=tomorrow)

    assert night().changed == 1
    assert LeadScore.objects.get(pk=seen.pk).engagement == 20


def test_look_ahead_that_changed_nothing_is_taken_back_once(seen: Lead) -> None:
    work_on(request_run(kind=Kind.MANUAL, at=NOW, day=TODAY + timedelta(days=1)).pk, clock=lambda: NOW)
    LeadScore.objects.update(day=TODAY + timedelta(days=1))

    runs = [night(), night()]

    assert [(run.scored, run.changed) for run in runs] == [(2, 2), (0, 0)]
    assert not ChangeLogEntry.objects.exists()


def test_deleted_lead_leaves_nothing_in_the_change_log(seen: Lead) -> None:
    ChangeLogEntry.objects.create(lead_id=10**7)

    run = night()

    assert (run.state, run.scored) == (State.DONE, 0)
    assert not ChangeLogEntry.objects.exists()


@pytest.mark.parametrize(("due", "is_full"), [(100, False), (101, True), (250, True)])
def test_many_due_leads_are_scored_by_a_full_pass(due: int, is_full: bool) -> None:
    assert rescoring._is_full_pass_cheaper(due, due * 2) == is_full


@pytest.mark.parametrize(("due", "is_full"), [(3333, False), (3334, True)])
def test_full_pass_begins_at_a_third(due: int, is_full: bool) -> None:
    assert rescoring._is_full_pass_cheaper(due, 10_000) == is_full


def test_both_plans_write_the_same(seen: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    targets: list[object] = []
    score = CompiledRulebook.score

    def spy(self: CompiledRulebook, target: object, **options: object) -> int:
        targets.append(type(target).__name__)
        return score(self, target, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(CompiledRulebook, "score", spy)
    monkeypatch.setattr(rescoring, "_SMALL", 0)
    first = night(7)
    ActivityFactory(lead=seen, occurred_at=NOW + timedelta(days=7))
    monkeypatch.setattr(rescoring, "FULL_PASS_SHARE", 1)
    second = night(7)

    assert targets == ["LeadRange", "LeadSet"]
    assert (first.changed, second.changed) == (1, 1)
    assert verify(day=TODAY + timedelta(days=7)).mismatches == []


def test_scores_that_end_while_midnight_passes_go_into_the_log_again(seen: Lead) -> None:
    run = request_run(kind=Kind.MANUAL, at=NOW + timedelta(days=6), full=True)

    work_on(run.pk, clock=lambda: NOW + timedelta(days=7))

    assert list(ChangeLogEntry.objects.values_list("lead_id", flat=True)) == [seen.pk]


# Every source of change ----------------------------------------------------------------------------------------------


def matching(field: str, value: str) -> dict[str, object]:
    conditions = [{"field": field, "operator": "contains", "values": [value]}]
    return activity("page_view", 20, conditions=conditions)


@pytest.mark.parametrize("field", ["asset", "campaign"])
def test_renaming_what_activities_point_to_makes_their_leads_due(field: str, publish_rules: Publish) -> None:
    publish_rules(matching(field, "pricing"))
    named = {"asset": AssetFactory, "campaign": CampaignFactory}[field](name="Blog")
    view = ActivityFactory(occurred_at=NOW, **{field: named})
    ActivityFactory(occurred_at=NOW)
    night()

    named.name = "Pricing"
    named.save()
    run = night()

    assert run.scored == 1
    assert LeadScore.objects.get(pk=view.lead_id).engagement == 20


def test_facts_of_a_company_make_its_leads_due(publish_rules: Publish) -> None:
    condition = {"field": "company.employees", "operator": "gte", "values": [50]}
    publish_rules({**german(5), "conditions": [condition]})
    company = CompanyFactory(employees=49)
    leads = [LeadFactory(company=company) for _ in range(2)]
    LeadFactory()
    night()

    company.employees = 50
    company.save()

    assert night().changed == 2
    assert LeadScore.objects.filter(pk__in=[lead.pk for lead in leads], fit=5).count() == 2


def test_moved_activity_makes_both_leads_due(seen: Lead) -> None:
    other = LeadFactory()
    night()

    Activity.objects.update(lead=other)

    assert night().changed == 2
    assert LeadScore.objects.get(pk=seen.pk).engagement == 0


def test_what_commits_after_the_log_was_emptied_stays_in_it(
    seen: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of steps in a pass: an activity that comes between the log and the score is not lost."""
    take = rescoring.take_logged

    def take_and_be_late(leads: LeadRange) -> set[int]:
        taken = take(leads)
        ActivityFactory(lead=seen, occurred_at=late)
        return taken

    late: datetime = NOW - timedelta(days=1)
    monkeypatch.setattr(rescoring, "take_logged", take_and_be_late)
    night(full=True)

    assert LeadScore.objects.get(pk=seen.pk).engagement == 40
    assert ChangeLogEntry.objects.filter(lead_id=seen.pk).exists()
