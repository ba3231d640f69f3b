"""What becomes of MQLs, and how many leads go from step to step, by any fact and over time. See docs/metrics.md."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from leads.models import Stage
from reports.cells import counts
from reports.measures import ACCEPTED, MQL, OUTCOMES, REACH
from reports.metrics.funnel import (
    Funnel,
    MqlRate,
    Outcome,
    WindowedRate,
    cohort_by,
    outcomes_by,
    windowed_by,
)
from reports.metrics.maturity import Maturity, maturity_of_mqls, maturity_of_reaching
from reports.period import Period
from reports.scope import Scope
from reports.slices import Slice, slice_of, slices
from reports.store.kept import kept_for

WINDOWS = (30, 7, 14, 60, 90)


def is_too_young(young: int, *, of: int) -> bool:
    """More than a tenth of the MQL visits, so that the rate of all says too little."""
    return young * 10 > of


@dataclass(frozen=True)
class Conversion:
    """Of a value of a dimension, or in all: the MQL visits, and the leads created, of a period.

    `young`: MQL visits that have had less time than nine of ten acceptances took.
    """

    rate: MqlRate = MqlRate()
    young: int = 0
    windowed: WindowedRate = WindowedRate()
    cohort: Funnel = Funnel.of({})

    @property
    def is_immature(self) -> bool:
        """More than a tenth of its MQL visits are that young, so that the rate of all says too little."""
        return is_too_young(self.young, of=self.rate.visits)

    def step(self, stage: Stage) -> tuple[int, int]:
        """Leads of the cohort that reached the stage after this one, and those that reached this one."""
        return self.cohort.steps[stage.position + 1].leads, self.cohort.steps[stage.position].leads


@dataclass(frozen=True)
class Point:
    """A week or month of MQL visits. `windowed` is None where not all of it was long enough ago."""

    slice: Slice
    rate: MqlRate
    windowed: WindowedRate | None
    is_immature: bool


def conversion_by(scope: Scope, *, by: str | None, within: int, maturity: Maturity) -> dict[str, Conversion]:
    """By the values of a dimension that occur, or everything under "" where `by` is None."""
    return kept_for(
        f"conversion by {by} within {within}", scope, lambda: _conversion_by(scope, by, within, maturity)
    )


def _conversion_by(scope: Scope, by: str | None, within: int, maturity: Maturity) -> dict[str, Conversion]:
    rates, cohorts = outcomes_by(scope, by=by), cohort_by(scope, by=by)
    young, windowed = young_visits(scope, by=by, maturity=maturity), windowed_by(scope, by=by, within=within)
    return {
        value: Conversion(
            rate=rates.get(value, MqlRate()),
            young=young[value],
            windowed=windowed.get(value, WindowedRate()),
            cohort=cohorts.get(value, Funnel.of({})),
        )
        for value in rates.keys() | cohorts.keys()
    }


def conversion(scope: Scope, *, within: int) -> Conversion:
    """In all."""
    maturity = maturity_of_mqls(scope.as_of)
    return conversion_by(scope, by=None, within=within, maturity=maturity).get("", Conversion())


def immature_goals(scope: Scope) -> frozenset[Stage]:
    """Stages of which the cohort's share says too little: more than a tenth of its leads are too young for them."""
    return kept_for("immature goals", scope, lambda: _immature_goals(scope))


def _immature_goals(scope: Scope) -> frozenset[Stage]:
    created: Counter[date] = Counter()
    for cell in counts(REACH, scope, by_day=True, positions=(Stage.LEAD.position,)):
        if cell.day is not None:
            created[cell.day] += cell.count
    return frozenset(
        goal
        for goal, maturity in maturity_of_reaching(scope.as_of).items()
        if sum(leads for day, leads in created.items() if maturity.is_young(day)) * 10 > created.total()
    )


def mql_trend(scope: Scope, *, within: int, maturity: Maturity) -> tuple[Point, ...]:
    """By week or month of the period, as far as it had come by the as-of day."""
    return kept_for(f"trend within {within}", scope, lambda: _mql_trend(scope, within, maturity))


def _mql_trend(scope: Scope, within: int, maturity: Maturity) -> tuple[Point, ...]:
    parts = slices(scope.period, as_of=scope.as_of)
    outcomes: dict[Slice, Counter[str]] = {part: Counter() for part in parts}
    for cell in counts(OUTCOMES, scope, by_day=True, positions=(MQL,)):
        if part := slice_of(parts, cell.day):
            outcomes[part][Outcome.of_next(cell.a).value] += cell.count
    accepted: Counter[Slice] = Counter()
    for cell in counts(ACCEPTED, scope, by_day=True):
        if cell.a <= within and (part := slice_of(parts, cell.day)):
            accepted[part] += cell.count
    return tuple(
        _point(part, MqlRate(**outcomes[part]), accepted[part], within=within, maturity=maturity)
        for part in parts
    )


def _point(part: Slice, rate: MqlRate, accepted: int, *, within: int, maturity: Maturity) -> Point:
    last = part.period.last_day
    had_the_time = maturity.as_of - last >= timedelta(days=within)
    return Point(
        slice=part,
        rate=rate,
        windowed=WindowedRate(accepted, rate.visits) if had_the_time else None,
        is_immature=maturity.is_young(last),
    )


def young_visits(scope: Scope, *, by: str | None, maturity: Maturity) -> Counter[str]:
    """MQL visits begun on days that are too young, by value."""
    found: Counter[str] = Counter()
    first = maturity.young_from
    if first is not None and first < scope.period.end:
        recent = scope.during(Period(max(first, scope.period.start), scope.period.end))
        for cell in counts(OUTCOMES, recent, by=by, positions=(MQL,)):
            found[cell.value] += cell.count
    return found
