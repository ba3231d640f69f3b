from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from leads.models import Deal, Lead, Role, Stage, Touch
from leads.selling import board
from leads.selling.board import Place, board_of
from leads.selling.deals import give_back, lose, open_deal, win
from leads.selling.moves import MoveRefused, check_place, win_at_once
from leads.selling.rights import NotWorked, NotYourLead
from leads.selling.steps import log_touch, plan_step
from leads.selling.work import Band
from tests.factories import LeadFactory, TeamFactory, UserFactory
from tests.leads.selling.conftest import NOW, accepted_lead, later, reason


def worked(owner, name="Anna") -> Lead:
    lead = accepted_lead(owner, first_name=name, last_name="")
    log_touch(lead=lead, kind=Touch.Kind.CALL, note="", by=owner, at=NOW)
    return lead


def deal_of(lead, by, amount=None) -> Deal:
    return open_deal(lead=lead, amount=amount, currency="EUR", expected_close_on=None, by=by, at=NOW)


def shown(user, *, at=NOW + timedelta(hours=2), of_team=False) -> dict[str, list[str]]:
    columns = board_of(user=user, at=at, of_team=of_team).columns
    return {column.place.value: [str(card.lead) for card in column.cards] for column in columns}


def test_cards_stand_by_stage(alice):
    worked(alice, "New")
    deal_of(worked(alice, "Talking"), alice)
    win(deal=deal_of(worked(alice, "Bought"), alice), by=alice, at=later())
    lose(deal=deal_of(worked(alice, "Lost"), alice), reason=reason("no_budget"), by=alice, at=later())
    give_back(lead=worked(alice, "Back"), reason=reason("spam"), by=alice, at=later(2))
    LeadFactory(owner=alice, stage=Stage.RECYCLED, stage_entered_at=NOW)  # rejected, never worked

    assert shown(alice) == {
        "sql": ["New"],
        "opportunity": ["Talking"],
        "won": ["Bought"],
        "lost": ["Back", "Lost"],
    }


def test_what_was_won_or_lost_long_ago_is_not_shown(alice):
    win(deal=deal_of(worked(alice, "Bought"), alice), by=alice, at=later())
    give_back(lead=worked(alice, "Back"), reason=reason("spam"), by=alice, at=later())

    assert shown(alice, at=later(2) + timedelta(days=30)) == {
        "sql": [],
        "opportunity": [],
        "won": [],
        "lost": [],
    }


def test_a_card_says_what_is_next_and_what_it_is_about(alice):
    lead = worked(alice)
    deal_of(lead, alice, amount=Decimal("1200"))
    plan_step(lead=lead, what="Call", due_on=date(2026, 3, 1), by=alice, at=NOW)

    (card,) = board_of(user=alice, at=NOW, of_team=False).columns[1].cards

    assert (card.band, card.step, card.step_due_on) == (Band.OVERDUE, "Call", date(2026, 3, 1))
    assert [(deal.amount, deal.currency) for deal in card.deals] == [(Decimal("1200"), "EUR")]


def test_columns_are_bounded_and_say_how_many_more(alice, monkeypatch):
    monkeypatch.setattr(board, "COLUMN_SIZE", 2)
    for number in range(3):
        worked(alice, f"L{number}")

    column = board_of(user=alice, at=NOW, of_team=False).columns[0]

    assert (len(column.cards), column.count, column.more) == (2, 3, 1)


def test_a_manager_sees_the_whole_team_and_a_rep_never(alice):
    alice.team = TeamFactory()
    alice.save()
    worked(alice)
    manager = UserFactory(role=Role.MANAGER, team=alice.team)
    stranger = UserFactory(role=Role.MANAGER, team=TeamFactory())
    rep = UserFactory(role=Role.REP, team=alice.team)

    found = {user: shown(user, of_team=True)["sql"] for user in (manager, stranger, rep)}

    assert found == {manager: ["Anna"], stranger: [], rep: []}
    assert shown(manager)["sql"] == []


def test_the_board_costs_nine_queries(alice, django_assert_num_queries):
    for number in range(3):
        deal_of(worked(alice, f"L{number}"), alice)
        worked(alice, f"S{number}")
        win(deal=deal_of(worked(alice, f"W{number}"), alice), by=alice, at=later())

    with django_assert_num_queries(9):
        for column in board_of(user=alice, at=later(2), of_team=False).columns:
            for card in column.cards:
                assert (card.score, card.lead.owner) == (None, alice)


@pytest.mark.parametrize(
    ("stage", "to", "sentence"),
    [
        ("opportunity", Place.SQL, "from Opportunity to SQL: win or lose its deal"),
        ("won", Place.LOST, "from Won to Lost or given back: from here it may go to Opportunity"),
        ("lost", Place.SQL, "comes back when it qualifies anew"),
        ("sql", Place.SQL, "is in SQL already"),
    ],
)
def test_moves_that_cannot_be_say_why(alice, stage, to, sentence):
    lead = worked(alice)
    if stage == "lost":
        give_back(lead=lead, reason=reason("spam"), by=alice, at=later())
    elif stage != "sql":
        deal = deal_of(lead, alice)
        if stage == "won":
            win(deal=deal, by=alice, at=later())

    with pytest.raises(MoveRefused, match=sentence):
        check_place(lead=Lead.objects.get(pk=lead.pk), to=to, by=alice)


def test_only_who_works_the_lead_moves_it(alice):
    with pytest.raises(NotYourLead):
        check_place(lead=worked(alice), to=Place.WON, by=UserFactory(role=Role.REP))
    with pytest.raises(NotWorked):
        check_place(lead=LeadFactory(owner=alice, stage=Stage.MQL), to=Place.WON, by=alice)


def test_an_sql_that_bought_is_won_in_one_act(alice):
    lead = worked(alice)

    win_at_once(lead=lead, amount=Decimal("900"), currency="EUR", by=alice, at=later())

    assert Lead.objects.get(pk=lead.pk).stage == Stage.CUSTOMER
    assert [(deal.state, deal.amount) for deal in Deal.objects.all()] == [("won", Decimal("900"))]
    stages = lead.stage_changes.in_order().values_list("to_stage", flat=True)
    assert list(stages)[-3:] == ["sql", "opportunity", "customer"]
