"""Why, what next, why it changed and the line of the score, on the lead's page in a real browser."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads.models import Handoff, Lead
from leads.models.fields import day_of
from scoring.models import Rulebook, ScoringRun
from scoring.rulebook.wording import on
from scoring.runs import request_run, work_on
from tests.browser.test_pages import fits, problems
from tests.factories import ActivityFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def anna(handoffs: list[Handoff], rulebook: Rulebook) -> Lead:
    """Scored 40 days ago without a view of the page, and again today, after three: two days, two scores."""
    lead = handoffs[0].lead
    now = timezone.now()
    Lead.objects.filter(pk=lead.pk).update(created_at=now - timedelta(days=60), seniority="", country="DE")
    lead.score.delete()
    for age in (30, 9, 2):
        ActivityFactory(lead=lead, occurred_at=now - timedelta(days=age))
        at = now - timedelta(days=age)
        work_on(request_run(kind=ScoringRun.Kind.NIGHTLY, at=at).pk, clock=lambda at=at: at)
    return lead


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lead_page_explains_all_four_and_fits(open_page, rep, anna, theme, size):
    page = open_page(reverse("leads:detail", args=[anna.pk]), user=rep, theme=theme, size=size)

    expect(page.locator("#lead-why table")).to_contain_text("Pricing page")
    expect(page.locator("#lead-next")).to_contain_text("threshold 60")
    expect(page.locator("#why-changed-table")).to_contain_text("Total")
    expect(page.locator("#lead-score-history .main-svg").first).to_be_visible()
    open_all(page)
    assert problems(page) == []
    assert fits(page)


def test_another_day_is_compared_without_leaving_the_lead(open_page, rep, anna):
    page = open_page(reverse("leads:detail", args=[anna.pk]), user=rep)
    form = page.get_by_role("form", name="Days to compare")
    today = day_of(timezone.now())

    form.get_by_label("From").fill((today - timedelta(days=10)).isoformat())
    form.get_by_label("To").fill((today - timedelta(days=9)).isoformat())
    form.get_by_role("button", name="Compare").click()

    heading = f"{on(today - timedelta(days=10))} → {on(today - timedelta(days=9))}"
    expect(page.locator("#why-changed-table")).to_contain_text(heading)
    expect(page.locator("#why-changed-table")).to_contain_text("1 → 2 matches")
    expect(page).to_have_url(re.compile(reverse("leads:detail", args=[anna.pk]) + "$"))


def test_recorded_change_is_one_press_away(open_page, rep, anna):
    page = open_page(reverse("leads:detail", args=[anna.pk]), user=rep)
    form = page.get_by_role("form", name="Days to compare")
    form.get_by_label("From").fill("2026-01-01")
    form.get_by_role("button", name="Compare").click()
    expect(page.locator("#why-changed-table")).to_contain_text("1 Jan 2026 →")
    page.get_by_text("Recorded changes").click()

    page.locator("#lead-why-changed ol a").first.click()

    day = day_of(timezone.now()) - timedelta(days=9)
    expect(page.locator("#why-changed-table")).to_contain_text(f"{on(day - timedelta(days=1))} → {on(day)}")


def test_all_of_it_works_without_javascript(browser, live_server, rep, anna, client):
    client.force_login(rep)
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    context.add_cookies(
        [{"name": n, "value": m.value, "url": live_server.url} for n, m in client.cookies.items()]
    )
    page = context.new_page()
    for link, text in [
        ("Show what comes next", "threshold 60"),
        ("Compare two days", "Total"),
        ("Show the line", "As a table"),
    ]:
        page.goto(reverse("leads:detail", args=[anna.pk]))
        page.get_by_role("link", name=link).click()
        expect(page.locator("main")).to_contain_text(text)
    page.goto(reverse("scoring:why_changed", args=[anna.pk]))
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#why-changed-table")).to_contain_text("1 Jan 2026 →")
    context.close()
