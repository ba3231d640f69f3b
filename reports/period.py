"""Periods: half-open ranges of calendar days in the organisation's time zone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

DAY = timedelta(days=1)


class InvalidPeriod(ValueError):
    """A period that cannot exist; the message is a sentence for the person who asked for it."""


def start_of_day(day: date) -> datetime:
    """The first instant of a calendar day in TIME_ZONE, on nights with a clock change too."""
    # fold=0 (the default) takes the first of two midnights, and for a midnight that a clock change
    # skips the offset before it, which is the same instant as the first one that exists.
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


def end_of_day(day: date) -> datetime:
    """The first instant after a calendar day: what happened by the day's end is *before* it."""
    return start_of_day(day + DAY)


def today() -> date:
    """The calendar day of now in TIME_ZONE."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


@dataclass(frozen=True)
class Period:
    """The days `start` to `end`, without `end` itself. Never empty."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidPeriod(
                f"The period must end after it starts: it starts on {self.start} and ends before {self.end}."
            )

    @classmethod
    def of_days(cls, first: date, last: date) -> Period:
        """The period of which both days are part, as pages show it."""
        if last < first:
            raise InvalidPeriod(f"The first day, {first}, is after the last day, {last}.")
        return cls(first, last + DAY)

    @property
    def last_day(self) -> date:
        return self.end - DAY

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def starts_at(self) -> datetime:
        return start_of_day(self.start)

    @property
    def ends_at(self) -> datetime:
        """The first instant that is no longer in the period."""
        return start_of_day(self.end)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __str__(self) -> str:
        return f"{self.start} to {self.last_day}"

    def previous(self) -> Period:
        """The period just before of the same length: whole months before whole months, else days."""
        if self.start.day == 1 and self.end.day == 1:
            return Period(_add_months(self.start, -self._months()), self.start)
        return Period(self.start - (self.end - self.start), self.start)

    def year_before(self) -> Period:
        """The same days of the year before; where there is no 29 February, until or from the 28th."""
        start, end = _year_before(self.start), _year_before(self.end)
        return Period(start, max(end, start + DAY))

    def _months(self) -> int:
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month


def _add_months(first: date, months: int) -> date:
    """The first day of the month that lies `months` after the month of `first`."""
    month = first.year * 12 + first.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)


def _year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _last_days(days: int) -> Callable[[date], Period]:
    return lambda day: Period(day - timedelta(days=days - 1), day + DAY)


def _months(*, step: int, back: int) -> Callable[[date], Period]:
    """Calendar months, quarters or years (`step` months): the present one, or `back` of them ago."""

    def build(day: date) -> Period:
        first = _add_months(day, -((day.month - 1) % step) - back * step)
        return Period(first, _add_months(first, step))

    return build


def _last_twelve_months(day: date) -> Period:
    return Period(_add_months(day, -11), day + DAY)


@dataclass(frozen=True)
class Preset:
    key: str
    label: str
    build: Callable[[date], Period]


PRESETS: dict[str, Preset] = {
    preset.key: preset
    for preset in (
        Preset("last_30_days", "Last 30 days", _last_days(30)),
        Preset("last_90_days", "Last 90 days", _last_days(90)),
        Preset("this_month", "This month", _months(step=1, back=0)),
        Preset("last_month", "Last month", _months(step=1, back=1)),
        Preset("this_quarter", "This quarter", _months(step=3, back=0)),
        Preset("last_quarter", "Last quarter", _months(step=3, back=1)),
        Preset("this_year", "This year", _months(step=12, back=0)),
        Preset("last_year", "Last year", _months(step=12, back=1)),
        Preset("last_12_months", "Last 12 months", _last_twelve_months),
    )
}
DEFAULT_PRESET = "last_12_months"


def preset_period(key: str, *, today: date) -> Period:
    """The period that a preset means on the day `today`; KeyError where there is no such preset."""
    return PRESETS[key].build(today)
