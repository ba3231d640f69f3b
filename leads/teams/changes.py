"""What was changed about a team, in words, by whom and when: deadlines of the past were counted by it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time

from leads.models import Team, TeamChange, User, WorkingHours
from leads.teams.hours import hours_text

Hours = Mapping[int, tuple[tuple[time, time], ...]]  # by weekday, 0 is Monday
_NAMES = {
    "name": "Name",
    "time_zone": "Time zone",
    "holiday_country": "Holidays",
    "decide_minutes": "Minutes to decide",
    "decide_fast_minutes": "Minutes to decide, fast-tracked",
    "first_touch_minutes": "Minutes to the first touch",
    "weekly_capacity": "Decisions in a week",
}
_LONGEST = 1000


def record(team: Team, what: str, *, by: User, at: datetime) -> None:
    """Nothing changed, nothing recorded."""
    if what:
        TeamChange.objects.create(team=team, what=what[:_LONGEST], by=by, at=at)


def differences(before: Team, after: Team, hours_before: Hours, hours_after: Hours) -> str:
    said = [
        f"{label} from {getattr(before, field) or 'none'} to {getattr(after, field) or 'none'}"
        for field, label in _NAMES.items()
        if getattr(before, field) != getattr(after, field)
    ]
    if before.is_active != after.is_active:
        said.append("In use" if after.is_active else "Out of use")
    for day in WorkingHours.Weekday:
        was, now = (hours_text(hours.get(day.value, ())) for hours in (hours_before, hours_after))
        if was != now:
            said.append(f"{day.label} from {was or 'closed'} to {now or 'closed'}")
    return "; ".join(said)


def hours_of(team: Team) -> Hours:
    found: dict[int, tuple[tuple[time, time], ...]] = {}
    for row in WorkingHours.objects.filter(team=team).order_by("weekday", "opens_at"):
        found[row.weekday] = (*found.get(row.weekday, ()), (row.opens_at, row.closes_at))
    return found
