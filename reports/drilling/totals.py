"""How long a list is, from the daily counts where they know: counting its rows takes longer the more there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from leads.models import Stage
from leads.models.fields import day_number
from reports.cells import Counts, counts, reads_rows
from reports.dimensions import DIMENSIONS
from reports.document import Drill
from reports.drilling.conditions import in_days
from reports.drilling.journeys import STAGES
from reports.drilling.visits import ANSWERS, OUTCOMES, POSITIONS
from reports.measures import ENTRIES, EXITS, IN_TIME, LATE, MQL, NOTHING, PUNCTUALITY, REACH, REASONS, TOUCHES
from reports.measures import OUTCOMES as BY_OUTCOME
from reports.metrics.flow import balance_before
from reports.period import DAY
from reports.scope import Scope
from reports.store.kept import kept_for

Where = Mapping[str, str]
CLOCKS = {"in_time": IN_TIME, "late": LATE}
# By these a list changes with the hour, or with what no fold takes note of.
PASSING = {"deciding", "touching", "touch", "rule", "note", "valued"}


def total_of(drill: Drill, scope: Scope, count: Callable[[], int]) -> int:
    """`count` counts the rows; asked where nothing else tells, and where it lasts once until the next fold."""
    total = kept_total(drill, scope)
    if total is not None:
        return total
    if PASSING & drill.where.keys():
        return count()
    return kept_for(f"length of {drill.rows} {sorted(drill.where.items())}", scope, count)


def kept_total(drill: Drill, scope: Scope) -> int | None:
    """None: nothing but the rows themselves can tell."""
    scope, where = in_days(scope, drill.where)
    for key in [key for key in where if key in DIMENSIONS]:
        value = where.pop(key)
        if scope.chosen.get(key, value) != value:
            return None
        scope = scope.only(key, value)
    if reads_rows(scope):
        return None
    if drill.rows == "leads":
        return _leads(scope, where)
    if drill.rows == "visits" and where.get("stage") in POSITIONS:
        way = _WAYS.get(where.pop("when", "entered"))
        return way(scope, where) if way else None
    return None


def _leads(scope: Scope, where: Where) -> int | None:
    if where.keys() - {"reached"} or where.get("reached", "lead") not in STAGES:
        return None
    positions = (STAGES[where.get("reached", "lead")].position,)
    return sum(row.count for row in counts(REACH, scope, positions=positions))


def _entered(scope: Scope, where: Where) -> int | None:
    positions = (POSITIONS[where["stage"]],)
    if where.keys() == {"stage", "entry"}:
        first = day_number(scope.period.start)
        return sum(row.count for row in counts(ENTRIES, scope, positions=positions) if row.a < first)
    if where.keys() <= {"stage", "outcome", "next", "won"}:
        rows = counts(BY_OUTCOME, scope, positions=positions)
        return sum(row.count for row in rows if _fits(row, where))
    return _decided(scope, where) if positions == (MQL,) else None


def _decided(scope: Scope, where: Where) -> int | None:
    """What sales made of MQLs, by one thing more."""
    for name, measure in (("deciding", PUNCTUALITY), ("touching", TOUCHES)):
        if where.keys() == {"stage", name} and where[name] in CLOCKS:
            return sum(row.count for row in counts(measure, scope) if row.a == CLOCKS[where[name]])
    if where.keys() == {"stage", "outcome", "reason"} and where["outcome"] == "rejected":
        reason = int(where["reason"]) if where["reason"] else NOTHING
        return sum(row.count for row in counts(REASONS, scope) if row.a == reason)
    return None


def _left(scope: Scope, where: Where) -> int | None:
    if where.keys() - {"stage", "next"}:
        return None
    rows = counts(EXITS, scope, positions=(POSITIONS[where["stage"]],))
    return sum(row.count for row in rows if _fits(row, where))


def _open(scope: Scope, where: Where) -> int | None:
    if where.keys() != {"stage"}:
        return None
    day: date = min(scope.period.last_day, scope.as_of)
    return balance_before(scope, day + DAY)[Stage(where["stage"])]


_WAYS: Mapping[str, Callable[[Scope, Where], int | None]] = {
    "entered": _entered,
    "left": _left,
    "open": _open,
}


def _fits(row: Counts, where: Where) -> bool:
    known = {**POSITIONS, "none": NOTHING}
    return (
        ("outcome" not in where or row.a in OUTCOMES[where["outcome"]])
        and ("next" not in where or row.a == known[where["next"]])
        and ("won" not in where or bool(row.b) is ANSWERS[where["won"]])
    )
