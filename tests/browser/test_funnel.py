from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from leads.models import Stage
from reports.store.folding import fold
from tests.browser.test_pages import fits, problems
from tests.factories import LeadFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FUNNEL, ROWS = "/reports/funnel/", "/reports/funnel/rows/"
PERIOD = "first_day=2026-01-01&last_day=2026-01-31"


@pytest.fixture
def six_leads(transactional_db):
    """Of January 2026: two leads, two MQLs, an SQL and a customer; so 6 leads, 4 MQLs, 2 SQLs, 1 customer."""
    for stage in (None, None, Stage.MQL, Stage.MQL, Stage.SQL, Stage.CUSTOMER):
        LeadFactory(source="Webinar", country="DE", **({"stage": stage} if stage else {}))
    fold()


def drawn(page: Page) -> list[dict[str, object]]:
    """What Plotly made of the figure: trace types and numbers, after its own defaults."""
    page.wait_for_selector("[data-lf-chart] .main-svg")
    return page.evaluate(
        "document.querySelector('[data-lf-chart]')._fullData.map((trace) => ({type: trace.type, x: [...trace.x]}))"
    )


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_funnel_pages_are_accessible_and_fit(open_page, rep, six_leads, theme, size):
    page = open_page(f"{FUNNEL}?{PERIOD}", user=rep, theme=theme, size=size)
    assert drawn(page) == [{"type": "funnel", "x": [6, 4, 2, 1, 1]}]
    for address in (
        f"{FUNNEL}?{PERIOD}",
        f"{FUNNEL}?{PERIOD}&source=Nowhere",
        f"{ROWS}?{PERIOD}&rows=leads&reached=mql",
        f"{ROWS}?{PERIOD}&rows=visits&stage=mql&outcome=accepted",
    ):
        page.goto(address)
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        assert problems(page) == [], address
        assert fits(page), address


def test_choosing_swaps_the_part_and_keeps_the_address(open_page, rep, six_leads):
    LeadFactory(source="Event")
    fold()
    page = open_page(f"{FUNNEL}?{PERIOD}", user=rep)
    assert drawn(page)[0]["x"] == [7, 4, 2, 1, 1]

    page.get_by_label("Source", exact=True).select_option("Event")
    expect(page.locator("#table-steps tbody tr").first).to_contain_text("1")
    assert drawn(page)[0]["x"] == [1, 0, 0, 0, 0]
    assert page.url.endswith(f"?{PERIOD}&source=Event")

    page.get_by_role("navigation", name="Counted as").get_by_role("link", name="Period").click()
    expect(page.get_by_role("columnheader", name="Ratio from the step before")).to_be_visible()
    assert page.url.endswith(f"?{PERIOD}&source=Event&mode=period")
    page.go_back()
    expect(page.get_by_role("columnheader", name="Conversion from the step before")).to_be_visible()
    assert drawn(page)[0]["x"] == [1, 0, 0, 0, 0]


def test_number_leads_to_its_leads(open_page, rep, six_leads):
    page = open_page(f"{FUNNEL}?{PERIOD}", user=rep)

    page.locator("#table-steps").get_by_role("link", name="4").first.click()

    expect(page.get_by_role("heading", name="Leads: that reached MQL")).to_be_visible()
    expect(page.locator("#rows tbody tr")).to_have_count(4)


def test_all_presets_are_in_sight_on_a_phone(open_page, rep, six_leads):
    page = open_page(f"{FUNNEL}?period=last_year", user=rep, size="phone")

    page.locator(".lf-period__menu > summary").click()
    presets = page.get_by_role("navigation", name="Period").get_by_role("link")
    expect(presets).to_have_count(9)
    for preset in presets.all():
        box = preset.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
