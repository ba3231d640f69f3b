"""What a rulebook makes of leads without writing it: the score of each, and what each rule gives in sum.

One statement and one look at the activities for both. It wraps the statement that scores (levels), so that
what a draft would do is what it does once it is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from leads.conditions import Fragment
from leads.conditions.sql import joined, sql
from scoring.engine.compiler import CompiledRulebook, batch_cursor
from scoring.engine.levels import Target

# SQLite's expressions may be 1,000 levels deep; a chain of 600 sums would be deeper.
_CHAIN = 40


class Outcome(NamedTuple):
    """The score of a lead by a rulebook that need not be the one in force."""

    fit: int
    engagement: int
    grade: str
    qualified: bool
    fast_tracked: bool

    @property
    def total(self) -> int:
        return self.fit + self.engagement


class RuleSum(NamedTuple):
    """To how many leads a rule gives points, and how many in all, before the bounds of its group."""

    leads: int = 0
    points: int = 0


@dataclass(frozen=True)
class Outcomes:
    """By lead id, and by the key of each enabled rule."""

    leads: Mapping[int, Outcome]
    rules: Mapping[str, RuleSum]


def outcomes(compiled: CompiledRulebook, target: Target) -> Outcomes:
    """The scores of these leads on the day of the rulebook."""
    keys = [rule.key for rule in compiled.form.enabled_rules]
    # The sums come as the last row, as text: rows of one statement have the same columns.
    columns = "lead_id, fit, engagement, grade, qualified, fast_tracked"
    statement = sql(
        f"WITH o AS MATERIALIZED ({{}}) SELECT {columns}, NULL AS sums FROM o"
        " UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, {} FROM o",
        compiled.statement_with_rules(target),
        _sums(len(keys)),
    )
    leads, sums = dict[int, Outcome](), ""
    with batch_cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        for pk, fit, engagement, grade, qualified, fast_tracked, found in cursor.fetchall():
            if pk is None:
                sums = found
            else:
                leads[pk] = Outcome(fit, engagement, grade, bool(qualified), bool(fast_tracked))
    numbers = [int(number) for number in sums.split(",")[1:]]
    return Outcomes(leads, dict(zip(keys, map(RuleSum, numbers[::2], numbers[1::2]), strict=True)))


def _sums(rules: int) -> Fragment:
    """For each rule “,leads,points”."""
    parts = [
        Fragment(f"',' || COUNT(*) FILTER (WHERE r{index} <> 0) || ',' || COALESCE(SUM(r{index}), 0)")
        for index in range(rules)
    ]
    chains = [joined(" || ", parts[start : start + _CHAIN]) for start in range(0, rules, _CHAIN)]
    return joined(" || ", [Fragment("''"), *(sql("({})", chain) for chain in chains)])
