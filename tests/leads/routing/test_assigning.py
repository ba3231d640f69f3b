from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from leads.handoff.offering import Occasion, offer_leads
from leads.models import (
    Absence,
    Handoff,
    HandoffAssignment,
    Lead,
    Organisation,
    RotationDay,
    RotationShare,
    Team,
)
from leads.routing.turns import LEAD
from tests.factories import CampaignFactory, CompanyFactory, LeadFactory, TeamFactory
from tests.leads.handoff.test_offering import evidence
from tests.leads.routing.conftest import NOW, TODAY, put_in_force, reps, rule

pytestmark = pytest.mark.django_db
BY_SCORING = Occasion(origin=Handoff.Origin.SCORING, at=NOW, run=5)


@pytest.fixture
def team() -> Team:
    found = TeamFactory(name="DACH")
    Organisation.objects.update(default_team=found)
    return found


def offer(*leads: Lead, **fields: Any) -> list[Handoff]:
    return offer_leads(evidence={lead.pk: evidence(**fields) for lead in leads}, occasion=BY_SCORING)


def test_first_rule_that_matches_wins(team: Team) -> None:
    [ann, bob] = reps(team, ["ann", "bob"])
    campaign = CampaignFactory(name="Spring")
    put_in_force(
        rule("Off", user=bob, enabled=False),
        rule("Spring", ("campaign", "is", "spring"), ("source", "is", "Webinar"), user=ann),
        rule("Best", ("score.grade", "in", "A1"), ("score.total", "gte", "65"), user=bob, match="any"),
        rule("Rest", team=team, way="queue"),
    )
    lead, other = LeadFactory(campaign=campaign, source="webinar"), LeadFactory(source="webinar")

    [first] = offer(lead, grade="C3", fit=1, engagement=1)
    [second] = offer(other, grade="B2", fit=40, engagement=25)
    [third] = offer(LeadFactory(), grade="B2", fit=40, engagement=24)

    assert (first.assignee, first.assigned_because) == (ann, "Rule “Spring”: ann.")
    assert (second.assignee, third.assignee, third.team) == (bob, None, team)
    assert third.assigned_because == "Rule “Rest”: shared queue of DACH."


def test_each_assignment_is_recorded_with_its_rule(team: Team) -> None:
    [ann] = reps(team, ["ann"])
    put_in_force(rule("All", team=team), number=4)

    [handoff] = offer(LeadFactory())

    row = HandoffAssignment.objects.get()
    assert (row.handoff, row.assignee, row.team, row.taken_from) == (handoff, ann, team, None)
    assert (row.rules_number, row.rule_key, row.rule_name, row.day) == (4, "all", "All", TODAY)
    assert (row.cause, row.way) == ("offered", "rotation")
    assert row.because == handoff.assigned_because == "Rule “All”: ann, by turns among 1 of 1 in DACH."
    with pytest.raises(IntegrityError), transaction.atomic():
        HandoffAssignment.objects.update(because="It was always so.")


def test_turns_are_kept_from_one_offer_to_the_next(team: Team) -> None:
    [ann, bob, eve] = reps(team, ["ann", "bob", "eve"])
    Absence.objects.create(user=eve, first_day=TODAY, last_day=TODAY)
    put_in_force(rule("All", team=team))

    for _ in range(3):
        offer(LeadFactory(), LeadFactory())

    assert Counter(Handoff.objects.values_list("assignee", flat=True)) == {ann.pk: 3, bob.pk: 3}
    assert dict(RotationShare.objects.values_list("user", "owed")) == {ann.pk: 0, bob.pk: 0}
    days = {day.user_id: day for day in RotationDay.objects.filter(day=TODAY)}
    assert (days[ann.pk].expected, days[ann.pk].given) == (3 * LEAD, 3)
    assert (days[eve.pk].expected, days[eve.pk].given, days[eve.pk].passed_away) == (0, 0, 6)


def test_cap_counts_what_waits_already(team: Team) -> None:
    [ann] = reps(team, ["ann"], open_cap=2)
    put_in_force(rule("All", team=team))

    handoffs = [offer(LeadFactory())[0] for _ in range(3)]

    assert [handoff.assignee for handoff in handoffs] == [ann, ann, None]


def test_rule_that_has_become_impossible_is_passed_over(team: Team) -> None:
    [ann, bob] = reps(team, ["ann", "bob"])
    put_in_force(rule("Plan", ("attributes.plan", "is", "pro"), user=ann), rule("Rest", user=bob))

    [handoff] = offer(LeadFactory())

    assert handoff.assignee == bob


def test_offered_without_a_score_no_rule_about_grades_matches(team: Team) -> None:
    [ann] = reps(team, ["ann"])
    put_in_force(rule("Ungraded", ("score.grade", "is_unknown"), user=ann))
    lead = LeadFactory()

    [handoff] = offer_leads(evidence={lead.pk: None}, occasion=Occasion(origin=Handoff.Origin.HAND, at=NOW))

    assert handoff.assignee == ann


def test_queries_do_not_grow_with_leads_and_members(team: Team) -> None:
    put_in_force(rule("Least", ("source", "is", "fair"), team=team, way="least_open"), rule("All", team=team))

    def queries(leads: int) -> int:
        reps(team, [f"{leads}-{number}" for number in range(leads)], open_cap=100)
        some = [LeadFactory(company=CompanyFactory(), campaign=CampaignFactory()) for _ in range(leads)]
        with CaptureQueriesContext(connection) as captured:
            offer(*some)
        return len(captured)

    assert queries(3) == queries(12)
