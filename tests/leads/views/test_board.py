from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Deal, Lead, Stage
from leads.selling.deals import open_deal
from tests.leads.views.conftest import HTMX, query_count, signed_in
from tests.leads.views.test_work import accepted

BOARD = reverse("leads:work_board")


@pytest.fixture
def lead(alice) -> Lead:
    return accepted(alice)


def move(user, lead, to, *, headers=None, **data):
    address = reverse("leads:board_move", args=[lead.pk])
    return signed_in(user).post(address, {"to": to, **data}, headers=headers)


def asked(user, lead, to):
    return signed_in(user).get(BOARD, {"lead": lead.pk, "to": to})


def deal_of(lead, by) -> Deal:
    return open_deal(lead=lead, amount=None, currency="", expected_close_on=None, by=by, at=timezone.now())


def stage(lead) -> str:
    return Lead.objects.get(pk=lead.pk).stage


def test_the_board_shows_cards_with_a_menu(alice, lead):
    page = signed_in(alice).get(BOARD).content.decode()

    assert "Anna" in page
    assert "Open a deal …" in page
    assert "My team" not in page


def test_a_move_asks_for_what_it_needs_without_javascript(alice, lead):
    assert "Expected close" in asked(alice, lead, "opportunity").content.decode()
    assert "Which deal" not in asked(alice, lead, "won").content.decode()
    assert "Too small" in asked(alice, lead, "lost").content.decode()


def test_a_card_goes_all_the_way(alice, lead):
    assert move(alice, lead, "opportunity", amount="1200", currency="EUR").url == BOARD
    assert stage(lead) == Stage.OPPORTUNITY

    part = move(alice, lead, "won", headers=HTMX, amount="1000").content.decode()

    assert part.lstrip().startswith('<div id="board"')
    assert "Won. Anna is a customer." in part
    deal = Deal.objects.get()
    assert (deal.state, str(deal.amount), deal.currency) == ("won", "1000.00", "EUR")


def test_a_lead_is_given_back_and_a_deal_lost_with_a_reason(alice, lead):
    move(alice, lead, "lost", reason="spam")
    assert stage(lead) == Stage.DISQUALIFIED

    other = accepted(alice, "Bela")
    deal_of(other, alice)
    move(alice, other, "lost", reason="no_budget", note="next year")
    assert (stage(other), Deal.objects.get().lost_reason.key) == (Stage.RECYCLED, "no_budget")


def test_of_several_open_deals_one_is_chosen(alice, lead):
    first, second = deal_of(lead, alice), deal_of(lead, alice)
    assert "Which deal" in asked(alice, lead, "won").content.decode()

    assert move(alice, lead, "won").status_code == 409
    move(alice, lead, "won", deal=second.pk)

    assert [Deal.objects.get(pk=deal.pk).state for deal in (first, second)] == ["open", "won"]


@pytest.mark.parametrize(
    ("to", "data", "sentence"),
    [
        ("opportunity", {"amount": "ten"}, "must be a number such as 1200"),
        ("opportunity", {"amount": "10"}, "An amount needs a currency"),
        ("lost", {}, "Choose a reason."),
        ("lost", {"reason": "other"}, "needs a note"),
        ("won", {"amount": "-1", "currency": "EUR"}, "cannot be negative"),
        ("sql", {}, "is in SQL already"),
        ("moon", {}, "Choose a column: SQL, Opportunity, Won, Lost or given back."),
    ],
)
def test_a_move_that_cannot_be_meant_is_refused_in_words(alice, lead, to, data, sentence):
    response = move(alice, lead, to, **data)

    assert response.status_code in (409, 422)
    assert sentence in response.content.decode()
    assert (stage(lead), Deal.objects.count()) == (Stage.SQL, 0)


@pytest.mark.parametrize(
    "query", ["lead=x&to=won", "lead=1", "to=won", "of=all", "lead=99999999999999999999&to=won"]
)
def test_an_address_that_asks_nothing_shows_the_board(alice, lead, query):
    response = signed_in(alice).get(f"{BOARD}?{query}")

    assert response.status_code == 200
    assert "<dialog" not in response.content.decode()


def test_a_stranger_moves_nothing(alice, bob, lead):
    assert move(bob, lead, "lost", reason="spam").status_code == 403
    assert "is worked by" in asked(bob, lead, "lost").content.decode()
    assert signed_in(alice).get(BOARD, {"lead": 999_999_999, "to": "won"}).status_code == 404
    assert stage(lead) == Stage.SQL


def test_a_manager_sees_and_moves_the_team(manager, lead):
    assert "Anna" in signed_in(manager).get(BOARD, {"of": "team"}).content.decode()

    assert move(manager, lead, "opportunity", of="team").url == f"{BOARD}?of=team"
    assert stage(lead) == Stage.OPPORTUNITY


def test_the_board_costs_the_same_queries_for_more(alice):
    client = signed_in(alice)

    def queries() -> int:
        for name in ("A", "B", "C"):
            deal_of(accepted(alice, name), alice)
            accepted(alice, name)
        return query_count(client, BOARD)

    assert queries() == queries()
