"""What stands before any lead does: the plan of one data set, its campaigns, and who works there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate

from leadfunnel.demo import calendar
from leadfunnel.demo.judging import Judge
from leadfunnel.demo.staff import Staff
from leads.models import Campaign
from leads.models.fields import day_from_number, day_number

_WEEKDAY_SHARES = (1.0, 1.12, 1.1, 1.04, 0.86, 0.3, 0.34)
# Leads who are ready for sales on the day of the seed, so that the queue has work: their share and most of them.
_READY_SHARE, _MOST_READY = 0.0064, 60


@dataclass(frozen=True)
class Plan:
    """How many leads, from which seed, up to which day. The same plan gives the same data."""

    leads: int
    seed: int
    today: date
    activities: int  # mean number a lead

    @property
    def first_day(self) -> int:
        return calendar.first_day(self.today)

    @property
    def today_number(self) -> int:
        return day_number(self.today)

    @property
    def volume(self) -> float:
        """Scales what is done without meaning much; the rest of a story is the same for each volume."""
        return max(0.2, (self.activities - 5.0) / 6.0)

    @property
    def until(self) -> datetime:
        """Everything invented happened before today began."""
        return calendar.instant(self.today_number, 0)

    def creation_days(self) -> _Creation:
        days = range(self.first_day, self.today_number)
        length = len(days)
        weights = [
            (0.65 + 0.7 * index / length) * _WEEKDAY_SHARES[day_from_number(day).weekday()]
            for index, day in enumerate(days)
        ]
        return _Creation(days, list(accumulate(weights)), self.leads)

    def is_ready(self, number: int) -> bool:
        """Whether lead `number` (0, 1 ...) is one of those that are ready today."""
        ready = min(_MOST_READY, round(self.leads * _READY_SHARE))
        if not ready:
            return False
        # Evenly over the younger two thirds of all leads.
        first = self.leads // 3
        step = max(1, (self.leads - first) // ready)
        return number >= first and (number - first) % step == 0 and (number - first) // step < ready


@dataclass(frozen=True)
class _Creation:
    """Days on which leads are created: more of them each month, few at weekends, in order of their number."""

    days: Sequence[int]
    cumulated: Sequence[float]
    leads: int

    def day_of(self, number: int) -> int:
        place = (number + 0.5) / self.leads * self.cumulated[-1]
        return self.days[min(bisect_right(self.cumulated, place), len(self.days) - 1)]


@dataclass(frozen=True)
class RunningCampaign:
    campaign: Campaign
    source: str
    first_day: int
    end_day: int


@dataclass(frozen=True)
class World:
    plan: Plan
    staff: Staff
    judge: Judge
    campaigns: Sequence[RunningCampaign]
    type_ids: dict[str, int]  # of activities, by code
    reason_cooldowns: dict[str, int]  # by key; only of reasons that recycle

    def campaign_on(self, source: str, day: int) -> Campaign | None:
        """The campaign of a source that runs on a day; the latest where there are several."""
        running = [
            plan.campaign
            for plan in self.campaigns
            if plan.source == source and plan.first_day <= day < plan.end_day
        ]
        return running[-1] if running else None
