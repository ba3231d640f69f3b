from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from leads.handoff.evidence import Evidence, strongest
from leads.handoff.offering import Occasion, offer_leads
from leads.models import Handoff, Lead, Organisation, Role, Stage, StageChange
from tests.factories import CompanyFactory, LeadFactory, TeamFactory, UserFactory, contribution

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
BY_SCORING = Occasion(origin=Handoff.Origin.SCORING, at=MONDAY, run=5)


def evidence(**fields: Any) -> Evidence:
    base = {
        "fit": 40,
        "engagement": 25,
        "grade": "A2",
        "fast_tracked": False,
        "rulebook_version": 3,
        "known_facts": 2,
        "asked_facts": 4,
        "contributions": [contribution()],
    }
    return Evidence(**{**base, **fields})


def test_offer_leads_makes_mqls_with_frozen_evidence() -> None:
    lead = LeadFactory(source="Webinar", country="DE")

    [handoff] = offer_leads(evidence={lead.pk: evidence()}, occasion=BY_SCORING)

    handoff.refresh_from_db()
    assert (handoff.state, handoff.total, handoff.grade, handoff.rulebook_version) == ("waiting", 65, "A2", 3)
    assert (handoff.source_folded, handoff.country, handoff.run) == ("webinar", "DE", 5)
    assert handoff.contributions == [contribution()]
    assert Lead.objects.get(pk=lead.pk).stage == Stage.MQL
    change = StageChange.objects.in_order().filter(lead=lead).last()
    assert (change.rulebook_version, change.total, change.run) == (3, 65, 5)


def test_offer_leads_leaves_out_those_that_wait_or_stand_elsewhere() -> None:
    lead, customer = LeadFactory(), LeadFactory(stage=Stage.CUSTOMER)
    offers = {lead.pk: evidence(), customer.pk: evidence()}
    offer_leads(evidence=offers, occasion=BY_SCORING)

    again = offer_leads(evidence=offers, occasion=BY_SCORING)

    assert again == []
    assert Handoff.objects.count() == 1


def test_offer_leads_starts_the_clock_of_the_team() -> None:
    team = TeamFactory()
    Organisation.objects.update(default_team=team)
    calm, eager = LeadFactory(), LeadFactory()

    offer_leads(evidence={calm.pk: evidence(), eager.pk: evidence(fast_tracked=True)}, occasion=BY_SCORING)

    due = dict(Handoff.objects.values_list("lead_id", "decide_due_at"))
    assert due == {
        calm.pk: datetime(2026, 3, 2, 14, tzinfo=UTC),
        eager.pk: datetime(2026, 3, 2, 11, tzinfo=UTC),
    }


def test_offer_leads_goes_to_the_owner_of_the_company_else_to_the_default_team() -> None:
    team = TeamFactory()
    Organisation.objects.update(default_team=team)
    alice = UserFactory(role=Role.REP, team=TeamFactory())
    owned, other = LeadFactory(company=CompanyFactory(owner=alice)), LeadFactory()

    offer_leads(evidence={owned.pk: evidence(), other.pk: evidence()}, occasion=BY_SCORING)

    by_lead = {handoff.lead_id: handoff for handoff in Handoff.objects.all()}
    assert (by_lead[owned.pk].assignee, by_lead[owned.pk].team) == (alice, alice.team)
    assert (by_lead[other.pk].assignee, by_lead[other.pk].team) == (None, team)


def test_offer_leads_passes_over_an_owner_who_left() -> None:
    gone = UserFactory(role=Role.REP, is_active=False)
    lead = LeadFactory(company=CompanyFactory(owner=gone))

    [handoff] = offer_leads(evidence={lead.pk: evidence()}, occasion=BY_SCORING)

    assert handoff.assignee is None
    assert "open to every rep" in handoff.assigned_because


def test_strongest_gives_the_helping_contributions_in_order_of_points() -> None:
    given = [
        contribution(rule="a", points=5),
        contribution(rule="b", points=-30),
        contribution(rule="c", points=20),
        contribution(rule="d", points=5),
    ]

    assert [each["rule"] for each in strongest(given, count=2)] == ["c", "a"]
