"""How long leads stay in a stage, by the visits that began in a period. Definitions: docs/metrics.md."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from leads.models import Stage
from reports.cells import counts
from reports.measures import NOTHING, OUTCOMES
from reports.metrics.quantiles import Histogram, Spread
from reports.metrics.survival import Survival, kaplan_meier
from reports.models import Visit
from reports.scope import Scope
from reports.store.kept import kept_for

# Stages that a lead is to leave: at the others its path ends.
PASSED = (Stage.LEAD, Stage.MQL, Stage.SQL, Stage.OPPORTUNITY, Stage.RECYCLED)
POSITIONS = tuple(stage.position for stage in PASSED)
HOURS_A_DAY = 24


@dataclass(frozen=True)
class StageTime:
    """Of the visits to a stage that began in the period, in hours: those over by the as-of day, and the others.

    `finished`: whole hours from entering to leaving. `running`: whole days so far, as hours. `survival` has both.
    """

    stage: Stage
    finished: Spread
    running: Spread
    survival: Survival


def time_in_stage(scope: Scope) -> tuple[StageTime, ...]:
    """For each stage that a lead is to leave, in the order of the funnel."""
    return kept_for("time in stage", scope, lambda: _counted(scope))


def _counted(scope: Scope) -> tuple[StageTime, ...]:
    finished, running = _finished(scope), _running(scope)
    return tuple(_stage_time(stage, finished[stage.position], running[stage.position]) for stage in PASSED)


def _stage_time(stage: Stage, finished: Histogram, running: Histogram) -> StageTime:
    return StageTime(
        stage=stage,
        finished=Spread.of(finished),
        running=Spread.of(running),
        survival=kaplan_meier(ended=finished, running=running),
    )


def _finished(scope: Scope) -> dict[int, Counter[int]]:
    """Whole hours, by position of the stage."""
    period = scope.period
    rows = Visit.objects.filter(
        scope.condition(),
        position__in=POSITIONS,
        entered_day__gte=period.start,
        entered_day__lt=period.end,
        left_day__lte=scope.as_of,
    )
    found = {position: Counter[int]() for position in POSITIONS}
    for position, hours, times in (
        rows.order_by().values_list("position", "hours").annotate(times=Count("pk"))
    ):
        found[position][hours] += times
    return found


def _running(scope: Scope) -> dict[int, Counter[int]]:
    """Hours of whole days since the day of entering: the least that they have lasted by the end of the as-of day."""
    found = {position: Counter[int]() for position in POSITIONS}
    for cell in counts(OUTCOMES, scope, by_day=True, positions=POSITIONS):
        if cell.a == NOTHING and cell.day is not None:
            days = max(0, (scope.as_of - cell.day).days)
            found[cell.position][days * HOURS_A_DAY] += cell.count
    return found
