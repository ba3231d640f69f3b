"""Which cohorts are too young to be compared with others: many of them may yet convert."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, IntegerField, Q, QuerySet
from django.db.models.expressions import Combinable

from leads.models import Stage
from leads.models.stage import SUCCESS_PATH
from reports.measures import ACCEPTING, MQL
from reports.metrics.quantiles import Histogram, percentile
from reports.models import Journey, Visit
from reports.store.kept import for_an_hour

# By how many conversions, completed in so many days, it is known how long conversions take.
FEWEST, LOOK_BACK = 20, 365
# From so many on, those of another hour change nothing that anybody sees, and all are not read again after each change.
MANY = 10_000
HOURS_A_DAY = 24


@dataclass(frozen=True)
class Maturity:
    """`days`: within which nine of ten conversions were made, None where too few are known; `of`: how many are."""

    days: float | None
    of: int
    as_of: date

    @property
    def young_from(self) -> date | None:
        """What began on this day or later is immature; None: nothing is judged."""
        # An age in days that is less than `days`: a p90 of 2.5 days leaves out those 0, 1 and 2 days old.
        return None if self.days is None else self.as_of - timedelta(days=ceil(self.days) - 1)

    def is_young(self, last_day: date) -> bool:
        """Whether a cohort whose last day this is has had less time than nine of ten conversions took."""
        return self.days is not None and (self.as_of - last_day).days < self.days


def maturity_of_mqls(as_of: date) -> Maturity:
    """Of MQL visits, by those that were accepted in the year before: p90 of their hours."""
    return for_an_hour(
        f"maturity of mqls|{as_of}", lambda: _of_mqls(as_of), lasts=lambda found: found.of >= MANY
    )


def maturity_of_reaching(as_of: date) -> Mapping[Stage, Maturity]:
    """Of leads, by those that first reached each stage in the year before: p90 of their days since creation."""
    return for_an_hour(
        f"maturity of reaching|{as_of}",
        lambda: {goal: _of_reaching(as_of, goal) for goal in SUCCESS_PATH[1:]},
        lasts=_are_many,
    )


def maturity_of_winning(as_of: date) -> Mapping[Stage, Maturity]:
    """Of visits to each stage, by those whose leads became customers in the year before: p90 of their days."""
    return for_an_hour(f"maturity of winning|{as_of}", lambda: _of_winning(as_of), lasts=_are_many)


def _are_many(found: Mapping[Stage, Maturity]) -> bool:
    return sum(maturity.of for maturity in found.values()) >= MANY


def _of_mqls(as_of: date) -> Maturity:
    accepted = Visit.objects.filter(
        _in_the_year(as_of, "left_day"), position=MQL, next_position__in=ACCEPTING
    )
    return _judged(histogram(accepted, F("hours")), as_of, unit=HOURS_A_DAY)


def _of_reaching(as_of: date, goal: Stage) -> Maturity:
    column = f"reached_{goal.value}"
    reached = Journey.objects.filter(_in_the_year(as_of, column))
    return _judged(histogram(reached, days_between("created_day", column)), as_of)


def _of_winning(as_of: date) -> dict[Stage, Maturity]:
    won = Visit.objects.filter(_in_the_year(as_of, "won_day"))
    days = won.order_by().annotate(days=days_between("entered_day", "won_day"))
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for position, took, times in days.values_list("position", "days").annotate(times=Count("pk")):
        found[position][took] = times
    return {stage: _judged(found[stage.position], as_of) for stage in Stage}


def days_between(first: str, last: str) -> Combinable:
    """Calendar days from one column of days to another, negative where it comes before."""
    return ExpressionWrapper(F(last) - F(first), output_field=IntegerField())


def histogram(rows: QuerySet[Any, Any], value: Any) -> Histogram:
    """How many rows have each value, counted by the database."""
    counted = rows.order_by().annotate(counted_value=value).values_list("counted_value")
    return dict(counted.annotate(times=Count("pk")))


def _in_the_year(as_of: date, column: str) -> Q:
    return Q(**{f"{column}__gt": as_of - timedelta(days=LOOK_BACK), f"{column}__lte": as_of})


def _judged(values: Histogram, as_of: date, *, unit: int = 1) -> Maturity:
    known = sum(values.values())
    p90 = percentile(values, 90)
    return Maturity(None if p90 is None or known < FEWEST else p90 / unit, known, as_of)
