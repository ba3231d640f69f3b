"""My work, and working a lead on its page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.handoff.decisions import accept
from leads.handoff.offering import Occasion, offer_leads
from leads.models import Deal, Handoff, Lead, NextStep, Qualification, RepeatSignal, Stage, Touch
from leads.selling.deals import open_deal, win
from tests.factories import LeadFactory
from tests.leads.views.conftest import HTMX, query_count, signed_in

WORK = reverse("leads:work")


def accepted(owner, name="Anna") -> Lead:
    lead = LeadFactory(first_name=name, last_name="")
    occasion = Occasion(origin=Handoff.Origin.HAND, at=timezone.now() - timedelta(hours=2))
    (handoff,) = offer_leads(evidence={lead.pk: None}, occasion=occasion)
    accept(handoff=handoff, by=owner, at=timezone.now() - timedelta(hours=1))
    return Lead.objects.get(pk=lead.pk)


@pytest.fixture
def lead(alice) -> Lead:
    return accepted(alice)


def post(user, what, pk, /, **data):
    return signed_in(user).post(reverse(f"leads:{what}", args=[pk]), data)


def text_of(user, address) -> str:
    return signed_in(user).get(address).content.decode()


def test_work_shows_what_is_due(alice, lead):
    page = text_of(alice, WORK)

    assert "Anna" in page
    assert "First touch" in page


def test_work_says_that_there_is_none(bob):
    assert "Nothing to work on" in text_of(bob, WORK)


@pytest.mark.parametrize("page", ["0", "x", "99999999"])
def test_work_at_a_mistyped_page_shows_the_first(alice, lead, page):
    assert "Anna" in text_of(alice, f"{WORK}?page={page}")


def test_work_sends_anonymous_to_login_and_refuses_other_methods(client, alice):
    assert client.get(WORK).url.startswith(reverse("login"))
    assert signed_in(alice).post(WORK).status_code == 405


def test_work_costs_the_same_queries_for_more_rows(alice):
    client = signed_in(alice)

    def queries() -> int:
        for _ in range(3):
            accepted(alice)
        return query_count(client, WORK)

    assert queries() == queries()


def test_the_page_of_an_accepted_lead_has_a_work_sheet_and_of_others_none(alice, bob, lead):
    detail = reverse("leads:detail", args=[lead.pk])

    assert "Log a call" in text_of(alice, detail)
    assert "Log a call" not in text_of(bob, detail)
    assert "worksheet" not in text_of(alice, reverse("leads:detail", args=[LeadFactory().pk]))


def test_a_call_is_logged_by_one_press(alice, lead):
    response = post(alice, "touch_log", lead.pk, kind="call", note="no answer")

    assert response.url == reverse("leads:detail", args=[lead.pk])
    touch = Touch.objects.get()
    assert (touch.kind, touch.note, touch.by) == ("call", "no answer", alice)


def test_by_htmx_the_sheet_comes_back_as_it_is_now(alice, lead):
    address = reverse("leads:touch_log", args=[lead.pk])

    part = signed_in(alice).post(address, {"kind": "call"}, headers=HTMX).content.decode()
    page = text_of(alice, reverse("leads:lead_work", args=[lead.pk]))

    assert part.lstrip().startswith('<section class="card lf-sheet" id="worksheet"')
    assert "First touch" not in part
    assert "Call with Anna is logged" in part
    assert "First touch" not in page


def test_a_step_is_planned_changed_and_done(alice, lead):
    post(alice, "step_plan", lead.pk, what="Call", due_on="2026-03-03")
    post(alice, "step_plan", lead.pk, what="Visit", due_on="2026-03-04")
    assert [str(step) for step in NextStep.objects.all()] == ["Visit, by 2026-03-04"]

    post(alice, "step_finish", lead.pk)

    assert NextStep.objects.get().done_by == alice


def test_a_step_is_done_in_the_list(alice, lead):
    post(alice, "step_plan", lead.pk, what="Call", due_on="2026-03-03")
    assert "Done: Call, Anna" in text_of(alice, WORK)

    assert post(alice, "step_finish", lead.pk, next="work").url == WORK

    assert NextStep.objects.get().done_by == alice


def test_the_checklist_is_saved(alice, lead):
    answers = {"need": "yes", "budget": "no", "authority": "unknown", "timeline": "yes"}

    post(alice, "qualification_answer", lead.pk, **answers, note="in May")

    saved = Qualification.objects.get()
    assert {name: getattr(saved, name) for name in answers} == answers


def test_a_deal_is_opened_and_won(alice, lead):
    post(alice, "deal_open", lead.pk, amount="1200.50", currency="EUR", expected_close_on="2026-04-01")
    deal = Deal.objects.get()
    assert (str(deal.amount), deal.currency, str(deal.expected_close_on)) == ("1200.50", "EUR", "2026-04-01")

    post(alice, "deal_win", deal.pk, amount="1000")

    deal.refresh_from_db()
    assert (deal.state, str(deal.amount)) == ("won", "1000.00")
    assert Lead.objects.get(pk=lead.pk).stage == Stage.CUSTOMER
    assert "1,000.00 EUR" in text_of(alice, reverse("leads:detail", args=[lead.pk]))


def test_a_deal_is_lost_with_a_reason(alice, lead):
    post(alice, "deal_open", lead.pk)

    post(alice, "deal_lose", Deal.objects.get().pk, reason="no_budget", note="next year")

    assert Lead.objects.get(pk=lead.pk).stage == Stage.RECYCLED
    assert Deal.objects.get().lost_reason.key == "no_budget"


def test_a_lead_is_given_back(alice, lead):
    post(alice, "lead_give_back", lead.pk, reason="unresponsive")

    assert Lead.objects.get(pk=lead.pk).stage == Stage.RECYCLED
    assert "Anna" not in text_of(alice, WORK)


@pytest.mark.parametrize(
    ("what", "data", "sentence"),
    [
        ("touch_log", {"kind": "fax"}, "Choose call, e-mail, meeting or note."),
        ("touch_log", {"kind": "note"}, "A note needs some text."),
        ("touch_log", {"kind": "call", "note": "x" * 2001}, "at most 2000 characters"),
        ("step_plan", {"what": "", "due_on": "2026-03-03"}, "Say what is to be done next."),
        ("step_plan", {"what": "Call", "due_on": "31.3.2026"}, "write it as 2026-03-31"),
        ("step_plan", {"what": "Call", "due_on": "0001-01-01"}, "or later"),
        ("qualification_answer", {"need": "maybe"}, "Need: choose yes, no or unknown."),
        ("deal_open", {"amount": "-1", "currency": "EUR"}, "An amount cannot be negative."),
        ("deal_open", {"amount": "ten", "currency": "EUR"}, "must be a number such as 1200"),
        ("deal_open", {"amount": "1e400", "currency": "EUR"}, "amount"),
        ("deal_open", {"amount": "NaN", "currency": "EUR"}, "must be a number such as 1200"),
        ("deal_open", {"amount": "10", "currency": ""}, "An amount needs a currency"),
        ("deal_open", {"amount": "10", "currency": "eur"}, "three capital letters"),
        ("lead_give_back", {"reason": ""}, "Choose a reason."),
        ("lead_give_back", {"reason": "other"}, "needs a note"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(alice, lead, what, data, sentence):
    response = post(alice, what, lead.pk, **data)

    assert response.status_code in (409, 422)
    assert sentence in response.content.decode()
    assert not Touch.objects.exists()
    assert not Deal.objects.exists()
    assert Lead.objects.get(pk=lead.pk).stage == Stage.SQL


def test_a_deal_that_was_closed_in_another_tab_says_so(alice, lead):
    deal = open_deal(lead=lead, amount=None, currency="", expected_close_on=None, by=alice, at=timezone.now())
    win(deal=deal, by=alice, at=timezone.now())

    response = post(alice, "deal_lose", deal.pk, reason="no_budget")

    assert response.status_code == 409
    assert "was won already; nothing was changed" in response.content.decode()


def test_a_stranger_changes_nothing(bob, marketer, lead):
    for user in (bob, marketer):
        assert post(user, "touch_log", lead.pk, kind="call").status_code == 403
        assert post(user, "lead_give_back", lead.pk, reason="spam").status_code == 403

    assert not Touch.objects.exists()


def test_the_manager_of_the_team_may_do_what_the_rep_may(manager, lead):
    post(manager, "touch_log", lead.pk, kind="call")

    assert Touch.objects.get().by == manager


def test_a_customer_who_qualifies_again_stands_above_the_work(alice, bob):
    customer = LeadFactory(first_name="Carla", owner=alice, stage=Stage.CUSTOMER)
    signal = RepeatSignal.objects.create(
        lead=customer, at=timezone.now(), grade="A1", total=90, fast_tracked=True, rulebook_version=1
    )
    assert "Carla" in text_of(alice, WORK)
    assert "Carla" not in text_of(bob, WORK)

    address = reverse("leads:repeat_dismiss", args=[signal.pk])
    assert signed_in(bob).post(address).status_code == 403

    client = signed_in(alice)
    page = client.post(address, follow=True).content.decode()
    assert "Dismissed. Carla" in page
    assert "Buys again?" not in page
    assert "was dismissed already" in client.post(address, follow=True).content.decode()


def test_a_manager_without_leads_of_their_own_is_led_to_those_of_the_team(manager, alice):
    address = f"{reverse('leads:work_board')}?of=team"

    assert address in signed_in(manager).get(reverse("leads:work")).content.decode()
    assert address not in signed_in(alice).get(reverse("leads:work")).content.decode()
