from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads.models import Deal, Lead, Role, Stage
from leads.selling.deals import give_back, open_deal
from tests.browser.test_pages import fits, problems
from tests.browser.test_work import accepted
from tests.factories import UserFactory
from tests.leads.feedback.conftest import reason

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BOARD = reverse("leads:work_board")


def drag(page: Page, name: str, to: str) -> None:
    page.locator(f"[data-lf-card]:has-text('{name}')").drag_to(page.locator(f"[data-lf-column='{to}']"))


def test_a_card_is_dragged_to_a_deal_and_back_to_its_place_where_that_cannot_be(open_page, team, rep):
    accepted(rep, "Anna")
    page = open_page(BOARD, user=rep)

    drag(page, "Anna", "opportunity")
    dialog = page.get_by_role("dialog", name="Anna: Opportunity")
    expect(dialog.get_by_label("Amount, if known")).to_be_focused()
    expect(page.locator("[data-lf-column='sql']")).to_contain_text("Anna")
    dialog.get_by_label("Amount, if known").fill("1200")
    dialog.get_by_role("button", name="Open the deal").click()

    expect(page.locator("[data-lf-column='opportunity']")).to_contain_text("1,200.00 EUR")
    assert Deal.objects.get().state == "open"
    drag(page, "Anna", "sql")
    expect(page.locator("#toasts")).to_contain_text("cannot be moved from Opportunity to SQL")
    expect(page.locator("[data-lf-column='opportunity']")).to_contain_text("Anna")
    assert Lead.objects.get().stage == Stage.OPPORTUNITY


def test_the_menu_does_the_same_by_keyboard(open_page, team, rep):
    accepted(rep, "Anna")
    page = open_page(BOARD, user=rep)

    page.get_by_label("Move Anna …").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Give back …").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Competitor").press("Enter")

    expect(page.locator("[data-lf-column='lost']")).to_contain_text("Competitor")
    assert Lead.objects.get().stage == Stage.DISQUALIFIED


@pytest.mark.parametrize(("size", "theme"), [("desk", "dark"), ("phone", "light")])
def test_board_feedback_reasons_and_navigation_are_accessible_and_fit(
    open_page, team, rep, rulebook, size, theme
):
    lead = accepted(rep, "Anna")
    open_deal(lead=lead, amount=1200, currency="EUR", expected_close_on=None, by=rep, at=timezone.now())
    back = accepted(rep, "Bela")
    give_back(lead=back, reason=reason("too_small"), by=rep, at=timezone.now(), note="Four people")
    accepted(rep, "Cleo")
    marketer, manager = UserFactory(role=Role.MARKETER), UserFactory(role=Role.MANAGER, team=team)
    feedback, reasons = reverse("scoring:feedback"), reverse("leads:reasons")
    pages = {
        rep: [BOARD, f"{BOARD}?lead={lead.pk}&to=lost", reverse("leads:detail", args=[back.pk])],
        marketer: [feedback],
        manager: [reasons, reverse("leads:reason_add")],
    }
    for user, addresses in pages.items():
        page = open_page(addresses[0], user=user, theme=theme, size=size)
        for address in addresses:
            page.goto(address)
            if "lead=" not in address:
                page.evaluate(
                    "document.querySelectorAll('main details').forEach((one) => { one.open = true; })"
                )
            if size == "phone" and address == feedback:
                page.locator(".lf-bar__more summary").click()
            assert problems(page) == [], address
            assert fits(page), address
