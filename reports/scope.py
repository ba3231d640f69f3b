"""What a report is asked about: a period, a day to look back from, and a choice of what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.db.models import Q

from reports.dimensions import DIMENSIONS
from reports.period import DAY, Period, end_of_day


@dataclass(frozen=True)
class Scope:
    """`as_of` is a day's end: what had happened by then, as it is known today.

    `chosen` filters: the key of a dimension to a value of it ("" for those without).
    """

    period: Period
    as_of: date
    chosen: Mapping[str, str] = field(default_factory=dict)

    @property
    def known_until(self) -> datetime:
        """The first instant that is too late to count."""
        return end_of_day(self.as_of)

    def condition(self) -> Q:
        """The choice, as a condition on rows of `Counted`."""
        found = Q()
        for key, value in self.chosen.items():
            found &= DIMENSIONS[key].condition(value)
        return found

    def during(self, period: Period) -> Scope:
        return replace(self, period=period)

    def only(self, key: str, value: str) -> Scope:
        """With one more filter; KeyError where there is no such dimension."""
        return replace(self, chosen={**self.chosen, DIMENSIONS[key].key: value})


def elapsed_part(before: Period, scope: Scope) -> Period:
    """Of an earlier period as many days as the scope's has had so far: half a month is held against half a month."""
    days = (min(scope.period.last_day, scope.as_of) - scope.period.start).days + 1
    if scope.as_of >= scope.period.last_day or not 0 < days < before.days:
        return before
    return Period(before.start, before.start + days * DAY)
