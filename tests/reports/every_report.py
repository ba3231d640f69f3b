"""What tests of every report have in common: the reports, what is chosen on them, and their numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reports.asking import Asked, ask
from reports.catalogue import Report, all_reports
from reports.document import Chart, Document, Drill, Kind, Number
from reports.period import today

REPORTS = all_reports()
SHORT_QUARTER = {"first_day": "2026-01-01", "last_day": "2026-03-31"}
CHOICES: dict[str, dict[str, str]] = {
    "all": {},
    "a source": {"source": "webinar"},
    "no source": {"source": "-"},
    "a source like a formula": {"source": "=sum(a1:a9)"},
    "a country and a source": {"source": "unknown", "country": "DE"},
    "a grade": {"grade": "A2"},
    "a rep": {"rep": "Ann Arctic"},
    "a team": {"team": "=South"},
    "nobody who decided": {"rep": "-"},
    "a campaign": {"campaign": "webinar JANUARY"},
    "a past day": {"as_of": "2026-01-31"},
    "a day within, and a filter": {"as_of": "2026-01-09", "country": "DE"},
    "before anything": {"as_of": "2025-01-01"},
    "against the period before": {"compare": "previous"},
    "against the year before": {"compare": "year", "source": "Event"},
    "another period": {"first_day": "2026-02-01", "last_day": "2026-02-28"},
}

each_report = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.key)
each_choice = pytest.mark.parametrize("chosen", CHOICES.values(), ids=CHOICES)


def asked_of(report: Report, chosen: dict[str, str]) -> Asked:
    asked = ask(report, SHORT_QUARTER | chosen, today=today()).asked
    assert asked is not None, chosen
    return asked


def address_of(report: Report, asked: Asked) -> str:
    return f"/reports/{report.key}/?{asked.query()}"


def every_option(report: Report) -> list[dict[str, str]]:
    """The defaults, and each other choice of an option once."""
    return [{}, *({option.key: value} for option in report.options for value, _ in option.choices[1:])]


def numbers_of(document: Document) -> Iterator[tuple[str, Number]]:
    for tile in document.tiles:
        yield f"tile {tile.key}", tile.number
    for table in document.tables:
        for row in table.rows:
            for key, number in row.numbers.items():
                yield f"{table.key} {row.label} {key}", number


def counted(document: Document) -> Iterator[tuple[str, int, Drill]]:
    """All that counts rows: numbers, the parts of shares, and the points of charts."""
    for where, number in numbers_of(document):
        said = number.of[0] if number.of else number.value if number.kind is Kind.COUNT else None
        if number.drill and isinstance(said, int):
            yield where, said, number.drill
    for section in document.sections:
        if section.chart:
            yield from points_of(section.chart)


def points_of(chart: Chart) -> Iterator[tuple[str, int, Drill]]:
    """Those that stand for whole numbers."""
    for trace, drills in zip(chart.figure["data"], chart.drills, strict=False):
        is_sideways = trace["type"] == "funnel" or trace.get("orientation") == "h"
        values = trace["x" if is_sideways else "y"]
        for value, drill in zip(values, drills, strict=True):
            if drill and isinstance(value, int):
                # What leaves is drawn below the line.
                yield f"chart {chart.key}", abs(value), drill
