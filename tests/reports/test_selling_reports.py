"""What the selling reports show, and that each number's list has as many rows as the number says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import plotly.graph_objects as go
import pytest

from reports.catalogue import Question, report_called
from reports.document import Document, Drill, Kind, Number
from reports.drilling.listing import rows_behind
from reports.period import Period
from reports.scope import Scope
from tests.factories import ActivityFactory
from tests.reports.conftest import instant
from tests.reports.test_rejection_metrics import book, rejections  # noqa: F401
from tests.reports.test_sales_metrics import sales  # noqa: F401
from tests.reports.test_source_metrics import fair, spent  # noqa: F401

pytestmark = pytest.mark.anydatabase

REPORTS = ["sales", "rejections", "scores", "flow", "sources"]
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def document(key: str, period: Period = YEAR, **question) -> Document:
    scope = Scope(period, question.pop("as_of", date(2026, 12, 31)), chosen=question.pop("chosen", {}))
    report = report_called(key)
    options = {option.key: option.choices[0][0] for option in report.options} | question.pop("options", {})
    return report.build(Question(scope, today=date(2026, 12, 31), options=options, **question))


def numbers(shown: Document) -> Iterator[tuple[str, Number]]:
    for tile in shown.tiles:
        yield tile.key, tile.number
    for table in shown.tables:
        for row in table.rows:
            for key, number in row.numbers.items():
                yield f"{table.key} {row.label} {key}", number


def behind(drill: Drill, shown: Document) -> int:
    return rows_behind(drill, shown.scope).rows.count()


def disagreements(shown: Document) -> list[tuple]:
    """Counts, and the parts of shares, that differ from the length of their list."""
    found = []
    for name, number in numbers(shown):
        said = number.of[0] if number.of else number.value if number.kind is Kind.COUNT else None
        if number.drill and said is not None and behind(number.drill, shown) != said:
            found.append((name, said, behind(number.drill, shown), number.drill))
    return found


@pytest.mark.parametrize("chosen", [{}, {"source": "webinar"}, {"source": ""}, {"source": "nowhere"}])
@pytest.mark.parametrize("as_of", [date(2026, 12, 31), date(2026, 1, 12)])
@pytest.mark.parametrize("key", REPORTS)
def test_lists_are_as_long_as_their_numbers(sales, rejections, key, chosen, as_of):  # noqa: F811
    shown = document(key, chosen=chosen, as_of=as_of)

    assert len(list(numbers(shown))) > 2
    assert disagreements(shown) == []


def test_notes_of_rejections_lead_to_the_feedback_of_the_same_days(rejections):  # noqa: F811
    table = next(table for table in document("rejections").tables if table.key == "notes")

    assert table.more is not None
    assert table.more[1] == "/rulebook/feedback/?since=2026-01-01&until=2026-12-31&kind=rejected"


@pytest.mark.parametrize("key", REPORTS)
def test_charts_are_understood_and_their_points_open_as_many_rows(sales, rejections, key):  # noqa: F811
    shown = document(key)
    charts = [section.chart for section in shown.sections if section.chart]

    assert charts
    for chart in charts:
        # Plotly's library refuses a property or value that it does not know.
        assert len(go.Figure(chart.figure).data) == len(chart.figure["data"])
        for trace, drills in zip(chart.figure["data"], chart.drills, strict=bool(chart.drills)):
            assert len(drills) == len(trace["y"])
            if trace["type"] == "bar":
                counted = [behind(drill, shown) if drill else 0 for drill in drills]
                assert counted == [abs(number) for number in trace["y"]], chart.key


@pytest.mark.parametrize("by", ["source", "channel", "campaign"])
@pytest.mark.parametrize("touch", ["first", "last"])
def test_lists_of_sources_are_as_long_as_their_numbers(spent, fair, by, touch):  # noqa: F811
    ActivityFactory(lead=spent["a"], campaign=fair, occurred_at=instant("2026-01-04"))
    ActivityFactory(lead=spent["d"], campaign=fair, occurred_at=instant("2026-01-01"))

    shown = document("sources", options={"by": by, "attribution": touch})

    assert disagreements(shown) == []
    assert [row.key for row in shown.tables[-1].rows][-1] == "all"


@pytest.mark.parametrize("key", REPORTS)
def test_a_report_of_nothing_is_shown(refresh, key):
    refresh()

    shown = document(key, before=YEAR)

    assert all(number.value in (0, None) for _, number in numbers(shown))


def test_few_are_marked_and_compared_periods_stand_beside(sales):  # noqa: F811
    shown = document("sales", period=Period(date(2026, 1, 1), date(2026, 2, 1)), before=YEAR)
    acceptance = {tile.key: tile.number for tile in shown.tiles}["acceptance"]

    # Of the table of test_sales_metrics: four of six, which are few.
    assert (acceptance.of, acceptance.mark, acceptance.before) == ((4, 6), "few", 4 / 6)
