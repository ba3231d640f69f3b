"""Leads by the month of their creation: what share had come how far after how many months. See docs/metrics.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import accumulate

from leads.models import Stage
from reports.cells import counts
from reports.measures import REACH, month_number
from reports.metrics.maturity import Maturity, maturity_of_reaching
from reports.period import Period
from reports.scope import Scope
from reports.slices import month_after, whole_months

# More months than these are not shown one by one.
MOST_MONTHS = 12
GOALS = (Stage.MQL, Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER)


@dataclass(frozen=True)
class CohortMonth:
    """How many of a cohort had reached the goal by the end of a month; `is_over`: that month is."""

    since: int
    reached: int
    last_month: Period
    is_over: bool


@dataclass(frozen=True)
class Cohort:
    """The leads created in a calendar month. `months` is cumulative, from that month on; `reached` is of all months."""

    month: Period
    leads: int
    reached: int
    months: tuple[CohortMonth, ...]
    is_immature: bool


@dataclass(frozen=True)
class Cohorts:
    """`left_out`: days of the period that are in no whole month that is over."""

    goal: Stage
    cohorts: tuple[Cohort, ...]
    maturity: Maturity
    left_out: int


def cohorts(scope: Scope, *, goal: Stage) -> Cohorts:
    """The whole months of the period that were over by the end of the as-of day, oldest first."""
    months = whole_months(scope.period, as_of=scope.as_of)
    maturity = maturity_of_reaching(scope.as_of)[goal]
    sizes, reached = _counted(scope, months, goal)
    found = tuple(_cohort(month, sizes, reached, scope, maturity) for month in months)
    return Cohorts(goal, found, maturity, scope.period.days - sum(month.days for month in months))


def _counted(scope: Scope, months: list[Period], goal: Stage) -> tuple[Counter[int], dict[int, Counter[int]]]:
    """How many leads each month has, and how many of them reached the goal in which month (month_number)."""
    sizes: Counter[int] = Counter()
    reached: dict[int, Counter[int]] = defaultdict(Counter)
    if not months:
        return sizes, reached
    during = scope.during(Period(months[0].start, months[-1].end))
    for cell in counts(REACH, during, by_day=True, positions=(Stage.LEAD.position, goal.position)):
        assert cell.day is not None
        created = month_number(cell.day)
        if cell.position == Stage.LEAD.position:
            sizes[created] += cell.count
        else:
            reached[created][cell.a] += cell.count
    return sizes, reached


def _cohort(
    month: Period,
    sizes: Counter[int],
    reached: dict[int, Counter[int]],
    scope: Scope,
    maturity: Maturity,
) -> Cohort:
    number = month_number(month.start)
    shown = min(month_number(scope.as_of) - number, MOST_MONTHS)
    # A lead that got there before it was created (bad data) had done so by the end of its first month.
    times: Counter[int] = Counter()
    for at, leads in reached[number].items():
        times[max(0, at - number)] += leads
    totals = list(accumulate(times[since] for since in range(shown + 1)))
    return Cohort(
        month=month,
        leads=sizes[number],
        reached=times.total(),
        months=tuple(_month(month, since, totals[since], scope) for since in range(shown + 1)),
        is_immature=maturity.is_young(month.last_day),
    )


def _month(cohort: Period, since: int, reached: int, scope: Scope) -> CohortMonth:
    last = Period(month_after(cohort.start, since), month_after(cohort.start, since + 1))
    return CohortMonth(since, reached, last, is_over=last.last_day <= scope.as_of)
