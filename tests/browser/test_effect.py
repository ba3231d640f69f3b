"""What a draft would change, beside an editor, on all leads and on one, in a real browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads.models import Lead, Role, User
from scoring.models import Rule, Rulebook, Study
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.studies.working import work_on
from tests.browser.test_pages import fits, problems
from tests.factories import ActivityFactory, LeadFactory, TeamFactory, UserFactory
from tests.scoring.conftest import NOW, activity, document, german

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def saved(*rules: dict[str, Any], **mql: Any) -> Rulebook:
    return save_draft(form=read_form(document(*rules, **mql), vocabulary()), by=None)


@pytest.fixture
def marketer(transactional_db: None) -> User:
    return UserFactory(username="mara", role=Role.MARKETER)


@pytest.fixture
def draft(transactional_db: None) -> Rulebook:
    """Half for Germany and a visit more: Ada (20 → 10) leaves, Eve (10 → 20) enters."""
    published = saved(german(20, name="Germany"), activity("page_view", 10, name="Visit"))
    Rulebook.objects.filter(pk=published.pk).update(state="published", number=1, published_at=NOW)
    TeamFactory(weekly_capacity=50)
    LeadFactory(first_name="Ada", country="DE")
    eve = LeadFactory(first_name="Eve", company_name="Acme")
    ActivityFactory(lead=eve, occurred_at=timezone.now() - timedelta(days=3))
    return saved(german(10, name="Germany"), activity("page_view", 20, name="Visit"))


def address(draft: Rulebook) -> str:
    return reverse("scoring:effect", args=[draft.pk])


def changed(page: Page) -> None:
    """What an editor beside it says after each change that it has saved."""
    page.evaluate("document.body.dispatchEvent(new CustomEvent('draft-changed'))")


@pytest.mark.parametrize(("size", "theme"), [("desk", "dark"), ("phone", "light")])
def test_effect_tells_all_and_fits(open_page, marketer, draft, theme, size):
    page = open_page(address(draft), user=marketer, theme=theme, size=size)

    expect(page.locator(".lf-effect__movers").first).to_contain_text("Eve")
    expect(page.locator("#rulebook-effect .main-svg").first).to_be_visible()
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
    assert problems(page) == []
    assert fits(page)


def test_effect_follows_a_change_of_the_draft(open_page, marketer, draft):
    page = open_page(address(draft), user=marketer)
    expect(page.locator("#effect-enter")).to_be_visible()
    Rule.objects.filter(rulebook=draft, name="Visit").update(points=15)

    changed(page)

    expect(page.get_by_text("Nobody who does not qualify now would with this draft.")).to_be_visible()
    expect(page.locator("#rulebook-effect .main-svg").first).to_be_visible()
    Rule.objects.filter(rulebook=draft, name="Visit").update(activity_types=["gone"])
    changed(page)
    expect(page.locator("#rulebook-effect")).to_contain_text("This draft cannot score yet")


def test_all_leads_are_counted_with_a_bar_that_becomes_the_result(open_page, marketer, draft):
    page = open_page(address(draft), user=marketer)

    page.get_by_role("button", name="Count all leads").click()

    expect(page.locator("#effect-all progress")).to_be_visible()
    work_on(Study.objects.get().pk)
    expect(page.locator("#effect-all")).to_contain_text("1 enter, 1 leave")
    expect(page.locator("[id=effect-all]")).to_have_count(1)
    Rulebook.objects.filter(pk=draft.pk).update(revision=F("revision") + 1)
    changed(page)
    expect(page.locator("#effect-all")).to_contain_text("Out of date")
    page.get_by_role("link", name="All of it").click()
    expect(page.locator("main")).to_contain_text("by all 2 leads")


@pytest.mark.parametrize(("theme", "size"), [("light", "desk"), ("dark", "phone")])
def test_draft_is_tried_on_a_lead_that_is_searched_for(open_page, marketer, draft, theme, size):
    page = open_page(reverse("scoring:effect_try", args=[draft.pk]), user=marketer, theme=theme, size=size)

    page.get_by_role("searchbox", name="Lead").press_sequentially("acm")
    page.locator("#effect-try").get_by_role("link", name="Eve").click()

    expect(page.locator("#effect-try")).to_contain_text("Would enter")
    expect(page.locator("#effect-try tfoot")).to_contain_text("Total")
    eve = Lead.objects.get(first_name="Eve")
    expect(page).to_have_url(re.compile(f"lead={eve.pk}$"))
    assert problems(page) == []
    assert fits(page)
