from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leads.models import Handoff, Lead, LeadScore, Organisation, Stage
from scoring.models import ScoringRun
from scoring.runs import request_run, work_on
from tests.factories import ActivityFactory, AssetFactory, LeadFactory, UserFactory
from tests.scoring.conftest import NOW, Publish, activity, german

Kind = ScoringRun.Kind
DAY = timedelta(days=1)


def rescored(*, after: timedelta = timedelta(0), kind: ScoringRun.Kind = Kind.NIGHTLY) -> ScoringRun:
    at = NOW + after
    return work_on(request_run(kind=kind, at=at).pk, clock=lambda: at)


def offered() -> list[int]:
    return list(Handoff.objects.waiting().order_by("-total", "pk").values_list("lead_id", flat=True))


def test_qualified_lead_becomes_an_mql_with_its_evidence_frozen(publish_rules: Publish) -> None:
    publish_rules(german(15), activity("demo_request", 10), activity("page_view", -1, max_points=1))
    lead = LeadFactory(country="DE")
    ActivityFactory(lead=lead, code="demo_request", occurred_at=NOW - DAY, asset=AssetFactory(name="/demo"))
    ActivityFactory(lead=lead, code="demo_request", occurred_at=NOW - 3 * DAY)
    for _ in range(3):
        ActivityFactory(lead=lead, occurred_at=NOW - 2 * DAY)

    run = rescored()

    assert run.promoted == 1
    handoff = Handoff.objects.get(lead=lead)
    assert (handoff.origin, handoff.run, handoff.rulebook_version) == ("scoring", run.pk, 1)
    assert (handoff.fit, handoff.engagement, handoff.total, handoff.grade) == (15, 19, 34, "C3")
    assert [(item["rule"], item["points"], item["matches"], item["latest"], item["asset"])
            for item in handoff.contributions] == [
        ("r1", 20, 2, "2026-03-09", "/demo"),
        ("r0", 15, 1, None, None),
        ("r2", -1, 3, "2026-03-08", None),
    ]  # fmt: skip
    assert sum(item["points"] for item in handoff.contributions) == handoff.total
    assert Lead.objects.get(pk=lead.pk).stage == Stage.MQL


def test_second_run_promotes_nobody_twice(publish_rules: Publish) -> None:
    publish_rules(german(20))
    LeadFactory(country="DE")

    assert [rescored(after=days * DAY).promoted for days in range(2)] == [1, 0]


@pytest.mark.parametrize("stage", [Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.DISQUALIFIED])
def test_lead_in_another_stage_is_not_offered(stage: Stage, publish_rules: Publish) -> None:
    publish_rules(german(20))
    LeadFactory(country="DE", stage=stage)

    assert rescored().promoted == 0


def test_limit_offers_the_highest_totals_and_says_how_many_are_left(publish_rules: Publish) -> None:
    Organisation.objects.update(promotion_limit=2)
    publish_rules(german(20), activity("page_view", 1))
    leads = [LeadFactory(country="DE") for _ in range(4)]
    for views, lead in enumerate(leads):
        for _ in range(views):
            ActivityFactory(lead=lead, occurred_at=NOW)

    run = rescored()

    assert offered() == [leads[3].pk, leads[2].pk]
    assert (run.promoted, run.left_over) == (2, 2)
    assert rescored(after=DAY).promoted == 2


def test_more_leads_than_a_batch_are_all_offered(
    publish_rules: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.promotion.BATCH", 2)
    publish_rules(german(20))
    leads = [LeadFactory(country="DE") for _ in range(5)]

    run = rescored()

    assert (run.promoted, run.left_over) == (5, 0)
    assert sorted(offered()) == [lead.pk for lead in leads]


# Hold ----------------------------------------------------------------------------------------------------------------


def held(**fields: Any) -> Lead:
    """A lead that was given back ten days ago, for ten days."""
    return LeadFactory(
        country="DE",
        stage=Stage.RECYCLED,
        evidence_after=NOW - 10 * DAY,
        **{"hold_until": NOW.date(), **fields},
    )


def views(lead: Lead, count: int, *, before: timedelta) -> None:
    for _ in range(count):
        ActivityFactory(lead=lead, occurred_at=NOW - before)


RULES = (german(20), activity("page_view", 1), activity("demo_request", 5, fast_track=True))


@pytest.mark.parametrize(
    ("hold_days", "new", "old", "is_offered"),
    [
        (0, 10, 0, True),
        (0, 9, 5, False),  # one point short; old views count for the score, not for coming back
        (1, 10, 0, False),  # one day early
        (None, 10, 0, True),  # reopened: no cool-down
        (None, 9, 0, False),
    ],
)
def test_held_lead_comes_back_by_time_and_new_points(
    hold_days: int | None, new: int, old: int, is_offered: bool, publish_rules: Publish
) -> None:
    publish_rules(*RULES)
    lead = held(hold_until=None if hold_days is None else NOW.date() + hold_days * DAY)
    views(lead, new, before=9 * DAY)
    views(lead, old, before=11 * DAY)

    assert rescored().promoted == int(is_offered)


def test_activity_of_the_very_instant_of_recycling_is_old(publish_rules: Publish) -> None:
    publish_rules(*RULES)
    lead = held()
    views(lead, 10, before=10 * DAY)

    assert rescored().promoted == 0


def test_silence_does_not_count_against_coming_back(publish_rules: Publish) -> None:
    quiet = {"kind": "silence", "group": "what", "points": -5, "every_days": 1}
    publish_rules(german(30), activity("page_view", 1), quiet)
    lead = held()
    views(lead, 10, before=9 * DAY)

    assert rescored().promoted == 1


@pytest.mark.parametrize(("days_ago", "is_offered"), [(9, True), (11, False)])
def test_new_hand_raise_ends_the_hold_at_once_and_an_old_one_does_not(
    days_ago: int, is_offered: bool, publish_rules: Publish
) -> None:
    publish_rules(*RULES)
    lead = held(hold_until=NOW.date() + 90 * DAY)
    ActivityFactory(lead=lead, code="demo_request", occurred_at=NOW - days_ago * DAY)

    assert rescored().promoted == int(is_offered)


def test_old_hand_raise_alone_does_not_bring_a_held_lead_back(publish_rules: Publish) -> None:
    publish_rules(activity("page_view", 1), activity("demo_request", 5, fast_track=True))
    lead = held()
    ActivityFactory(lead=lead, code="demo_request", occurred_at=NOW - 11 * DAY)
    views(lead, 10, before=9 * DAY)

    assert rescored().promoted == 0  # 15 points of the 20 that it takes without a fast track


# Demotion ------------------------------------------------------------------------------------------------------------


def lead_at_the_line(publish_rules: Publish) -> Lead:
    """Offered today with 22 points; from tomorrow on it has 14, with a line at 20 - 5."""
    publish_rules(german(14), activity("page_view", 8, window_days=1), demote_margin=5, demote_after_nights=3)
    lead = LeadFactory(country="DE")
    views(lead, 1, before=timedelta(0))
    assert rescored().promoted == 1
    return lead


def test_offer_is_withdrawn_after_enough_nights_below_the_line(publish_rules: Publish) -> None:
    lead = lead_at_the_line(publish_rules)

    demoted = [rescored(after=days * DAY).demoted for days in (1, 2, 3)]

    assert demoted == [0, 0, 1]
    assert Handoff.objects.get(lead=lead).state == Handoff.State.WITHDRAWN
    assert Lead.objects.get(pk=lead.pk).stage == Stage.LEAD
    assert LeadScore.objects.get(pk=lead.pk).below_since == (NOW + DAY).date()


def test_lead_within_the_margin_keeps_its_offer(publish_rules: Publish) -> None:
    publish_rules(german(15), activity("page_view", 8, window_days=1), demote_margin=5, demote_after_nights=1)
    lead = LeadFactory(country="DE")
    views(lead, 1, before=timedelta(0))
    rescored()

    assert [rescored(after=days * DAY).demoted for days in (1, 2)] == [0, 0]
    assert LeadScore.objects.get(pk=lead.pk).below_since is None


@pytest.mark.parametrize("change", [{"origin": "hand"}, {"origin": "import"}, {"claimed": True}])
def test_offer_made_by_hand_or_claimed_is_not_withdrawn(
    change: dict[str, Any], publish_rules: Publish
) -> None:
    lead = lead_at_the_line(publish_rules)
    if "origin" in change:
        Handoff.objects.filter(lead=lead).update(origin=change["origin"], decide_due_at=None)
    else:
        Handoff.objects.filter(lead=lead).update(claimed_by=UserFactory(), claimed_until=NOW + 30 * DAY)

    assert [rescored(after=days * DAY).demoted for days in (1, 2, 3, 4)] == [0, 0, 0, 0]


def test_run_of_a_publication_demotes_nobody(publish_rules: Publish) -> None:
    lead_at_the_line(publish_rules)
    for days in (1, 2):
        rescored(after=days * DAY)

    assert rescored(after=5 * DAY, kind=Kind.PUBLISH).demoted == 0
