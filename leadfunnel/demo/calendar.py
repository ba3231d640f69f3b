"""Day numbers and seconds to instants, for millions of activities: each day is looked up in TIME_ZONE once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from leads.models.fields import day_from_number, day_number
from reports.period import end_of_day, start_of_day

MONTHS = 18


@lru_cache(maxsize=4096)
def _bounds(day: int) -> tuple[datetime, int]:
    """The first instant of a day, and its length in seconds (23 to 25 hours)."""
    start = start_of_day(day_from_number(day))
    return start, int((end_of_day(day_from_number(day)) - start).total_seconds())


def instant(day: int, second: int) -> datetime:
    """`second` seconds into a day, and never into the next one."""
    start, length = _bounds(day)
    return start + timedelta(seconds=min(second, length - 1))


def first_day(today: date) -> int:
    """The day on which the history begins: 18 months before today."""
    month = today.year * 12 + today.month - 1 - MONTHS
    return day_number(date(month // 12, month % 12 + 1, min(today.day, 28)))
