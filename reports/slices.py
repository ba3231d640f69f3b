"""A period in weeks or months, for what is shown over time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reports.period import DAY, Period

# Up to so many days a period is shown by week, a longer one by month.
MOST_BY_WEEK = 120


@dataclass(frozen=True)
class Slice:
    """A week (Monday to Sunday) or month as far as it lies in the period; `is_whole`: all of it does, and is over."""

    period: Period
    is_week: bool
    is_whole: bool

    @property
    def label(self) -> str:
        first = self.period.start
        return f"{first.day} {first:%b %Y}" if self.is_week else f"{first:%b %Y}"


def slices(period: Period, *, as_of: date) -> list[Slice]:
    """The weeks or months of the period up to the day `as_of`, in order; none where all of it lies after that day."""
    by_week = period.days <= MOST_BY_WEEK
    end = min(period.end, as_of + DAY)
    found = []
    for first, following in _weeks(period.start, end) if by_week else _months(period.start, end):
        part = Period(max(first, period.start), min(following, end))
        found.append(Slice(part, by_week, is_whole=part == Period(first, following)))
    return found


def slice_of(parts: Sequence[Slice], day: date | None) -> Slice | None:
    """Which of the slices of a period, in their order, the day lies in."""
    if day is None:
        return None
    place = bisect_right(parts, day, key=lambda part: part.period.start)
    return parts[place - 1] if place and day in parts[place - 1].period else None


def whole_months(period: Period, *, as_of: date) -> list[Period]:
    """The calendar months that lie in the period and were over by the end of the day `as_of`."""
    end = min(period.end, as_of + DAY)
    return [
        Period(first, following)
        for first, following in _months(period.start, end)
        if first >= period.start and following <= end
    ]


def month_after(day: date, months: int = 1) -> date:
    """The first day of the month that lies `months` after the month of a day."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _weeks(start: date, end: date) -> Iterator[tuple[date, date]]:
    first = start - timedelta(days=start.weekday())
    while first < end:
        yield first, first + 7 * DAY
        first += 7 * DAY


def _months(start: date, end: date) -> Iterator[tuple[date, date]]:
    first = start.replace(day=1)
    while first < end:
        yield first, month_after(first)
        first = month_after(first)
