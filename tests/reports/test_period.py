from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from reports.period import PRESETS, InvalidPeriod, Period, end_of_day, preset_period, start_of_day


def test_period_contains_its_start_and_not_its_end():
    january = Period(date(2026, 1, 1), date(2026, 2, 1))

    assert date(2026, 1, 1) in january
    assert date(2026, 1, 31) in january
    assert date(2026, 2, 1) not in january
    assert january.last_day == date(2026, 1, 31)
    assert january.days == 31


@pytest.mark.parametrize("end", [date(2026, 1, 1), date(2025, 12, 31)])
def test_period_that_does_not_end_after_its_start_is_refused(end):
    with pytest.raises(InvalidPeriod, match="must end after it starts"):
        Period(date(2026, 1, 1), end)


def test_of_days_includes_both_days():
    assert Period.of_days(date(2026, 1, 1), date(2026, 1, 1)) == Period(date(2026, 1, 1), date(2026, 1, 2))


def test_of_days_names_both_days_when_they_are_swapped():
    with pytest.raises(InvalidPeriod, match="The first day, 2026-02-01, is after the last day, 2026-01-01."):
        Period.of_days(date(2026, 2, 1), date(2026, 1, 1))


def test_previous_of_whole_months_is_whole_months():
    march = Period(date(2024, 3, 1), date(2024, 4, 1))
    quarter = Period(date(2024, 1, 1), date(2024, 4, 1))

    assert march.previous() == Period(date(2024, 2, 1), date(2024, 3, 1))  # 29 days, not 31
    assert quarter.previous() == Period(date(2023, 10, 1), date(2024, 1, 1))


def test_previous_of_days_is_as_many_days():
    assert Period(date(2026, 3, 5), date(2026, 3, 12)).previous() == Period(
        date(2026, 2, 26), date(2026, 3, 5)
    )


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        ("last_30_days", date(2024, 2, 1), date(2024, 3, 1)),  # leap year: February has 29 days
        ("last_90_days", date(2023, 12, 3), date(2024, 3, 1)),
        ("this_month", date(2024, 3, 1), date(2024, 3, 31)),
        ("last_month", date(2024, 2, 1), date(2024, 2, 29)),
        ("this_quarter", date(2024, 1, 1), date(2024, 3, 31)),
        ("last_quarter", date(2023, 10, 1), date(2023, 12, 31)),
        ("this_year", date(2024, 1, 1), date(2024, 12, 31)),
        ("last_year", date(2023, 1, 1), date(2023, 12, 31)),
        ("last_12_months", date(2023, 4, 1), date(2024, 3, 1)),
    ],
)
def test_preset_means_these_days_on_1_march_2024(preset, first, last):
    assert preset_period(preset, today=date(2024, 3, 1)) == Period.of_days(first, last)


def test_every_preset_is_covered_above():
    assert len(PRESETS) == 9


def test_day_is_23_hours_on_the_night_the_clocks_go_forward(settings):
    settings.TIME_ZONE = "Europe/Berlin"

    start, end = start_of_day(date(2026, 3, 29)), end_of_day(date(2026, 3, 29))

    assert start.astimezone(UTC) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert end.astimezone(UTC) == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_day_without_midnight_starts_at_its_first_instant(settings):
    # In Brazil the clock went from 2018-11-03 23:59:59 to 2018-11-04 01:00.
    settings.TIME_ZONE = "America/Sao_Paulo"

    assert start_of_day(date(2018, 11, 4)).astimezone(UTC) == datetime(2018, 11, 4, 3, tzinfo=UTC)
