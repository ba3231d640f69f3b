"""The values that a field really has, with how many leads have each: what the condition builder offers.

A sample of leads is asked, so that it costs the same with a million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from leads.conditions import Dialect, Field, FieldType, Fragment, dialect_of, known_sql
from leads.conditions.fields import Column, NameOf
from leads.conditions.parsing import NUMBER_SCALE
from leads.conditions.sql import joined, sql, value_sql
from leads.folding import fold
from scoring.rulebook.lint_leads import looked_at
from scoring.sampling import Look, a_sample

MOST = 40
# Each has some twenty activities.
_LEADS_WITH_ACTIVITIES = 2_000
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class KnownValue:
    value: str
    label: str
    leads: int


@dataclass(frozen=True)
class Known:
    """`values` the most frequent first; of numbers and dates `span` says the least, the middle and the most."""

    values: Sequence[KnownValue]
    distinct: int
    whom: str
    span: tuple[str, str, str] | None = None


def known_of(field: Field, *, text: str = "") -> Known:
    """The values of a field among leads, or among their activities; those that contain the text."""
    of_activities = _table(field) == "a"
    look = a_sample(_LEADS_WITH_ACTIVITIES) if of_activities else a_sample()
    rows = _rows(field, look, dialect_of(connection))
    wanted = fold(text.strip())
    labels = dict(field.choices)
    counted = [
        KnownValue(
            _written(field, value),
            labels.get(str(value), label if field.is_text else _written(field, value)),
            leads,
        )
        for value, label, leads in rows
        if not wanted or wanted in fold(str(value))
    ]
    most = sorted(counted, key=lambda one: (-one.leads, one.label))[:MOST]
    number = len(look.targets[0].ids) if hasattr(look.targets[0], "ids") else 0
    return Known(most, len(counted), looked_at(number, is_sample=look.is_sample), _span(field, rows))


def _table(field: Field) -> str:
    return field.source.table


def _rows(field: Field, look: Look, dialect: Dialect) -> list[tuple[Any, Any, int]]:
    """Value, how it is spelt, and the number of leads; in the order of the values."""
    source, table = field.source, _table(field)
    if isinstance(source, NameOf):
        value, label = Fragment("n.name_folded"), Fragment("n.name")
        join = f"JOIN {source.target} n ON n.id = {table}.{source.name}"
    else:
        value = value_sql(field, dialect)
        is_folded = isinstance(source, Column) and source.name.endswith("_folded")
        label = Fragment(f"{table}.{source.name.removesuffix('_folded')}") if is_folded else value
        join = ""
    lead = "a.lead_id" if table == "a" else "l.id"
    tables = (
        f"leads_activity a {join}"
        if table == "a"
        else f"leads_lead l LEFT JOIN leads_company c ON c.id = l.company_id {join}"
    )
    among = joined(" OR ", [target.contains(lead, dialect) for target in look.targets])
    statement = sql(
        "SELECT v.value, MIN(CAST(v.label AS text)), COUNT(DISTINCT v.lead_id) FROM"
        f" (SELECT {lead} AS lead_id, {{}} AS value, {{}} AS label FROM {tables} WHERE ({{}}) AND {{}}) v"
        " GROUP BY v.value ORDER BY v.value",
        value,
        label,
        among,
        known_sql(field, dialect),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        rows: list[tuple[Any, Any, int]] = cursor.fetchall()
    return rows


def _span(field: Field, rows: list[tuple[Any, Any, int]]) -> tuple[str, str, str] | None:
    if field.type not in (FieldType.NUMBER, FieldType.DATE) or not rows:
        return None
    half, reached = sum(leads for _value, _label, leads in rows) / 2, 0
    middle = rows[0][0]
    for value, _label, leads in rows:
        reached += leads
        middle = value
        if reached >= half:
            break
    return _written(field, rows[0][0]), _written(field, middle), _written(field, rows[-1][0])


def _written(field: Field, value: Any) -> str:
    """As a rule writes it."""
    match field.type:
        case FieldType.DATE:
            return (_EPOCH + timedelta(days=int(value))).isoformat()
        case FieldType.NUMBER:
            number = Decimal(str(value))
            if not isinstance(field.source, Column):
                number /= NUMBER_SCALE
            return f"{number.normalize():f}"
        case FieldType.BOOLEAN:
            return "yes" if value else "no"
    return str(value)
