from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest
from django.db import connection
from django.db.models import Count, F, Q

from leads.handoff.sla import BusinessClock
from leads.lifecycle import MOVES, UNDOABLE
from leads.models import (
    Activity,
    AttributeKey,
    CampaignCost,
    Company,
    Deal,
    Handoff,
    HandoffDecision,
    Lead,
    LeadScore,
    Stage,
    StageChange,
    Touch,
)
from leads.models.fields import day_number, day_of
from reports.period import start_of_day
from tests.demo.conftest import TODAY
from tests.factories import LeadFactory


def test_as_much_as_was_asked_for(seeded):
    assert Lead.objects.count() == seeded.leads == 400
    assert Activity.objects.count() == seeded.activities
    assert 9 <= seeded.activities / 400 <= 16
    assert Company.objects.count() == seeded.companies > 100
    assert Handoff.objects.count() == seeded.handoffs > 60
    assert Deal.objects.count() == seeded.deals > 10
    assert CampaignCost.objects.count() > 20
    assert Touch.objects.count() > 30
    assert not LeadScore.objects.exists()  # scores are the engine's


def test_activities_have_a_long_tail(seeded):
    counts = sorted(Activity.objects.values_list("lead").annotate(n=Count("pk")).values_list("n", flat=True))

    assert counts[len(counts) // 2] <= 14
    assert counts[-1] >= 30


def test_everything_happened_before_today(seeded):
    until = start_of_day(TODAY)

    assert not Activity.objects.filter(occurred_at__gte=until).exists()
    assert not StageChange.objects.filter(occurred_at__gte=until).exists()
    assert not Handoff.objects.filter(Q(decided_at__gte=until) | Q(offered_at__gte=until)).exists()
    assert not Deal.objects.filter(closed_at__gte=until).exists()
    assert not Touch.objects.filter(at__gte=until).exists()


def test_days_are_those_of_their_instants(seeded):
    for change in StageChange.objects.all():
        assert change.day == day_of(change.occurred_at)
    for activity in Activity.objects.all()[:500]:
        assert activity.day == day_of(activity.occurred_at)
    for lead in Lead.objects.all():
        assert lead.created_day == day_of(lead.created_at)


def histories() -> dict[int, list[StageChange]]:
    found = defaultdict(list)
    for change in StageChange.objects.in_order():
        found[change.lead_id].append(change)
    return found


def test_every_move_is_one_that_the_lifecycle_allows(seeded):
    for changes in histories().values():
        assert (changes[0].from_stage, changes[0].to_stage) == ("", Stage.LEAD)
        for before, after in pairwise(changes):
            move = (Stage(after.from_stage), Stage(after.to_stage))
            assert after.from_stage == before.to_stage
            assert after.occurred_at > before.occurred_at
            assert move in MOVES or (after.undone and move in UNDOABLE)


def test_stage_of_each_lead_is_the_last_of_its_history(seeded):
    stages = dict(Lead.objects.values_list("pk", "stage"))
    for lead, changes in histories().items():
        standing = [change for change in changes if not change.undone]
        assert stages[lead] == standing[-1].to_stage


def test_each_mql_visit_has_its_handoff_and_its_outcome(seeded):
    outcome = {
        Stage.SQL: "accepted",
        Stage.RECYCLED: "rejected",
        Stage.DISQUALIFIED: "rejected",
        Stage.LEAD: "withdrawn",
        None: "waiting",
    }
    visits = {}
    for lead, changes in histories().items():
        standing = [change for change in changes if not change.undone]
        for change, after in zip(standing, [*standing[1:], None], strict=True):
            if change.to_stage == Stage.MQL:
                ended = (after.to_stage, after.occurred_at) if after else (None, None)
                visits[lead, change.occurred_at] = (outcome[ended[0]], ended[1])

    handoffs = {(handoff.lead_id, handoff.offered_at): handoff for handoff in Handoff.objects.all()}

    assert {key: (handoff.state, handoff.decided_at) for key, handoff in handoffs.items()} == visits


def test_evidence_adds_up_within_the_caps_of_the_rulebook(seeded):
    for handoff in Handoff.objects.all():
        assert handoff.contributions
        assert handoff.total == handoff.fit + handoff.engagement
        positive = sum(each["points"] for each in handoff.contributions if each["points"] > 0)
        assert positive >= handoff.total


def test_deadlines_are_those_of_the_team(seeded):
    for handoff in Handoff.objects.select_related("team").order_by("pk")[:40]:
        clock = BusinessClock.of_team(handoff.team)
        assert handoff.decide_due_at == clock.decide_due(
            start=handoff.offered_at, fast_tracked=handoff.fast_tracked
        )
    assert Handoff.objects.filter(decided_at__gt=F("decide_due_at")).exists()


def test_decisions_are_recorded_and_point_to_their_move(seeded):
    for decision in HandoffDecision.objects.select_related("handoff"):
        change = StageChange.objects.get(pk=decision.stage_change)
        assert change.lead_id == decision.handoff.lead_id
        assert change.occurred_at == decision.at
    for handoff in Handoff.objects.exclude(state="waiting").prefetch_related("decisions"):
        assert list(handoff.decisions.all())[-1].at == handoff.decided_at


def test_recycled_leads_are_on_hold_and_some_came_back(seeded):
    assert not Lead.objects.filter(stage=Stage.RECYCLED, hold_until=None).exists()
    assert not Lead.objects.filter(stage=Stage.RECYCLED, evidence_after=None).exists()
    assert Handoff.objects.values("lead").annotate(n=Count("pk")).filter(n__gt=1).exists()


def test_accepted_leads_have_an_owner_and_deals_their_stage(seeded):
    assert not Lead.objects.filter(
        stage__in=[Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER], owner=None
    ).exists()
    assert not Lead.objects.filter(stage=Stage.OPPORTUNITY).exclude(deals__state="open").exists()
    assert not Lead.objects.filter(stage=Stage.CUSTOMER).exclude(deals__state="won").exists()
    assert Deal.objects.filter(state="lost", lost_reason=None).count() == 0


def test_some_facts_are_unknown_and_some_mail_is_free_or_academic(seeded):
    for facts in ({"job_title": ""}, {"employees": None}, {"industry": ""}, {"country": ""}, {"source": ""}):
        assert Lead.objects.filter(**facts).exists()
    assert {"business", "free", "academic"} == set(Lead.objects.values_list("email_domain_type", flat=True))


def test_some_people_are_there_twice(seeded):
    twice = Lead.objects.values("first_name", "last_name", "phone").exclude(phone="").annotate(n=Count("pk"))
    names = Lead.objects.values("first_name", "last_name").annotate(n=Count("pk")).filter(n__gt=1)

    assert names.exists() or twice.filter(n__gt=1).exists()


def test_folded_twins_are_in_step(seeded):
    for lead in Lead.objects.all()[:50]:
        stored = {name: getattr(lead, f"{name}_folded") for name in Lead.FOLDED}
        lead.save()
        assert {name: getattr(lead, f"{name}_folded") for name in Lead.FOLDED} == stored


def test_keys_of_attributes_and_properties_are_declared(seeded):
    declared = set(AttributeKey.objects.values_list("key", flat=True))
    used = {key for facts in Lead.objects.values_list("attributes", flat=True) for key in facts}
    used |= {
        key
        for found in Activity.objects.exclude(properties=None).values_list("properties", flat=True)
        for key in found
    }

    assert used <= declared
    assert Lead.objects.filter(attributes_typed__sites__gt=0).exists()


def test_history_reaches_back_18_months(seeded):
    first = Lead.objects.order_by("created_at").first()

    assert 500 <= day_number(TODAY) - day_number(first.created_day) <= 550


@pytest.mark.postgres
def test_sequences_go_on_where_the_seed_ended(seeded):
    assert LeadFactory().pk > Lead.objects.order_by("pk").first().pk
    assert connection.vendor == "postgresql"


def test_decision_on_a_lead_that_came_back_remembers_the_hold_before(seeded):
    again = HandoffDecision.objects.exclude(action="undo").exclude(previous_hold_until=None)

    assert again.exists()
    for decision in again.select_related("handoff"):
        assert decision.previous_hold_until <= decision.handoff.offered_day
        assert decision.previous_evidence_after < decision.handoff.offered_at
