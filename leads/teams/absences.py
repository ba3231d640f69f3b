"""Who is away when: entered by oneself or by whoever looks after the team. Routing reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from leads.errors import LeadError
from leads.models import Absence, User
from leads.models.fields import day_of
from leads.permissions import can_enter_absence

CALENDAR_DAYS = 28


class AbsenceRefused(LeadError):
    """It cannot be meant, or is not theirs to enter."""


@dataclass(frozen=True)
class Days:
    """The first and the last day away."""

    first: date
    last: date
    note: str = ""


@transaction.atomic
def add_absence(*, user: User, days: Days, by: User, at: datetime) -> Absence:
    """Raises AbsenceRefused."""
    _check(user, days, by, at)
    return Absence.objects.create(
        user=user, first_day=days.first, last_day=days.last, note=days.note, created_by=by, created_at=at
    )


@transaction.atomic
def change_absence(*, absence: Absence, days: Days, by: User, at: datetime) -> None:
    """Raises AbsenceRefused."""
    _check(absence.user, days, by, at, but=absence)
    absence.first_day, absence.last_day, absence.note = days.first, days.last, days.note
    absence.save(update_fields=["first_day", "last_day", "note"])


def remove_absence(*, absence: Absence, by: User) -> None:
    """Raises AbsenceRefused."""
    _check_right(absence.user, by)
    absence.delete()


@dataclass(frozen=True)
class CalendarDay:
    day: date
    is_weekend: bool
    opens_month: bool


@dataclass(frozen=True)
class CalendarRow:
    user: User
    away: Sequence[Absence | None]  # for each day of the calendar


@dataclass(frozen=True)
class AbsenceCalendar:
    days: Sequence[CalendarDay]
    rows: Sequence[CalendarRow]
    absences: Sequence[Absence]  # those that are not over, also beyond the calendar


def absences_of(people: Sequence[User], *, at: datetime) -> AbsenceCalendar:
    """Four weeks from this week's Monday on, and the list of all that is to come. One query."""
    today = day_of(at)
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(days=number) for number in range(CALENDAR_DAYS)]
    found = list(
        Absence.objects.ending_from(monday).filter(user__in=people).select_related("user__team", "created_by")
    )
    return AbsenceCalendar(
        days=[CalendarDay(day, day.weekday() > 4, opens_month=day.day == 1 or day == monday) for day in days],
        rows=[
            CalendarRow(
                user, [_covering([one for one in found if one.user_id == user.pk], day) for day in days]
            )
            for user in people
        ],
        absences=[one for one in found if one.last_day is not None and one.last_day >= today],
    )


def _covering(absences: Sequence[Absence], day: date) -> Absence | None:
    for absence in absences:
        assert absence.first_day is not None and absence.last_day is not None
        if absence.first_day <= day <= absence.last_day:
            return absence
    return None


def _check(user: User, days: Days, by: User, at: datetime, but: Absence | None = None) -> None:
    _check_right(user, by)
    if days.last < days.first:
        raise AbsenceRefused("The last day away must not be before the first.")
    if days.last < day_of(at):
        raise AbsenceRefused("These days are over; only days from today on change anything.")
    # Two entries at once find out about each other here; routing could live with both.
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    others = Absence.objects.filter(user=user, first_day__lte=days.last, last_day__gte=days.first)
    other = (others.exclude(pk=but.pk) if but else others).first()
    if other is not None:
        raise AbsenceRefused(
            f"{user} is away from {other.first_day:%d %b} to {other.last_day:%d %b %Y} already; change that instead."
        )


def _check_right(user: User, by: User) -> None:
    if not can_enter_absence(by, user):
        raise AbsenceRefused(
            f"Absences of {user} are entered by themselves, their managers and administrators."
        )
