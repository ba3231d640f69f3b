"""One statement of many sliced parts over waiting handoffs, put together as text.

As querysets its thirty conditions took longer to compile than the database needs for all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connection

from leads.models import Handoff
from leads.querysets import HandoffQuerySet

TABLE = Handoff._meta.db_table


@dataclass(frozen=True)
class Condition:
    """What stands in a WHERE clause, over columns of the handoff alone. Its text is never of a user's making."""

    text: str
    values: Sequence[Any] = ()

    def __and__(self, other: Condition) -> Condition:
        if not self.text or not other.text:
            return self if self.text else other
        return Condition(f"{self.text} AND {other.text}", (*self.values, *other.values))


ANY = Condition("")


def instant(at: datetime) -> Any:
    """As each database compares it with a column."""
    return connection.ops.adapt_datetimefield_value(at)


def condition_of(handoffs: HandoffQuerySet) -> Condition:
    """The WHERE clause of a queryset."""
    query = handoffs.query
    try:
        text, values = query.get_compiler(connection=connection).compile(query.where)
    except EmptyResultSet:
        return Condition("1 = 0")
    except FullResultSet:
        return ANY
    return Condition(text, tuple(values))


class Union:
    """Parts that are limited each by itself."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._values: list[Any] = []

    def add(self, columns: str, condition: Condition, *, order: str = "", most: int) -> None:
        ordered = f" ORDER BY {order}" if order else ""
        text = f"SELECT {columns} FROM {TABLE} WHERE {condition.text}{ordered} LIMIT {most}"
        self._parts.append(f"SELECT * FROM ({text}) part{len(self._parts)}")
        self._values += condition.values

    def run(self, select: str, *, then: str) -> list[Any]:
        """`then` is what stands behind the parts: GROUP BY, ORDER BY, LIMIT."""
        if not self._parts:
            return []
        with connection.cursor() as cursor:
            cursor.execute(f"{select} FROM ({' UNION ALL '.join(self._parts)}) queue {then}", self._values)
            return list(cursor.fetchall())
