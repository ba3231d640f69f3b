"""A table of a report as CSV: bare values under the keys of the columns, and the counts behind shares.

The first line names the columns, as spreadsheets like it; what was counted stands in the name of the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain
from typing import Any

from leads.folding import fold
from leads.intake.report import formula_safe
from reports.asking import Asked
from reports.document import Column, Kind, Number, Row, Table

LONGEST_NAME = 150


def table_lines(table: Table) -> Iterator[str]:
    """One line a row, with its end."""
    return csv_lines(_header(table), (_cells(table, row) for row in table.rows))


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Of any rows. No cell is taken for a formula."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in chain([header], rows):
        writer.writerow([_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _header(table: Table) -> list[str]:
    names = ["key", fold(table.first).replace(" ", "_")]
    for column in table.columns:
        names += [column.key, *(f"{column.key}_{part}" for part in _beside(table, column))]
    return [*names, "mark"] if _is_marked(table) else names


def _cells(table: Table, row: Row) -> list[Any]:
    cells: list[Any] = [row.key, row.label]
    for column in table.columns:
        number = row.numbers.get(column.key)
        cells.append(None if number is None else number.value)
        cells += [_part(number, part) for part in _beside(table, column)]
    return [*cells, _marks(row)] if _is_marked(table) else cells


def _beside(table: Table, column: Column) -> list[str]:
    """What else is said of the numbers of a column: of one row or of all, that the columns stay the same."""
    numbers = [row.numbers[column.key] for row in table.rows if column.key in row.numbers]
    found = []
    if column.kind is Kind.SHARE and any(number.of for number in numbers):
        found += ["part", "whole"]
    if any(number.interval for number in numbers):
        found += ["low", "high"]
    if any(number.before is not None for number in numbers):
        found.append("before")
    return found


def _part(number: Number | None, part: str) -> Any:
    if number is None:
        return None
    pair = number.of if part in ("part", "whole") else number.interval
    if part == "before":
        return number.before
    return None if pair is None else pair[part in ("whole", "high")]


def _is_marked(table: Table) -> bool:
    return any(_marks(row) for row in table.rows)


def _marks(row: Row) -> str:
    return ", ".join(sorted({row.mark, *(number.mark for number in row.numbers.values())} - {""}))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    # A number may begin with a minus, and is no formula.
    return formula_safe(value) if isinstance(value, str) else str(value)


def file_name(asked: Asked, subject: str, ending: str) -> str:
    """funnel-by-2026-01-01-2026-01-31-source-webinar.csv: what was asked, in letters that every system keeps."""
    period = asked.scope.period
    parts = [asked.report.key, subject, period.start.isoformat(), period.last_day.isoformat()]
    parts += [f"{chip.label}-{chip.words}" for chip in asked.chips()]
    name = re.sub(r"[^a-z0-9]+", "-", fold("-".join(parts))).strip("-")
    return f"{name[:LONGEST_NAME]}.{ending}"
