"""Every report in a real browser: what is drawn is what was meant, nothing is refused, everybody can read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from leads.models import Role, Stage
from reports.asking import ask
from reports.catalogue import all_reports, report_called
from reports.period import today
from reports.store.folding import fold
from reports.templatetags.reportpage import figure_of
from tests.browser.test_pages import fits, problems
from tests.factories import LeadFactory, UserFactory
from tests.reports.world import make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

YEAR = "first_day=2026-01-01&last_day=2026-12-31"
# Lists of each kind of rows, what cannot be answered, what is empty, and what is set up for reports.
BESIDE = (
    f"/reports/scores/rows/?{YEAR}&rows=visits&stage=mql&scored=yes",
    f"/reports/scores/rows/?{YEAR}&rows=leads&when=ever&scored=yes",
    f"/reports/sources/rows/?{YEAR}&rows=deals&state=won",
    "/reports/overview/?as_of=2999-01-01",
    "/reports/funnel/?first_day=1990-01-01&last_day=1990-01-31",
    "/reports/money/rates/",
    "/reports/money/rates/new/",
    "/reports/money/costs/",
    "/reports/money/costs/new/",
)
DRAWN = """
[...document.querySelectorAll("[data-lf-chart]")].map((chart) => [
  chart.dataset.lfChart,
  (chart._fullData || []).map((trace) => [trace.type, (trace.y || trace.x || trace.value || []).length]),
])
"""


@pytest.fixture
def world(transactional_db) -> None:
    make_world()


def meant(key: str, query: str) -> list[list[object]]:
    """The charts of a report: the type of each trace and the number of its points."""
    report = report_called(key)
    parameters = dict(pair.split("=") for pair in query.split("&"))
    asked = ask(report, parameters, today=today()).asked
    document = report.build(asked.question)
    return [
        [
            f"figure-{section.chart.key}",
            [
                [trace["type"], len(trace.get("y") or trace.get("x") or trace.get("value") or [])]
                for trace in figure_of(section.chart, asked)["data"]
            ],
        ]
        for section in document.sections
        if section.chart and not document.empty
    ]


def settled(page: Page) -> None:
    """Until what was left for later is there, and every chart is drawn."""
    expect(page.locator("section[hx-get]")).to_have_count(0)
    page.wait_for_function(
        "[...document.querySelectorAll('[data-lf-chart]')].every((chart) => chart.querySelector('.main-svg'))"
    )


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_reports_are_drawn_and_accessible(open_page, world, theme, size):
    user = UserFactory(username="mona", first_name="Mona", last_name="Mann", role=Role.MANAGER)
    page = open_page("/reports/", user=user, theme=theme, size=size)
    for report in all_reports():
        page.goto(f"/reports/{report.key}/?{YEAR}")
        settled(page)

        assert page.evaluate(DRAWN) == meant(report.key, YEAR), report.key
        page.evaluate(
            "document.querySelectorAll('main details:not([data-lf-menu])').forEach((one) => { one.open = true; })"
        )
        assert problems(page) == [], report.key
        assert fits(page), report.key
        assert page.evaluate("window.policyViolations") == [], report.key
    for address in BESIDE:
        page.goto(address)
        assert problems(page) == [], address
        assert fits(page), address


@pytest.fixture
def six_leads(transactional_db):
    """Of January 2026: two leads, two MQLs, an SQL and a customer; so 6 leads, 4 MQLs, 2 SQLs, 1 customer."""
    for stage in (None, None, Stage.MQL, Stage.MQL, Stage.SQL, Stage.CUSTOMER):
        LeadFactory(source="Webinar", country="DE", **({"stage": stage} if stage else {}))
    fold()


def test_bar_leads_to_as_many_leads_as_it_counts(open_page, rep, six_leads):
    page = open_page(f"/reports/funnel/?{YEAR}", user=rep)
    settled(page)

    # The second bar of the funnel: MQLs.
    page.locator("[data-lf-chart=figure-steps-figure] .funnellayer .point path").nth(1).click(force=True)

    expect(page.get_by_role("heading", name="Leads: that reached MQL")).to_be_visible()
    expect(page.locator("#rows tbody tr")).to_have_count(4)


def test_chart_is_taken_out_as_a_picture(open_page, rep, six_leads):
    page = open_page(f"/reports/funnel/?{YEAR}", user=rep)
    settled(page)

    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^PNG of the chart: Leads created")).click()

    assert download.value.suggested_filename == "funnel-steps-figure-2026-01-01-2026-12-31.png"
    assert Path(download.value.path()).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert page.evaluate("window.policyViolations") == []


def test_table_is_sorted_by_a_column_and_its_sum_stays_below(open_page, rep, six_leads):
    for source in ("Event", "Event", "Referral"):
        LeadFactory(source=source, stage=Stage.MQL)
    fold()
    page = open_page(f"/reports/funnel/?{YEAR}", user=rep)
    names = page.locator("#table-by tbody th")
    expect(names).to_have_text(["Webinar", "Event", "Referral", "All"])

    page.locator("#table-by thead").get_by_role("button", name="Source").click()
    expect(names).to_have_text(["Event", "Referral", "Webinar", "All"])
    page.locator("#table-by thead").get_by_role("button", name="Lead", exact=True).click()
    expect(names).to_have_text(["Webinar", "Event", "Referral", "All"])
    expect(page.locator("#table-by thead [aria-sort=descending]")).to_have_text("Lead")


def test_breakdown_under_a_filter_follows_the_page(open_page, rep, six_leads):
    page = open_page(f"/reports/funnel/?{YEAR}&country=DE", user=rep)

    expect(page.locator("#table-by tbody tr").first).to_contain_text("Webinar")
    expect(page.locator("section[hx-get]")).to_have_count(0)


def test_chip_takes_its_filter_away(open_page, rep, six_leads):
    page = open_page(f"/reports/funnel/?{YEAR}&source=webinar", user=rep)

    page.get_by_role("link", name="Without Source: Webinar").click()

    expect(page.get_by_role("list", name="Chosen filters")).to_have_count(0)
    assert page.url.endswith(f"?{YEAR}")


def test_view_of_a_report_is_saved_and_opened(open_page, rep, six_leads):
    page = open_page(f"/reports/funnel/?{YEAR}&source=webinar", user=rep)

    page.locator(".lf-views > summary").click()
    page.get_by_label("Save this view as").fill("My webinars")
    page.get_by_role("button", name="Save view").click()

    expect(page.locator(".lf-views__name")).to_have_text("My webinars")
    assert page.url.endswith(f"?{YEAR}&source=Webinar")
