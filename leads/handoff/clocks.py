"""Both clocks of a handoff, explained: which stretches of business time were counted until which deadline.

A deadline is computed once, when its clock begins, and never moves. Hours, times and holidays that were changed since
are therefore seen here and nowhere else: the stretches are then those of today, and no longer add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from leads.handoff.sla import BusinessClock, Segment
from leads.models import Handoff, Team, Touch


@dataclass(frozen=True)
class ClockSheet:
    """One clock. Without `due_at` there is none, and `why_none` says why."""

    title: str
    starts_at: datetime
    team: Team | None  # whose hours; None: Monday to Friday, 9 to 17, in the organisation's time zone
    zone_name: str
    minutes: int  # that the team has by the settings of today
    due_at: datetime | None
    why_none: str
    segments: Sequence[Segment]
    holidays: Sequence[tuple[date, str]]
    is_changed: bool  # the settings of today would give another deadline
    stopped_at: datetime | None
    used: timedelta  # business time until it was stopped, or now

    @property
    def counted_minutes(self) -> float:
        return sum(segment.minutes for segment in self.segments)


def clock_sheets(handoff: Handoff, *, at: datetime) -> list[ClockSheet]:
    """The clock to decide, and, once it is accepted, that to the first touch."""
    team = handoff.team
    clock = BusinessClock.of_team(team)
    sheets = [
        _sheet(
            "To decide",
            clock,
            team,
            starts_at=handoff.offered_at,
            minutes=clock.minutes_to_decide(fast_tracked=handoff.fast_tracked),
            due_at=handoff.decide_due_at,
            stopped_at=handoff.decided_at,
            is_imported=handoff.origin == Handoff.Origin.IMPORT,
            at=at,
        )
    ]
    if handoff.state == Handoff.State.ACCEPTED and handoff.decided_at is not None:
        team = (handoff.decided_by.team if handoff.decided_by else None) or handoff.team
        clock = BusinessClock.of_team(team)
        sheets.append(
            _sheet(
                "To the first touch",
                clock,
                team,
                starts_at=handoff.decided_at,
                minutes=clock.first_touch_minutes,
                due_at=handoff.first_touch_due_at,
                stopped_at=_first_touch(handoff),
                is_imported=handoff.origin == Handoff.Origin.IMPORT,
                at=at,
            )
        )
    return sheets


def _first_touch(handoff: Handoff) -> datetime | None:
    touches = Touch.objects.filter(lead=handoff.lead_id, at__gte=handoff.decided_at)
    return touches.exclude(kind=Touch.Kind.NOTE).order_by("at", "pk").values_list("at", flat=True).first()


def _sheet(
    title: str,
    clock: BusinessClock,
    team: Team | None,
    *,
    starts_at: datetime,
    minutes: int,
    due_at: datetime | None,
    stopped_at: datetime | None,
    is_imported: bool,
    at: datetime,
) -> ClockSheet:
    is_changed = due_at is not None and clock.deadline(start=starts_at, minutes=minutes) != due_at
    why_none = (
        "Imported: what happened in another system has no clock here."
        if is_imported
        else ("The team had no business hours, so nothing was ever due.")
    )
    return ClockSheet(
        title=title,
        starts_at=starts_at,
        team=team,
        zone_name=str(clock.zone),
        minutes=minutes,
        due_at=due_at,
        why_none="" if due_at else why_none,
        segments=clock.between(start=starts_at, end=due_at) if due_at else (),
        holidays=clock.holidays_between(start=starts_at, end=due_at) if due_at else (),
        is_changed=is_changed,
        stopped_at=stopped_at,
        used=clock.elapsed(start=starts_at, end=stopped_at or at),
    )
