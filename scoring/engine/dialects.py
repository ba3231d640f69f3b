"""Where the SQL of the two databases differs, beyond conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.conditions import Dialect, Fragment
from leads.conditions.sql import joined, sql

# SQLite's functions take at most 127 arguments.
_MOST_ARGUMENTS = 100


@dataclass(frozen=True)
class Speech:
    """A dialect's words."""

    dialect: Dialect
    least: str
    greatest: str
    distinct: str  # compares two values, null with null being equal
    fence: str  # at the end of a subquery: keeps it from being merged into the one around it

    def minimum(self, *values: Fragment | int) -> Fragment:
        return self._nested(self.least, values)

    def maximum(self, *values: Fragment | int) -> Fragment:
        return self._nested(self.greatest, values)

    def clamped(self, value: Fragment, low: int | None, high: int | None) -> Fragment:
        if high is not None:
            value = self.minimum(value, high)
        return value if low is None else self.maximum(value, low)

    def _nested(self, function: str, values: Sequence[Fragment | int]) -> Fragment:
        fragments = [value if isinstance(value, Fragment) else sql("{}", value) for value in values]
        while len(fragments) > 1:
            bundles = [fragments[i : i + _MOST_ARGUMENTS] for i in range(0, len(fragments), _MOST_ARGUMENTS)]
            fragments = [
                sql(function + "({})", joined(", ", bundle)) if len(bundle) > 1 else bundle[0]
                for bundle in bundles
            ]
        return fragments[0]


SPEECH = {
    Dialect.POSTGRESQL: Speech(Dialect.POSTGRESQL, "LEAST", "GREATEST", "IS DISTINCT FROM", "OFFSET 0"),
    Dialect.SQLITE: Speech(Dialect.SQLITE, "min", "max", "IS NOT", "LIMIT -1 OFFSET 0"),
}
