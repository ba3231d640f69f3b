from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from leads.models import Role
from scoring.models import Study
from scoring.studies.working import work_on
from tests.browser.test_pages import fits, problems
from tests.factories import UserFactory
from tests.scoring.backtest.conftest import draft_of, handed_over, lead_of, views
from tests.scoring.conftest import activity

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def marketer(transactional_db):
    return UserFactory(username="mara", role=Role.MARKETER)


def test_backtest_is_asked_for_watched_and_opened(open_page, marketer):
    new, missed = lead_of(), lead_of(email="missed@company.example")
    views(new, 3)
    handed_over(missed, 5, decided=6, state="rejected", reason="student")
    draft = draft_of(activity("page_view", 20))
    page = open_page(reverse("scoring:backtests", args=[draft.pk]), user=marketer)
    page.get_by_label("Period").select_option("own")
    page.get_by_label("First day").fill("2026-03-01")
    page.get_by_label("Last day").fill("2026-03-31")
    page.get_by_role("button", name="Run a backtest").click()
    expect(page.get_by_text("Waits for a worker")).to_be_visible()

    work_on(Study.objects.get().pk)

    # The result takes the place of the progress, and its charts are drawn.
    expect(page.get_by_text("sales had rejected 1")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
    assert problems(page) == []
    assert fits(page)
    page.get_by_role("row", name=re.compile("Rejections spared")).get_by_role("link", name="1").last.click()
    expect(page.get_by_role("link", name="missed@company.example")).to_be_visible()
