"""How long a list is, from the daily counts where they know: counting its rows takes longer the more there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leads.models.fields import day_number
from reports.cells import Counts, counts, reads_rows
from reports.document import Drill
from reports.drilling.conditions import in_days
from reports.drilling.journeys import STAGES
from reports.drilling.visits import ANSWERS, OUTCOMES, POSITIONS
from reports.measures import ENTRIES, NOTHING, REACH, Measure
from reports.measures import OUTCOMES as BY_OUTCOME
from reports.scope import Scope


def kept_total(drill: Drill, scope: Scope) -> int | None:
    """None: nothing but the rows themselves can tell."""
    scope, where = in_days(scope, drill.where)
    if reads_rows(scope):
        return None
    if drill.rows == "leads":
        return _leads(scope, where)
    if drill.rows == "visits" and where.pop("when", "entered") == "entered":
        return _visits(scope, where)
    return None


def _leads(scope: Scope, where: Mapping[str, str]) -> int | None:
    if where.keys() - {"reached"} or where.get("reached", "lead") not in STAGES:
        return None
    return _sum(REACH, scope, (STAGES[where.get("reached", "lead")].position,))


def _visits(scope: Scope, where: Mapping[str, str]) -> int | None:
    if where.get("stage") not in POSITIONS:
        return None
    positions = (POSITIONS[where["stage"]],)
    if where.keys() == {"stage", "entry"}:
        first = day_number(scope.period.start)
        return sum(row.count for row in counts(ENTRIES, scope, positions=positions) if row.a < first)
    if where.keys() - {"stage", "outcome", "next", "won"}:
        return None
    rows = counts(BY_OUTCOME, scope, positions=positions)
    return sum(row.count for row in rows if _fits(row, where))


def _fits(row: Counts, where: Mapping[str, str]) -> bool:
    known = {**POSITIONS, "none": NOTHING}
    return (
        ("outcome" not in where or row.a in OUTCOMES[where["outcome"]])
        and ("next" not in where or row.a == known[where["next"]])
        and ("won" not in where or bool(row.b) is ANSWERS[where["won"]])
    )


def _sum(measure: Measure, scope: Scope, positions: Sequence[int]) -> int:
    return sum(row.count for row in counts(measure, scope, positions=positions))
