"""How many leads stand in each stage at a day's end, how many come and go, and from where to where.

Definitions: docs/metrics.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from leads.models import Stage
from leads.models.fields import EARLIEST_DAY
from reports.cells import counts
from reports.measures import ENTRIES, EXITS, OUTCOMES, Measure
from reports.period import DAY, Period, today
from reports.scope import Scope
from reports.store.kept import kept_for

# Up to so many days each one is shown, of longer periods each week.
MOST_DAYS = 120
SUNDAY = 6
STAGES = tuple(Stage)
_STAGE_AT = {stage.position: stage for stage in Stage}

ByStage = Mapping[Stage, int]


@dataclass(frozen=True)
class Moment:
    """Some days and what they came to: visits that began and ended in them, and the leads there at their end."""

    days: Period
    entries: ByStage
    exits: ByStage
    balance: ByStage


def balances(scope: Scope) -> list[Moment]:
    """By day, or in a long period by the week (to Sunday), up to the as-of day; none where all of it lies later."""
    return kept_for("balances", scope, lambda: _balances(scope))


def _balances(scope: Scope) -> list[Moment]:
    if scope.as_of < scope.period.start:
        return []
    entered, left = _by_day(scope, _entered(scope)), _by_day(scope, EXITS)
    standing = Counter(balance_before(scope, scope.period.start))
    found = []
    for days in _steps(scope.period, scope.as_of):
        entries, exits = _within(entered, days), _within(left, days)
        standing.update(entries)
        standing.subtract(exits)
        found.append(Moment(days, entries, exits, {stage: standing[stage] for stage in STAGES}))
    return found


def balance_before(scope: Scope, day: date) -> ByStage:
    """Leads in each stage when a day began: all that ever entered less all that ever left."""
    if day <= EARLIEST_DAY:
        return dict.fromkeys(STAGES, 0)
    past = scope.during(Period(EARLIEST_DAY, day))
    return kept_for("balance", past, lambda: _balance(past))


def _balance(past: Scope) -> ByStage:
    found: Counter[Stage] = Counter()
    for row in counts(_entered(past), past, apart=False):
        found[_STAGE_AT[row.position]] += row.count
    for row in counts(EXITS, past, apart=False):
        found[_STAGE_AT[row.position]] -= row.count
    return {stage: found[stage] for stage in STAGES}


def transitions(scope: Scope) -> dict[tuple[Stage, Stage], int]:
    """From which stage to which, how often, in the period and by the as-of day."""
    return kept_for("transitions", scope, lambda: _transitions(scope))


def _transitions(scope: Scope) -> dict[tuple[Stage, Stage], int]:
    found: Counter[tuple[Stage, Stage]] = Counter()
    for row in counts(EXITS, scope):
        found[(_STAGE_AT[row.position], _STAGE_AT[row.a])] += row.count
    return dict(found)


def _entered(scope: Scope) -> Measure:
    """Both count every visit on the day on which it began: outcomes by fewer cells, but not as of an earlier day."""
    return ENTRIES if scope.as_of < today() else OUTCOMES


def _by_day(scope: Scope, measure: Measure) -> dict[date, Counter[Stage]]:
    found: dict[date, Counter[Stage]] = {}
    for row in counts(measure, scope, by_day=True, apart=False):
        assert row.day is not None
        found.setdefault(row.day, Counter())[_STAGE_AT[row.position]] += row.count
    return found


def _within(by_day: Mapping[date, Counter[Stage]], days: Period) -> ByStage:
    found: Counter[Stage] = Counter()
    day = days.start
    while day < days.end:
        if day in by_day:
            found.update(by_day[day])
        day += DAY
    return {stage: found[stage] for stage in STAGES}


def _steps(period: Period, as_of: date) -> Sequence[Period]:
    end = min(period.end, as_of + DAY)
    found, first = [], period.start
    while first < end:
        last = first if period.days <= MOST_DAYS else first + timedelta(days=SUNDAY - first.weekday())
        following = min(last + DAY, end)
        found.append(Period(first, following))
        first = following
    return found
