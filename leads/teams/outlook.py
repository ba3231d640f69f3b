"""What a team's hours come to: the next holidays, and when something offered now would be due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from leads.handoff.sla import DEFAULT_HOURS, BusinessClock, Holiday, next_holidays


@dataclass(frozen=True)
class Outlook:
    """Instants in the team's zone; None where the team never opens."""

    now: datetime
    decide_due: datetime | None
    decide_fast_due: datetime | None
    first_touch_due: datetime | None
    holidays: Sequence[Holiday]
    has_own_hours: bool


@dataclass(frozen=True)
class Settings:
    """Of a team, saved or only typed."""

    time_zone: str
    holiday_country: str
    decide_minutes: int
    decide_fast_minutes: int
    first_touch_minutes: int
    hours: Mapping[int, tuple[tuple[time, time], ...]]

    @property
    def clock(self) -> BusinessClock:
        return BusinessClock(
            zone=ZoneInfo(self.time_zone),
            hours=self.hours or DEFAULT_HOURS,
            holiday_country=self.holiday_country,
            decide_minutes=self.decide_minutes,
            decide_fast_minutes=self.decide_fast_minutes,
            first_touch_minutes=self.first_touch_minutes,
        )


def outlook(settings: Settings, *, at: datetime, holidays: int = 5) -> Outlook:
    clock = settings.clock

    def local(due: datetime | None) -> datetime | None:
        return due.astimezone(clock.zone) if due else None

    today: date = at.astimezone(clock.zone).date()
    return Outlook(
        now=at.astimezone(clock.zone),
        decide_due=local(clock.decide_due(start=at, fast_tracked=False)),
        decide_fast_due=local(clock.decide_due(start=at, fast_tracked=True)),
        first_touch_due=local(clock.first_touch_due(start=at)),
        holidays=next_holidays(settings.holiday_country, after=today, most=holidays),
        has_own_hours=bool(settings.hours),
    )
