"""Business time: deadlines and the segments that explain them, in a team's hours, zone and holidays.

Hours are converted to instants day by day, so that a day of a clock change counts the minutes it really has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from django.conf import settings

from leads.models import Team

DEFAULT_HOURS: Mapping[int, tuple[tuple[time, time], ...]] = {day: ((time(9), time(17)),) for day in range(5)}
DEFAULT_DECIDE_MINUTES, DEFAULT_FAST_MINUTES, DEFAULT_FIRST_TOUCH_MINUTES = 240, 60, 480
# Past so many days without a business minute, hours and holidays leave no time at all.
HORIZON_DAYS = 400


@dataclass(frozen=True)
class Segment:
    """A stretch of business time, UTC instants, half-open."""

    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> float:
        return (self.ends_at - self.starts_at).total_seconds() / 60


@dataclass(frozen=True)
class Holiday:
    day: date
    name: str


@dataclass(frozen=True)
class Deadline:
    """When it is over, and when whoever is responsible is reminded: at three quarters of the business time."""

    due_at: datetime
    remind_at: datetime


@dataclass(frozen=True)
class BusinessClock:
    zone: ZoneInfo
    hours: Mapping[int, tuple[tuple[time, time], ...]]
    holiday_country: str = ""
    decide_minutes: int = DEFAULT_DECIDE_MINUTES
    decide_fast_minutes: int = DEFAULT_FAST_MINUTES
    first_touch_minutes: int = DEFAULT_FIRST_TOUCH_MINUTES

    @classmethod
    def of_team(cls, team: Team | None) -> BusinessClock:
        """The team's clock. Without hours of its own, or without a team: Monday to Friday, 9:00 to 17:00."""
        if team is None:
            return cls(zone=ZoneInfo(settings.TIME_ZONE), hours=DEFAULT_HOURS)
        hours: dict[int, tuple[tuple[time, time], ...]] = {}
        for row in team.working_hours.all():
            hours[row.weekday] = (*hours.get(row.weekday, ()), (row.opens_at, row.closes_at))
        return cls(
            zone=team.zone,
            hours={day: tuple(sorted(ranges)) for day, ranges in hours.items()} or DEFAULT_HOURS,
            holiday_country=team.holiday_country,
            decide_minutes=team.decide_minutes,
            decide_fast_minutes=team.decide_fast_minutes,
            first_touch_minutes=team.first_touch_minutes,
        )

    def to_decide(self, *, start: datetime, fast_tracked: bool) -> Deadline | None:
        return self._deadline_with_reminder(start, self.minutes_to_decide(fast_tracked=fast_tracked))

    def to_touch(self, *, start: datetime) -> Deadline | None:
        return self._deadline_with_reminder(start, self.first_touch_minutes)

    def decide_due(self, *, start: datetime, fast_tracked: bool) -> datetime | None:
        return self.deadline(start=start, minutes=self.minutes_to_decide(fast_tracked=fast_tracked))

    def first_touch_due(self, *, start: datetime) -> datetime | None:
        return self.deadline(start=start, minutes=self.first_touch_minutes)

    def minutes_to_decide(self, *, fast_tracked: bool) -> int:
        return self.decide_fast_minutes if fast_tracked else self.decide_minutes

    def _deadline_with_reminder(self, start: datetime, minutes: int) -> Deadline | None:
        due = self.deadline(start=start, minutes=minutes)
        remind = self.deadline(start=start, minutes=max(1, minutes * 3 // 4))
        return Deadline(due, remind) if due and remind else None

    def is_open(self, at: datetime) -> bool:
        """Whether the instant is within business hours."""
        day = at.astimezone(self.zone).date()
        # As instants: in a night of a clock change an hour of the clock comes twice.
        return self.is_workday(day) and any(
            self._instant(day, opens) <= at < self._instant(day, closes)
            for opens, closes in self.hours[day.weekday()]
        )

    def is_workday(self, day: date) -> bool:
        return bool(self.hours.get(day.weekday())) and not self._is_holiday(day)

    def deadline(self, *, start: datetime, minutes: int) -> datetime | None:
        """The instant at which `minutes` of business time have passed; None where the team never opens."""
        segments = self.segments(start=start, minutes=minutes)
        return segments[-1].ends_at if segments else None

    def next_open(self, at: datetime) -> datetime:
        """The instant itself within business hours, else the next opening; where the team never opens, itself too."""
        opening = next(self._openings(at), None)
        return opening.starts_at if opening else at

    def segments(self, *, start: datetime, minutes: int) -> list[Segment]:
        """The stretches that make up `minutes` of business time from `start` on, in order."""
        left, found = timedelta(minutes=minutes), []
        for opening in self._openings(start):
            taken = min(left, opening.ends_at - opening.starts_at)
            found.append(Segment(opening.starts_at, opening.starts_at + taken))
            left -= taken
            if not left:
                return found
        return []

    def elapsed(self, *, start: datetime, end: datetime) -> timedelta:
        """Business time between two instants; 0 where `end` is not after `start`."""
        stretches = self.between(start=start, end=end)
        return sum((stretch.ends_at - stretch.starts_at for stretch in stretches), timedelta())

    def _openings(self, start: datetime) -> Iterator[Segment]:
        """Business hours from `start` on; a range under way begins at `start`."""
        first = start.astimezone(self.zone).date()
        for offset in range(HORIZON_DAYS):
            day = first + timedelta(days=offset)
            if self._is_holiday(day):
                continue
            for opens, closes in self.hours.get(day.weekday(), ()):
                opens_at = max(self._instant(day, opens), start.astimezone(UTC))
                closes_at = self._instant(day, closes)
                if opens_at < closes_at:
                    yield Segment(opens_at, closes_at)

    def _instant(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, tzinfo=self.zone).astimezone(UTC)

    def between(self, *, start: datetime, end: datetime) -> list[Segment]:
        """The stretches of business time between two instants, in order."""
        found = []
        for opening in self._openings(start):
            if opening.starts_at >= end:
                break
            found.append(Segment(opening.starts_at, min(opening.ends_at, end)))
        return found

    def holidays_between(self, *, start: datetime, end: datetime) -> list[tuple[date, str]]:
        """Days on which the team would have worked but for a public holiday, with its name."""
        first, last = (at.astimezone(self.zone).date() for at in (start, end))
        days = [
            first + timedelta(days=number) for number in range(min((last - first).days + 1, HORIZON_DAYS))
        ]
        return [
            (day, _holidays(self.holiday_country, day.year)[day])
            for day in days
            if self.hours.get(day.weekday()) and self._is_holiday(day)
        ]

    def _is_holiday(self, day: date) -> bool:
        return bool(self.holiday_country) and day in _holidays(self.holiday_country, day.year)


@lru_cache(maxsize=256)
def _holidays(country: str, year: int) -> Mapping[date, str]:
    # In English where the library has it: pages are.
    return dict(holidays.country_holidays(country, years=year, language="en_US"))


def next_holidays(country: str, *, after: date, most: int) -> list[Holiday]:
    """The next public holidays from that day on, this year and next; none without a country."""
    if not country:
        return []
    known = holidays.country_holidays(country, years=(after.year, after.year + 1), language="en_US")
    return [Holiday(day, name) for day, name in sorted(known.items()) if day >= after][:most]
