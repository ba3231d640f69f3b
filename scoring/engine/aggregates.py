"""What is asked of the activities of a lead: aggregates, gathered so that each is computed once.

The *flat* scan goes over activities (alias `a`), of which an index tells all that it asks; on
PostgreSQL, where rules limit or count days, it goes over the days of a type. On SQLite those rules
have a scan of their own, *typed*. The *detailed* scan reads what only the table has; the *daily* scan
goes over the days of a lead (alias `p`), for rules that limit or count days of several types. Each reads
only the types that its rules name, and each type no further back than the longest window that asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from leads.conditions.sql import Fragment, joined, sql

_EVER = -(10**9)  # a day before all days


@dataclass
class Columns:
    """Expressions of one level of the statement, each under a column name of its own."""

    prefix: str
    expressions: list[Fragment] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)

    def add(self, expression: Fragment) -> Fragment:
        """The name of the column that holds the expression; equal expressions share one."""
        key = f"{expression.sql} {expression.params!r}"
        if key not in self._names:
            self._names[key] = f"{self.prefix}{len(self.expressions)}"
            self.expressions.append(expression)
        return Fragment(self._names[key])

    @property
    def names(self) -> list[str]:
        return list(self._names.values())

    def select_list(self) -> list[Fragment]:
        return [
            expression + f" AS {name}" for expression, name in zip(self.expressions, self.names, strict=True)
        ]


@dataclass
class Reach:
    """How far back each activity type is read: the first day, or None for all of the past."""

    first_days: dict[int, int | None] = field(default_factory=dict)

    def include(self, types: Iterable[int], first_day: int | None) -> None:
        for type_id in types:
            known = self.first_days.setdefault(type_id, first_day)
            self.first_days[type_id] = None if first_day is None or known is None else min(known, first_day)

    def condition(self, every_type: Collection[int]) -> Fragment:
        """Which rows of the activity table are read.

        A branch for each day from which some type is read, the latest first, with all types that are read from
        there or further back: most rows are decided by a comparison of their day. Where that is every type
        there is, it need not be looked at (a list of 16 took longer than the rest of the condition).
        """
        reach = {type_id: _EVER if day is None else day for type_id, day in self.first_days.items()}
        days = sorted(set(reach.values()), reverse=True)
        branches = []
        for day in days:
            types = sorted(type_id for type_id, first in reach.items() if first <= day)
            is_late = [] if day == _EVER else [sql("a.day >= {}", day)]
            is_read = [] if set(types) >= set(every_type) else [type_is(types)]
            branches.append(sql("({})", all_of([*is_late, *is_read] or [Fragment("1 = 1")])))
        condition = sql("({})", joined(" OR ", branches))
        # Without a day that holds for all of them the database would look at each row's branches.
        return condition if days[-1] == _EVER else sql("a.day >= {} AND {}", days[-1], condition)


class Scan(Columns):
    """What one scan of the activities is asked for, and which of them it reads."""

    def __init__(self, prefix: str) -> None:
        super().__init__(prefix)
        self.reach = Reach()


def type_is(types: Iterable[int]) -> Fragment:
    """Whether the activity `a` is of one of these types."""
    ids = tuple(types)
    if len(ids) == 1:
        return sql("a.type_id = {}", ids[0])
    return Fragment(f"a.type_id IN ({', '.join(['%s'] * len(ids))})", ids)


def all_of(conditions: Iterable[Fragment]) -> Fragment:
    return joined(" AND ", conditions)


@dataclass(frozen=True)
class Rows:
    """The rows of a scan that match one rule: what may be asked of them.

    `matched` tells them apart, `day` is their day, `count` how many matches a row stands for.
    """

    scan: Columns
    matched: Fragment
    day: Fragment
    count: Fragment | None = None  # None: one match a row
    today: int | None = None  # where the rows are not days: count days as bits, from this day back

    def aggregate(self, function: str, value: Fragment, first_day: int | None = None) -> Fragment:
        """An aggregate of the matching rows, from a first day on."""
        within = (
            self.matched if first_day is None else sql("{} AND {} >= {}", self.matched, self.day, first_day)
        )
        return self.scan.add(sql(function + "({}) FILTER (WHERE {})", value, within))

    def matches(self) -> Fragment:
        """How many activities match (0 where there is none)."""
        if self.count is None:
            return sql("COALESCE({}, 0)", self.aggregate("COUNT", Fragment("*")))
        return sql("COALESCE(CAST({} AS bigint), 0)", self.aggregate("SUM", self.count))

    def days(self) -> Fragment:
        """On how many distinct days: of rows that are days, of no more days back than a number has bits, or of any."""
        if self.today is None and self.count is None:
            return sql("COALESCE({}, 0)", self.aggregate("COUNT", sql("DISTINCT {}", self.day)))
        if self.today is None:
            return sql("COALESCE({}, 0)", self.aggregate("COUNT", Fragment("*")))
        bits = self.aggregate("BIT_OR", sql("CAST(1 AS bigint) << ({} - {})", self.today, self.day))
        return sql("COALESCE(bit_count(CAST({} AS bit(64))), 0)", bits)

    def latest_day(self) -> Fragment:
        return self.aggregate("MAX", self.day)

    def first_day(self) -> Fragment:
        return self.aggregate("MIN", self.day)
