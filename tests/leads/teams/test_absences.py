from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from leads.models import Absence, Role
from leads.teams.absences import (
    AbsenceRefused,
    Days,
    absences_of,
    add_absence,
    change_absence,
    remove_absence,
)
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)  # a Wednesday


def march(first: int, last: int) -> Days:
    return Days(date(2026, 3, first), date(2026, 3, last))


def test_everybody_enters_their_own_and_managers_those_of_their_team() -> None:
    north = TeamFactory()
    alice = UserFactory(role=Role.REP, team=north)
    allowed = [
        alice,
        UserFactory(role=Role.MANAGER, team=north),
        UserFactory(role=Role.MANAGER),
        UserFactory(role=Role.ADMINISTRATOR),
    ]
    refused = [
        UserFactory(role=Role.REP, team=north),
        UserFactory(role=Role.MANAGER, team=TeamFactory()),
        UserFactory(role=Role.MARKETER, team=north),
    ]

    for day, by in enumerate(allowed, start=10):
        absence = add_absence(user=alice, days=march(day, day), by=by, at=NOW)
        assert (absence.created_by, absence.created_at) == (by, NOW)
    for by in refused:
        with pytest.raises(AbsenceRefused, match="their managers and administrators"):
            add_absence(user=alice, days=march(20, 21), by=by, at=NOW)
        with pytest.raises(AbsenceRefused):
            remove_absence(absence=absence, by=by)
    assert Absence.objects.count() == len(allowed)


def test_two_absences_do_not_overlap_and_a_change_does_not_collide_with_itself() -> None:
    alice = UserFactory(username="alice", role=Role.REP)
    absence = add_absence(user=alice, days=march(10, 12), by=alice, at=NOW)
    other = add_absence(user=alice, days=march(16, 20), by=alice, at=NOW)

    for days in (march(12, 13), march(8, 30), march(11, 11)):
        with pytest.raises(AbsenceRefused, match="alice is away from 10 Mar to 12 Mar 2026 already"):
            add_absence(user=alice, days=days, by=alice, at=NOW)
    change_absence(absence=absence, days=march(9, 13), by=alice, at=NOW)
    with pytest.raises(AbsenceRefused, match="from 09 Mar to 13 Mar"):
        change_absence(absence=other, days=march(13, 20), by=alice, at=NOW)

    days = Absence.objects.order_by("first_day").values_list("first_day", "last_day")
    assert [(first.day, last.day) for first, last in days] == [(9, 13), (16, 20)]


def test_days_that_are_over_or_end_before_they_begin_are_refused() -> None:
    alice = UserFactory(role=Role.REP)

    with pytest.raises(AbsenceRefused, match="not be before the first"):
        add_absence(user=alice, days=march(12, 11), by=alice, at=NOW)
    with pytest.raises(AbsenceRefused, match="are over"):
        add_absence(user=alice, days=march(1, 3), by=alice, at=NOW)
    add_absence(user=alice, days=march(1, 4), by=alice, at=NOW)


def test_the_calendar_begins_on_monday_and_lists_all_to_come() -> None:
    alice, bob = UserFactory(role=Role.REP), UserFactory(role=Role.REP)
    Absence.objects.create(user=alice, first_day=date(2026, 2, 27), last_day=date(2026, 3, 3))
    Absence.objects.create(user=bob, first_day=date(2026, 3, 5), last_day=date(2026, 3, 6))
    Absence.objects.create(user=bob, first_day=date(2026, 12, 1), last_day=date(2026, 12, 2))

    calendar = absences_of([alice, bob], at=NOW)

    assert [day.day for day in calendar.days[:2]] == [date(2026, 3, 2), date(2026, 3, 3)]
    assert len(calendar.days) == 28
    away = [[bool(absence) for absence in row.away[:6]] for row in calendar.rows]
    assert away == [[True, True, False, False, False, False], [False, False, False, True, True, False]]
    assert [absence.user for absence in calendar.absences] == [bob, bob]
