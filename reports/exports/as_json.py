"""A report as JSON: bare values, shares between 0 and 1, null for no data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from reports.asking import Asked
from reports.document import Document, Number, Row, Table
from reports.period import Period

Json = dict[str, Any]


def document_as_json(document: Document, asked: Asked) -> Json:
    """`end` is exclusive. `filters`: those that were chosen, as rows have the values; "" stands for not recorded."""
    scope, question = document.scope, asked.question
    found: Json = {
        "report": document.report,
        **_days(scope.period),
        "as_of": scope.as_of.isoformat(),
        "before": _days(question.before) if question.before else None,
        "filters": dict(scope.chosen),
        "options": dict(question.options),
        "tiles": {tile.key: number_as_json(tile.number) for tile in document.tiles},
        "tables": {table.key: _rows(table) for table in document.tables},
        "findings": [finding.text for finding in document.findings],
        "notices": list(document.notices),
    }
    return found


def number_as_json(number: Number) -> Json:
    """The value, and of the rest what there is."""
    rest = {
        "of": number.of and list(number.of),
        "interval": number.interval and list(number.interval),
        "before": bare(number.before),
        "mark": number.mark,
    }
    return {"value": bare(number.value)} | {
        name: value for name, value in rest.items() if value not in (None, "")
    }


def bare(value: Any) -> Any:
    """Money as a text of digits, so that nothing is lost."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _rows(table: Table) -> list[Json]:
    return [_row(table, row) for row in table.rows]


def _row(table: Table, row: Row) -> Json:
    """The values by column; what else is said of a number stands under `of`, `interval`, `before` and `mark`."""
    found: Json = {"key": row.key, "label": row.label}
    if row.is_total:
        found["is_total"] = True
    beside: dict[str, dict[str, Any]] = {}
    for column in table.columns:
        if (number := row.numbers.get(column.key)) is None:
            continue
        said = number_as_json(number)
        found[column.key] = said.pop("value")
        for name, value in said.items():
            beside.setdefault(name, {})[column.key] = value
    if row.mark:
        beside.setdefault("mark", {})["row"] = row.mark
    return found | _nested(beside)


def _nested(beside: Mapping[str, Mapping[str, Any]]) -> Json:
    return {f"_{name}": dict(values) for name, values in beside.items()}


def _days(period: Period) -> Json:
    return {"start": period.start.isoformat(), "end": period.end.isoformat()}
