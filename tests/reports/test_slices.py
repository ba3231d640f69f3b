from __future__ import annotations

from datetime import date, timedelta

import pytest

from reports.period import Period
from reports.slices import month_after, slice_of, slices, whole_months


def days(*parts: str) -> list[tuple[str, ...]]:
    return [tuple(part.split()) for part in parts]


def as_days(found) -> list[tuple[str, str]]:
    return [(str(one.start), str(one.last_day)) for one in found]


def test_slices_are_weeks_up_to_120_days_and_months_beyond():
    # 120 days from 1 Jan 2026, a Thursday: 18 weeks, the first and last in part.
    short = slices(Period(date(2026, 1, 1), date(2026, 5, 1)), as_of=date(2026, 12, 31))
    long = slices(Period(date(2026, 1, 1), date(2026, 5, 2)), as_of=date(2026, 12, 31))

    assert len(short) == 18
    assert as_days(part.period for part in short[:2]) == days(
        "2026-01-01 2026-01-04", "2026-01-05 2026-01-11"
    )
    assert [part.is_whole for part in (short[0], short[1], short[-1])] == [False, True, False]
    assert [part.label for part in long] == ["Jan 2026", "Feb 2026", "Mar 2026", "Apr 2026", "May 2026"]
    assert [part.is_whole for part in long] == [True, True, True, True, False]


def test_slices_end_with_the_day_that_is_looked_back_from():
    period = Period(date(2024, 1, 1), date(2025, 1, 1))

    # A leap year's February is whole on the 29th, not on the 28th.
    assert slices(period, as_of=date(2024, 2, 28))[-1].is_whole is False
    assert slices(period, as_of=date(2024, 2, 29))[-1].is_whole is True
    assert slices(period, as_of=date(2023, 12, 31)) == []


def test_slices_have_every_day_once():
    period = Period(date(2025, 11, 12), date(2026, 3, 4))

    found = [part.period for part in slices(period, as_of=date(2026, 12, 31))]

    assert found[0].start == period.start
    assert found[-1].end == period.end
    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]


@pytest.mark.parametrize(
    ("start", "end", "as_of", "expected"),
    [
        ("2026-01-01", "2026-03-01", "2026-12-31", ["2026-01-01 2026-01-31", "2026-02-01 2026-02-28"]),
        ("2026-01-02", "2026-03-31", "2026-12-31", ["2026-02-01 2026-02-28"]),
        ("2026-01-01", "2026-04-01", "2026-02-27", ["2026-01-01 2026-01-31"]),
        ("2026-01-10", "2026-01-20", "2026-12-31", []),
        ("2026-01-01", "2026-04-01", "2025-12-31", []),
    ],
)
def test_whole_months_lie_in_the_period_and_are_over(start, end, as_of, expected):
    period = Period(date.fromisoformat(start), date.fromisoformat(end))

    assert as_days(whole_months(period, as_of=date.fromisoformat(as_of))) == days(*expected)


def test_month_after_crosses_years():
    assert month_after(date(2026, 12, 31)) == date(2027, 1, 1)
    assert month_after(date(2026, 1, 15), -1) == date(2025, 12, 1)
    assert month_after(date(2024, 2, 29), 12) == date(2025, 2, 1)


def test_each_day_lies_in_the_one_slice_that_holds_it():
    period = Period(date(2026, 1, 15), date(2026, 7, 3))
    parts = slices(period, as_of=date(2026, 6, 10))

    for day in (date(2025, 12, 31) + timedelta(days=number) for number in range(240)):
        assert slice_of(parts, day) == next((part for part in parts if day in part.period), None)
    assert slice_of(parts, None) is None
    assert slice_of([], date(2026, 1, 15)) is None
