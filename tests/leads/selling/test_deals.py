from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from leads.handoff.decisions import ReasonRefused
from leads.models import Deal, Lead, NextStep, Role, Stage, StageChange
from leads.selling.deals import DealClosed, give_back, lose, open_deal, win
from leads.selling.rights import NotWorked, NotYourLead
from leads.selling.steps import plan_step
from tests.factories import LeadFactory, TeamFactory, UserFactory
from tests.leads.selling.conftest import NOW, later, reason


def deal_of(lead, by, at=NOW, amount=None) -> Deal:
    return open_deal(lead=lead, amount=amount, currency="EUR", expected_close_on=None, by=by, at=at)


def stage(lead) -> str:
    return Lead.objects.get(pk=lead.pk).stage


def test_a_deal_makes_the_lead_an_opportunity(lead, alice):
    deal = deal_of(lead, alice, amount=Decimal("1200"))

    assert stage(lead) == Stage.OPPORTUNITY
    assert (deal.state, deal.owner, deal.currency) == ("open", alice, "EUR")


def test_a_second_deal_moves_nothing(lead, alice):
    deal_of(lead, alice)
    deal_of(lead, alice)

    assert StageChange.objects.filter(lead=lead, to_stage="opportunity").count() == 1


def test_a_won_deal_makes_a_customer_and_keeps_what_it_came_to(lead, alice):
    deal = deal_of(lead, alice, amount=Decimal("1200"))

    win(deal=deal, by=alice, at=later(), amount=Decimal("900"))

    assert stage(lead) == Stage.CUSTOMER
    assert (deal.state, deal.closed_at, deal.amount) == ("won", later(), Decimal("900"))


def test_a_customer_buys_again(lead, alice):
    win(deal=deal_of(lead, alice), by=alice, at=later(1))

    again = deal_of(lead, alice, at=later(2))
    assert stage(lead) == Stage.OPPORTUNITY
    lose(deal=again, reason=reason("no_budget"), by=alice, at=later(3))

    assert stage(lead) == Stage.CUSTOMER
    assert Lead.objects.get(pk=lead.pk).hold_until is None


def test_a_lost_deal_sends_the_lead_where_the_reason_says(lead, alice):
    plan_step(lead=lead, what="Call", due_on=date(2026, 3, 4), by=alice, at=NOW)

    lose(deal=deal_of(lead, alice), reason=reason("no_budget"), by=alice, at=later(), note="next year")

    found = Lead.objects.get(pk=lead.pk)
    assert (found.stage, found.hold_until) == (Stage.RECYCLED, date(2026, 8, 29))
    assert not NextStep.objects.filter(done_at=None).exists()


def test_a_lost_deal_moves_nothing_while_another_is_open(lead, alice):
    first, second = deal_of(lead, alice), deal_of(lead, alice)

    lose(deal=first, reason=reason("competitor"), by=alice, at=later(1))
    assert stage(lead) == Stage.OPPORTUNITY

    lose(deal=second, reason=reason("competitor"), by=alice, at=later(2))
    assert stage(lead) == Stage.DISQUALIFIED


def test_a_closed_deal_is_not_closed_again(lead, alice):
    deal = deal_of(lead, alice)
    seen_in_another_tab = Deal.objects.get(pk=deal.pk)
    win(deal=deal, by=alice, at=later())

    with pytest.raises(DealClosed, match="was won already"):
        lose(deal=seen_in_another_tab, reason=reason("no_budget"), by=alice, at=later(2))

    assert stage(lead) == Stage.CUSTOMER


def test_a_lead_is_given_back_with_a_reason_and_its_cooldown(lead, alice):
    give_back(lead=lead, reason=reason("unresponsive"), by=alice, at=NOW)

    found = Lead.objects.get(pk=lead.pk)
    assert (found.stage, found.hold_until, found.evidence_after) == (
        Stage.RECYCLED,
        date(2026, 5, 1),
        NOW,
    )


def test_a_lead_with_an_open_deal_is_not_given_back(lead, alice):
    deal_of(lead, alice)

    with pytest.raises(ReasonRefused, match="has an open deal; win or lose it first"):
        give_back(lead=lead, reason=reason("unresponsive"), by=alice, at=later())


def test_other_needs_a_note(lead, alice):
    with pytest.raises(ReasonRefused, match="needs a note"):
        give_back(lead=lead, reason=reason("other"), by=alice, at=NOW, note=" ")


@pytest.mark.parametrize(("role", "team"), [(Role.REP, None), (Role.MANAGER, "other"), (Role.MARKETER, None)])
def test_only_the_owner_or_their_manager_works_the_lead(lead, role, team):
    stranger = UserFactory(role=role, team=TeamFactory() if team else None)

    with pytest.raises(NotYourLead, match="is worked by"):
        deal_of(lead, stranger)

    assert stage(lead) == Stage.SQL


def test_a_manager_without_a_team_works_all(lead):
    deal_of(lead, UserFactory(role=Role.MANAGER))

    assert stage(lead) == Stage.OPPORTUNITY


def test_a_lead_that_nobody_accepted_is_not_worked(alice):
    with pytest.raises(NotWorked, match="only leads that sales has accepted"):
        deal_of(LeadFactory(owner=alice), alice)
