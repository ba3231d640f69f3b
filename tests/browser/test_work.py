from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from leads.handoff.decisions import accept
from leads.handoff.offering import Occasion, offer_leads
from leads.models import Deal, Handoff, Lead, NextStep, Stage, Touch
from leads.selling.deals import open_deal
from tests.browser.test_pages import fits, problems
from tests.factories import LeadFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lead(team, rep) -> Lead:
    return accepted(rep, "Anna")


def accepted(rep, name: str) -> Lead:
    lead = LeadFactory(first_name=name, last_name="", job_title="CTO", company_name="Acme")
    occasion = Occasion(origin=Handoff.Origin.HAND, at=timezone.now() - timedelta(days=9))
    (handoff,) = offer_leads(evidence={lead.pk: None}, occasion=occasion)
    accept(handoff=handoff, by=rep, at=timezone.now() - timedelta(days=8))
    return Lead.objects.get(pk=lead.pk)


@pytest.mark.parametrize(("size", "theme"), [("desk", "light"), ("phone", "dark")])
def test_work_is_accessible_and_fits(open_page, rep, lead, theme, size):
    other = accepted(rep, "Bela")
    open_deal(lead=other, amount=1200, currency="EUR", expected_close_on=None, by=rep, at=timezone.now())
    page = open_page(reverse("leads:work"), user=rep, theme=theme, size=size)
    assert problems(page) == []
    assert fits(page)

    for one in (lead, other):
        page.goto(reverse("leads:lead_work", args=[one.pk]))
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        assert problems(page) == []
        assert fits(page)


def test_a_rep_works_a_lead_from_the_first_call_to_the_customer(open_page, rep, lead):
    page = open_page(reverse("leads:work"), user=rep)
    expect(page.get_by_text("First touch")).to_be_visible()
    page.get_by_role("link", name="Anna").click()

    page.get_by_label("Note (optional)").fill("wants an offer")
    page.get_by_role("button", name="Log a call").click()
    expect(page.get_by_text("wants an offer").first).to_be_visible()
    expect(page.get_by_text("First touch")).to_have_count(0)

    page.get_by_role("textbox", name="What").fill("Send the offer")
    page.get_by_role("button", name="Plan").click()
    expect(page.locator(".lf-sheet__step")).to_contain_text("Send the offer")

    page.get_by_text("Open a deal").click()
    page.get_by_label("Amount, if known").fill("1200")
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("button", name="Won").click()
    expect(page.get_by_text("Won. Anna is a customer.")).to_be_visible()

    assert Lead.objects.get(pk=lead.pk).stage == Stage.CUSTOMER
    assert (Touch.objects.count(), NextStep.objects.count(), Deal.objects.get().state) == (1, 1, "won")
