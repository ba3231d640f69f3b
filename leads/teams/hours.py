"""Working hours as people write them: `9:00-12:30, 13:30-17` a weekday."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time

from leads.errors import LeadError
from leads.models import WorkingHours

Ranges = Sequence[tuple[time, time]]
RANGE = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|–|—|to)\s*(\d{1,2})(?:[:.](\d{2}))?", re.ASCII)
MOST_RANGES = 6
EXAMPLE = "write them as 9:00-12:30, 13:30-17:00"


class HoursRefused(LeadError):
    """These are no hours."""


def parse_hours(text: str, *, weekday: WorkingHours.Weekday) -> list[tuple[time, time]]:
    """The ranges of a day, in order; none for a day off. Raises HoursRefused."""
    day = weekday.label
    parts = [part.strip() for part in re.split(r"[,;]", text) if part.strip()]
    if len(parts) > MOST_RANGES:
        raise HoursRefused(f"{day}: at most {MOST_RANGES} ranges, not {len(parts)}.")
    ranges = sorted(_range(part, day) for part in parts)
    for (_, closes), (opens, until) in zip(ranges, ranges[1:], strict=False):
        if opens < closes:
            raise HoursRefused(f"{day}: {_words(opens, until)} overlaps with the range before it.")
    return ranges


def hours_text(ranges: Ranges) -> str:
    return ", ".join(_words(opens, closes) for opens, closes in ranges)


def _range(part: str, day: str) -> tuple[time, time]:
    found = RANGE.fullmatch(part)
    if found is None:
        raise HoursRefused(f"{day}: “{part[:30]}” is no range of hours; {EXAMPLE}.")
    opens, closes = (_clock(found[start], found[start + 1], day) for start in (1, 3))
    if opens >= closes:
        raise HoursRefused(f"{day}: {part} ends before it begins; for a night shift enter both days.")
    return opens, closes


def _clock(hour: str, minute: str | None, day: str) -> time:
    if int(hour) == 24 and not int(minute or 0):
        return time(23, 59)
    if int(hour) > 23 or int(minute or 0) > 59:
        raise HoursRefused(f"{day}: {hour}:{minute or '00'} is no time of day; use 0:00 to 24:00.")
    return time(int(hour), int(minute or 0))


def _words(opens: time, closes: time) -> str:
    return f"{opens.hour}:{opens:%M}-{closes.hour}:{closes:%M}"
