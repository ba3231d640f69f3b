from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from leads.handoff.sla import BusinessClock
from leads.models import WorkingHours
from tests.factories import TeamFactory

OFFICE = {day: ((time(9), time(17)),) for day in range(5)}
BERLIN = ZoneInfo("Europe/Berlin")


def clock(**fields: object) -> BusinessClock:
    return BusinessClock(**{"zone": BERLIN, "hours": OFFICE, **fields})  # type: ignore[arg-type]


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        # 2026-03-06 is a Friday, 2026-03-11 a Wednesday.
        (berlin(2026, 3, 6, 16, 30), 1, berlin(2026, 3, 9, 9, 30)),
        (berlin(2026, 3, 11, 10), 2, berlin(2026, 3, 11, 12)),
        (berlin(2026, 3, 11, 7), 2, berlin(2026, 3, 11, 11)),
        (berlin(2026, 3, 11, 17), 1, berlin(2026, 3, 12, 10)),
        (berlin(2026, 3, 7, 12), 8, berlin(2026, 3, 9, 17)),
    ],
)
def test_deadline_counts_business_hours_only(start: datetime, hours: int, due: datetime) -> None:
    assert clock().deadline(start=start, minutes=hours * 60) == due


def test_segments_explain_the_deadline() -> None:
    first, second = clock().segments(start=berlin(2026, 3, 6, 16, 30), minutes=60)

    assert (first.starts_at, first.minutes) == (berlin(2026, 3, 6, 16, 30), 30)
    assert (second.starts_at, second.ends_at, second.minutes) == (
        berlin(2026, 3, 9, 9),
        berlin(2026, 3, 9, 9, 30),
        30,
    )


def test_deadline_counts_the_real_minutes_of_a_night_with_a_clock_change() -> None:
    # On 2026-03-29 clocks in Berlin go from 2:00 to 3:00: 0:00 to 4:00 has three hours.
    all_night = {day: ((time(0), time(4)),) for day in range(7)}

    due = clock(hours=all_night).deadline(start=berlin(2026, 3, 29, 0), minutes=240)

    assert due == berlin(2026, 3, 30, 1)


def test_deadline_skips_public_holidays() -> None:
    # 2026-04-03 is Good Friday, 2026-04-06 Easter Monday.
    assert clock(holiday_country="DE").deadline(start=berlin(2026, 4, 2, 16, 30), minutes=60) == berlin(
        2026, 4, 7, 9, 30
    )


def test_deadline_is_none_where_the_team_never_opens() -> None:
    assert clock(hours={}).deadline(start=berlin(2026, 3, 6, 12), minutes=60) is None


def test_elapsed_counts_business_time_between_two_instants() -> None:
    assert clock().elapsed(start=berlin(2026, 3, 6, 16), end=berlin(2026, 3, 9, 10)) == timedelta(hours=2)
    assert clock().elapsed(start=berlin(2026, 3, 7, 10), end=berlin(2026, 3, 7, 12)) == timedelta()


@pytest.mark.django_db
def test_of_team_reads_hours_and_zone_and_falls_back_to_office_hours() -> None:
    team = TeamFactory(time_zone="America/New_York")
    start = datetime(2026, 3, 2, 12, tzinfo=UTC)  # Monday, 7:00 in New York

    assert BusinessClock.of_team(team).deadline(start=start, minutes=60) == datetime(
        2026, 3, 2, 15, tzinfo=UTC
    )

    WorkingHours.objects.create(team=team, weekday=1, opens_at=time(8), closes_at=time(9))
    assert BusinessClock.of_team(team).deadline(start=start, minutes=60) == datetime(
        2026, 3, 3, 14, tzinfo=UTC
    )
