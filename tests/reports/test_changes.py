from __future__ import annotations

import pytest

from reports.metrics.changes import (
    Direction,
    count_change,
    drivers_of_count,
    drivers_of_rate,
    main_driver,
    rate_change,
)
from scoring.evidence.proportions import Share

# --- Is it a change at all? ---------------------------------------------------------------------------------------


def test_rate_that_fell_beyond_chance_is_a_change():
    # 62 of 200 = 31 %, then 44 of 200 = 22 %. Wilson: 0.2501 to 0.3772 and 0.1682 to 0.2824. Newcombe of -0.09:
    # -0.09 - hypot(0.22 - 0.1682, 0.3772 - 0.31) = -0.175; -0.09 + hypot(0.2824 - 0.22, 0.31 - 0.2501) = -0.0035.
    change = rate_change(Share(62, 200), Share(44, 200))

    assert change is not None
    assert change.direction is Direction.FELL


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((62, 200), (45, 200)),  # one more, and the interval holds zero: 22.5 % may be chance
        ((3, 10), (2, 10)),
        ((5, 10), (5, 10)),
        ((2, 2), (0, 2)),  # beyond chance by the interval, but who would say so of two?
        ((19, 19), (0, 200)),
        ((0, 0), (5, 10)),
        ((5, 10), (0, 0)),
        ((0, 0), (0, 0)),
    ],
)
def test_rate_within_chance_or_of_nobody_is_no_change(before, now):
    assert rate_change(Share(*before), Share(*now)) is None


def test_count_beyond_chance_is_a_change():
    # Of 300 things in two months of 30 days, 120 before and 180 now: 60 %, Wilson 54.4 to 65.4, expected 50.
    assert count_change(120, 180, days_before=30, days_now=30).direction is Direction.ROSE
    assert count_change(180, 120, days_before=30, days_now=30).direction is Direction.FELL


@pytest.mark.parametrize(("before", "now"), [(140, 160), (0, 0), (0, 3), (10, 10)])
def test_count_within_chance_is_no_change(before, now):
    # 160 of 300 is 53.3 %, 47.7 to 58.9; 3 of 3 is 43.9 to 100.
    assert count_change(before, now, days_before=30, days_now=30) is None


def test_count_allows_for_the_length_of_a_month():
    # 28 a day in both: 784 in February, 868 in March.
    assert count_change(784, 868, days_before=28, days_now=31) is None
    assert count_change(868, 868, days_before=28, days_now=31).direction is Direction.FELL


# --- Where it comes from ------------------------------------------------------------------------------------------


def test_parts_of_the_change_of_a_rate_add_up_to_all_of_it():
    # 62/200 -> 44/200 in all. Webinar 40/100 -> 24/100: 0.5 * (0.24 - 0.40) = -0.08 of -0.09.
    # Referral 12/50 -> 12/50: nothing. Event 10/50 -> 8/50: 0.25 * (0.16 - 0.20) = -0.01.
    before = {"webinar": Share(40, 100), "referral": Share(12, 50), "event": Share(10, 50)}
    now = {"webinar": Share(24, 100), "referral": Share(12, 50), "event": Share(8, 50)}

    parts = {driver.value: driver.of_change for driver in drivers_of_rate("source", before, now)}

    assert parts == {
        "webinar": pytest.approx(8 / 9),
        "referral": pytest.approx(0),
        "event": pytest.approx(1 / 9),
    }


def test_a_poor_source_that_grows_explains_by_its_size():
    # 50 % of 100 and 10 % of 20 = 52/120, then the same rates of 100 and 100 = 60/200. Of -0.1333: webinar's own rate
    # is unchanged, its part grows from 1/6 to 1/2: 1/3 * (0.1 - 0.4333) = -0.1111; referral's falls from 5/6 to 1/2:
    # -1/3 * (0.5 - 0.4333) = -0.0222.
    before = {"referral": Share(50, 100), "webinar": Share(2, 20)}
    now = {"referral": Share(50, 100), "webinar": Share(10, 100)}

    parts = {driver.value: driver.of_change for driver in drivers_of_rate("source", before, now)}

    assert parts == {"webinar": pytest.approx(5 / 6), "referral": pytest.approx(1 / 6)}


def test_a_value_that_is_new_counts_by_its_size():
    before = {"referral": Share(50, 100)}
    now = {"referral": Share(50, 100), "webinar": Share(0, 100)}

    parts = {driver.value: driver.of_change for driver in drivers_of_rate("source", before, now)}

    # 50 % to 25 %: webinar 1/2 * (0 - 0.5) = -0.25, all of it; referral -1/2 * (0.5 - 0.5) = 0.
    assert parts == {"webinar": pytest.approx(1), "referral": pytest.approx(0)}


def test_rate_without_a_change_or_without_anybody_has_no_drivers():
    same = {"webinar": Share(20, 40)}
    assert drivers_of_rate("source", same, same) == []
    assert drivers_of_rate("source", {}, same) == []
    assert drivers_of_rate("source", same, {}) == []


def test_parts_of_the_change_of_a_count_allow_for_the_length_of_the_periods():
    # 60 and 40 in 30 days would be 120 and 80 in 60; it were 120 and 130: all 50 more are webinar's.
    parts = drivers_of_count(
        "source",
        {"referral": 60, "webinar": 40},
        {"referral": 120, "webinar": 130},
        days_before=30,
        days_now=60,
    )

    assert {driver.value: driver.of_change for driver in parts} == {
        "referral": pytest.approx(0),
        "webinar": pytest.approx(1),
    }


def test_named_is_what_explains_most_beyond_its_size():
    before = {"webinar": Share(40, 100), "referral": Share(12, 50), "event": Share(10, 50)}
    now = {"webinar": Share(24, 100), "referral": Share(12, 50), "event": Share(8, 50)}

    driver = main_driver(drivers_of_rate("source", before, now))

    assert (driver.dimension, driver.value) == ("source", "webinar")


def test_nothing_is_named_that_is_nearly_all_or_explains_no_more_than_its_size():
    # Both fell alike: each explains as much as its size.
    before = {"webinar": Share(40, 100), "referral": Share(40, 100)}
    now = {"webinar": Share(20, 100), "referral": Share(20, 100)}
    assert main_driver(drivers_of_rate("source", before, now)) is None

    # 90 % of all are of one source: that it explains the change tells nobody anything.
    before = {"webinar": Share(90, 180), "referral": Share(10, 20)}
    now = {"webinar": Share(45, 180), "referral": Share(10, 20)}
    assert main_driver(drivers_of_rate("source", before, now)) is None


def test_a_value_of_few_is_not_named():
    before = {"webinar": Share(9, 9), "referral": Share(50, 100)}
    now = {"webinar": Share(0, 9), "referral": Share(50, 100)}

    assert main_driver(drivers_of_rate("source", before, now)) is None
