"""Where the SQL of the two databases differs, beyond conditions."""

from __future__ import annotations

import json
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
    sorts_by_index: bool  # reads an index in its order, and groups what is grouped already without sorting
    day_bits: int  # how many days back can be counted as bits of a number; 0: it cannot
    has_lateral: bool  # takes a subquery that reads the tables before it
    fence: str  # at the end of a subquery: keeps it from being merged into the one around it

    def minimum(self, *values: Fragment | int) -> Fragment:
        return self._nested(self.least, values)

    def maximum(self, *values: Fragment | int) -> Fragment:
        return self._nested(self.greatest, values)

    def clamped(self, value: Fragment, low: int | None, high: int | None) -> Fragment:
        if high is not None:
            value = self.minimum(value, high)
        return value if low is None else self.maximum(value, low)

    def company(self) -> Fragment:
        """The company `c` of the lead `l`, looked up for each lead: to read all companies for a range took longer."""
        if not self.has_lateral:  # SQLite looks up anyway
            return Fragment("leads_company c ON c.id = l.company_id")
        return Fragment(
            f"LATERAL (SELECT * FROM leads_company WHERE id = l.company_id {self.fence}) c ON true"
        )

    def held(self, since: Sequence[tuple[int, object]]) -> Fragment:
        """A table `held` of leads with an instant each."""
        if self.dialect == Dialect.POSTGRESQL:
            ids, instants = [pk for pk, _ in since], [at for _, at in since]
            return sql("unnest({}::bigint[], {}::timestamptz[]) AS held(id, evidence_after)", ids, instants)
        columns = "json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS evidence_after"
        return sql(f"(SELECT {columns} FROM json_each({{}})) held", json.dumps(since))

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
    Dialect.POSTGRESQL: Speech(
        Dialect.POSTGRESQL, "LEAST", "GREATEST", "IS DISTINCT FROM", True, 62, True, "OFFSET 0"
    ),
    Dialect.SQLITE: Speech(Dialect.SQLITE, "min", "max", "IS NOT", False, 0, False, "LIMIT -1 OFFSET 0"),
}
