"""What is asked of the activities of a lead: aggregates, gathered so that each is computed once.

Two scans answer all rules. The *flat* scan goes over activities (alias `a`); the *daily* scan goes
over the days of a lead (alias `p`), for rules that limit or count days. Each reads only the types
that its rules name, and each type no further back than the longest window that asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from leads.conditions.sql import Fragment, joined, sql


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

    def condition(self) -> Fragment:
        """Which rows of the activity table are read. Types that reach equally far share a branch."""
        by_day: dict[int | None, list[int]] = {}
        for type_id, first_day in sorted(self.first_days.items()):
            by_day.setdefault(first_day, []).append(type_id)
        branches = [
            type_is(types) if day is None else sql("({} AND a.day >= {})", type_is(types), day)
            for day, types in by_day.items()
        ]
        return sql("({})", joined(" OR ", branches))


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
        """On how many distinct days; only the daily scan can say."""
        return sql("COALESCE({}, 0)", self.aggregate("COUNT", Fragment("*")))

    def latest_day(self) -> Fragment:
        return self.aggregate("MAX", self.day)

    def first_day(self) -> Fragment:
        return self.aggregate("MIN", self.day)
