"""How many days it took to win a lead, by the leads that became customers in a period. Definitions: docs/metrics.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Min, OuterRef, QuerySet, Subquery

from leads.models import Stage
from leads.models.fields import DayField
from reports.metrics.maturity import days_between, histogram
from reports.metrics.quantiles import Histogram, Spread
from reports.models import Journey, Visit
from reports.scope import Scope
from reports.store.kept import kept_for

# From where time is counted: from the creation of the lead, or from when it first entered a stage.
STARTS = (Stage.LEAD, Stage.MQL, Stage.SQL, Stage.OPPORTUNITY)
# The bars of the distribution: the first number of days of each; the first one holds all below zero.
CLASSES = (None, 0, 8, 15, 31, 61, 91, 181, 366)


@dataclass(frozen=True)
class DayClass:
    """A bar: from `first` to `last` days, both included; None: no bound on that side."""

    first: int | None
    last: int | None
    leads: int

    @property
    def label(self) -> str:
        if self.first is None:
            return "Below 0"
        return f"{self.first} and more" if self.last is None else f"{self.first} to {self.last}"


@dataclass(frozen=True)
class TimeToWin:
    """`spread` in calendar days. `negative`: won before they began, which is bad data, and counted all the same.

    `without`: customers of the period that never entered the start stage, and so have no time.
    """

    start: Stage
    spread: Spread
    negative: int
    without: int
    classes: tuple[DayClass, ...]


def time_to_win(scope: Scope, *, start: Stage) -> TimeToWin:
    """Of the leads that first entered `customer` in the period and by the as-of day."""
    return kept_for(f"time to win from {start.value}", scope, lambda: _time_to_win(scope, start))


def _time_to_win(scope: Scope, start: Stage) -> TimeToWin:
    values = dict(histogram(days_to_win(scope, start=start), F("days")))
    without = values.pop(None, 0)  # type: ignore[call-overload]
    return TimeToWin(
        start=start,
        spread=Spread.of(values),
        negative=sum(times for days, times in values.items() if days < 0),
        without=without,
        classes=_classes(values),
    )


def days_to_win(scope: Scope, *, start: Stage) -> QuerySet[Any]:
    """The journeys of those leads with `days`, null for a lead that never entered the start stage."""
    period = scope.period
    won = Journey.objects.filter(
        scope.condition(),
        reached_customer__gte=period.start,
        reached_customer__lt=period.end,
        reached_customer__lte=scope.as_of,
    )
    return with_days(won, start=start)


def with_days(journeys: QuerySet[Any], *, start: Stage) -> QuerySet[Any]:
    """With `days` from the first entry to the start stage to the first one to `customer`; null without either."""
    timed: QuerySet[Any] = journeys.annotate(began=_began(start))
    found: QuerySet[Any] = timed.annotate(days=days_between("began", "reached_customer"))
    return found


def _began(start: Stage) -> Any:
    if start is Stage.LEAD:
        return F("created_day")
    # Not when it had reached *at least* the stage, which a lead that skipped it has too.
    entered = Visit.objects.filter(lead=OuterRef("pk"), position=start.position).order_by()
    first = entered.values("lead").annotate(first=Min("entered_day"))
    return Subquery(first.values("first"), output_field=DayField(null=True))


def _classes(values: Histogram) -> tuple[DayClass, ...]:
    found = []
    for first, following in zip(CLASSES, (*CLASSES[1:], None), strict=True):
        last = None if following is None else following - 1
        leads = sum(times for days, times in values.items() if is_within(days, first, last))
        found.append(DayClass(first, last, leads))
    return tuple(found)


def is_within(days: int, first: int | None, last: int | None) -> bool:
    """Both ends belong to it; None: no bound."""
    return (first is None or first <= days) and (last is None or days <= last)
