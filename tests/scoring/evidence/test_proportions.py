"""Numbers from the papers that compare these intervals: R. G. Newcombe, Statistics in Medicine 17 (1998)."""

from __future__ import annotations

import pytest

from scoring.evidence.proportions import Difference, Share


def close(interval, low: float, high: float) -> bool:
    return (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_is_that_of_table_i_method_3(count, of, low, high):
    """Pages 857 to 872, "Two-sided confidence intervals for the single proportion", table I, method 3."""
    assert close(Share(count, of).interval, low, high)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        (Share(56, 70), Share(48, 80), 0.0524, 0.3339),
        (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
        (Share(6, 7), Share(2, 7), 0.0582, 0.8062),
        (Share(5, 56), Share(0, 29), -0.0381, 0.1926),
        (Share(0, 10), Share(0, 20), -0.1611, 0.2775),
        (Share(10, 10), Share(0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_interval_is_that_of_table_ii_method_10(first, second, low, high):
    """Pages 873 to 890, "Interval estimation for the difference between independent proportions", table II."""
    assert close(Difference(first, second).interval, low, high)


def test_of_nobody_there_is_no_share_and_it_may_be_anything():
    nobody = Share(0, 0)

    assert (nobody.share, nobody.percent) == (None, "–")
    assert (nobody.interval.low, nobody.interval.high) == (0, 1)
    assert Difference(nobody, Share(1, 2)).value is None
    assert Difference(Share(1, 2), nobody).interval.low == -1


def test_ends_are_exact():
    assert Share(7, 7).interval.high == 1.0
    assert Share(0, 7).interval.low == 0.0


def test_numbers_are_written_in_percent_and_signed_points():
    difference = Difference(Share(12, 100), Share(38, 100))

    assert (difference.with_.percent, difference.points) == ("12 %", "−26")
    assert difference.interval.points == "−37 to −14"
    assert Difference(Share(1, 2), Share(1, 2)).points == "0"
