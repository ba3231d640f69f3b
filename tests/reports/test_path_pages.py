"""Conversion, Velocity, Cohorts and Forecast: pages, and the lists behind each of their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import plotly.graph_objects as go
import pytest
from django.urls import reverse

from leads.models import Deal
from reports.asking import ask
from reports.catalogue import Question, report_called
from reports.document import Document, Drill, Kind, Number
from reports.drilling.listing import rows_behind
from reports.period import Period, today
from reports.scope import Scope
from tests.reports.conftest import instant

pytestmark = [pytest.mark.django_db, pytest.mark.anydatabase]
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
ASKED = [
    ("conversion", {"by": "source", "within": "7"}),
    ("conversion", {"by": "campaign", "within": "30"}),
    ("conversion", {"by": "grade", "within": "90"}),
    ("conversion", {"by": "rep", "within": "14"}),
    ("velocity", {"start_stage": "lead"}),
    ("velocity", {"start_stage": "sql"}),
    ("cohorts", {"goal": "sql", "show": "count"}),
    ("cohorts", {"goal": "customer", "show": "share"}),
    ("forecast", {}),
]
# Today (by rollups), the middle of February (row by row), and one source.
SCOPES = {
    "today": lambda: Scope(YEAR, today()),
    "February": lambda: Scope(YEAR, date(2026, 2, 15)),
    "January": lambda: Scope(Period(date(2026, 1, 1), date(2026, 2, 1)), date(2026, 1, 31)),
    "one source": lambda: Scope(YEAR, today(), {"source": "webinar"}),
    "no source": lambda: Scope(YEAR, today(), {"source": ""}),
}


@pytest.fixture
def story(eight_leads, a_lead, refresh, settings) -> None:
    """The eight leads, one that won before it came, one that skipped, open and won deals, and enough to be judged."""
    settings.CURRENCY = "EUR"
    a_lead("2026-03-03", {"customer": "2026-03-01"}, source="Webinar")
    for number in range(24):
        moves = {"mql": "2026-01-10", "sql": "2026-01-11", "opportunity": "2026-01-12"}
        moves |= {"customer": "2026-01-20"} if number < 21 else {"recycled": "2026-01-21"}
        lead = a_lead("2026-01-09", moves, source="Webinar")
        if number < 3:
            a_deal(lead, f"{number + 1}000", won="2026-01-20")
    a_deal(a_lead("2026-01-09", {"opportunity": "2026-02-10"}, source="Webinar"), "500")
    a_deal(a_lead("2026-01-09", {"opportunity": "2026-02-10"}), "900", currency="USD")
    a_deal(a_lead("2026-01-09", {"opportunity": "2026-02-10"}), None)
    refresh()


def a_deal(lead, amount: str | None, *, won: str = "", currency: str = "EUR") -> None:
    Deal.objects.create(
        lead=lead,
        state=Deal.State.WON if won else Deal.State.OPEN,
        amount=None if amount is None else Decimal(amount),
        currency=currency,
        opened_at=instant("2026-01-15"),
        closed_at=instant(won) if won else None,
    )


def built(key: str, options: dict[str, str], scope: Scope, *, before: Period | None = None) -> Document:
    return report_called(key).build(Question(scope=scope, today=today(), before=before, options=options))


def numbers(document: Document) -> Iterator[tuple[str, Number]]:
    for tile in document.tiles:
        yield tile.key, tile.number
    for table in document.tables:
        for row in table.rows:
            for key, number in row.numbers.items():
                yield f"{table.key} {row.key or '(none)'} {key}", number


def listed(drill: Drill, scope: Scope) -> int:
    return rows_behind(drill, scope).rows.count()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("key", "options"), ASKED)
def test_each_list_is_as_long_as_its_number(story, key, options, scope):
    asked = SCOPES[scope]()

    found = list(numbers(built(key, options, asked)))

    counted = [(name, one) for name, one in found if one.kind is Kind.COUNT and one.value is not None]
    assert [(name, one.value, listed(one.drill, asked)) for name, one in counted if one.drill] == [
        (name, one.value, one.value) for name, one in counted if one.drill
    ]
    # Shares of nobody are no data; of others the list has the part.
    shares = [(name, one) for name, one in found if one.of and one.drill]
    assert [(name, listed(one.drill, asked)) for name, one in shares] == [
        (name, one.of[0]) for name, one in shares
    ]
    assert [name for name, one in counted if one.drill is None and one.value and " all " not in name] == []


@pytest.mark.parametrize(("key", "options"), ASKED)
def test_each_bar_has_its_list(story, key, options):
    for section in built(key, options, Scope(YEAR, today())).sections:
        if section.chart is None:
            continue
        drawn = go.Figure(section.chart.figure).to_dict()
        for trace, drills in zip(drawn["data"], section.chart.drills, strict=False):
            assert len(trace["x"]) == len(drills)


@pytest.mark.parametrize(("key", "options"), ASKED)
def test_page_shows_without_anybody(refresh, key, options):
    refresh()

    document = built(key, options, Scope(YEAR, today()), before=YEAR.previous())

    assert all(not one.value for _, one in numbers(document))
    assert [section.chart for section in document.sections if section.chart and section.key != "trend"] == (
        [document.sections[-1].chart] if key == "velocity" else []
    )


@pytest.mark.parametrize(("key", "options"), ASKED)
def test_page_is_shown_and_says_what_is_wrong(story, signed_in, key, options):
    url = reverse("reports:report", args=[key])

    page = signed_in.get(url, {**options, "first_day": "2026-01-01", "last_day": "2026-12-31"})

    assert page.status_code == 200
    assert report_called(key).title in page.content.decode()
    for name in options:
        assert signed_in.get(url, {name: "nonsense"}).status_code == 200
    assert signed_in.get(url, {"first_day": "2026-02-01", "last_day": "2026-01-01"}).status_code == 200


def test_conversion_marks_few_and_immature(story):
    document = built("conversion", {"by": "source", "within": "7"}, Scope(YEAR, date(2026, 1, 31)))

    # 24 acceptances after a day and two of the eight leads': p90 is a day, so the visits of 31 January alone are young.
    marks = {row.key: row.numbers["rate"].mark for row in document.sections[1].tables[0].rows}
    assert marks == {"webinar": "", "unknown": "few", "event": "few", "all": ""}
    assert document.notices == [
        "1 of the 30 MQL visits began on 31 Jan 2026 or later and had less time than nine of ten acceptances took "
        "(1.0 days): more of them may yet be accepted."
    ]


def test_conversion_compares_with_the_period_before(story):
    february = Scope(Period(date(2026, 2, 1), date(2026, 3, 1)), today())

    document = built(
        "conversion", {"by": "source", "within": "7"}, february, before=february.period.previous()
    )

    # February: b came back and was accepted. January: a, h and 24 of 30.
    rate = document.tiles[0].number
    assert (rate.value, rate.of, rate.before) == (1, (1, 1), 26 / 30)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rows": "leads", "when": "reached", "reached": "customer", "days_from": "many"}, "whole number"),
        ({"rows": "leads", "reached": "customer", "won_from": "nowhere"}, "“nowhere” is no start"),
        ({"rows": "leads", "timed": "perhaps"}, "“perhaps” is no answer"),
        ({"rows": "deals", "lead_at": "nowhere"}, "“nowhere” is no stage"),
        ({"rows": "deals", "valued": "perhaps"}, "“perhaps” is no answer"),
        ({"rows": "visits", "over": "9"}, "“9” is no answer"),
    ],
)
def test_wrong_conditions_are_refused_in_words(refresh, signed_in, wrong, words):
    refresh()

    page = signed_in.get(reverse("reports:rows", args=["velocity"]), wrong)

    assert (page.status_code, words in page.content.decode()) == (200, True)


@pytest.mark.parametrize("name", ["currency", "touch", "source"])
def test_what_no_database_can_hold_is_found_nowhere(refresh, signed_in, name):
    refresh()

    page = signed_in.get(reverse("reports:rows", args=["sources"]), {"rows": "deals", name: "EUR\x00"})

    said = page.content.decode()
    assert page.status_code == 200
    assert "No leads here" in said or "is not the source of any lead" in said


def test_each_address_of_a_list_asks_for_its_rows(story, signed_in):
    for key, options in ASKED:
        asking = ask(
            report_called(key),
            {**options, "first_day": "2026-01-01", "last_day": "2026-12-31"},
            today=today(),
        )
        for _, number in numbers(report_called(key).build(asking.asked.question)):
            if number.drill is not None:
                page = ask(report_called(key), parse(asking.asked.address_of(number.drill)), today=today())
                assert listed(page.drill, page.asked.scope) == listed(number.drill, asking.asked.scope)


def parse(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))
