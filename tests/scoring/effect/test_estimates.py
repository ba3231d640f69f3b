"""n = 1,000 of 10,000 leads: the margin is 1.96 · √(p(1-p)/n · 9,000/9,999) · 10,000, with p a little smoothed."""

from __future__ import annotations

import pytest

from scoring.effect.estimates import Estimate, Scale

SAMPLE = Scale(looked_at=1_000, leads=10_000, is_sample=True)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (100, Estimate(1_000, 180)),  # p = 0.1: 1.96 · √(0.09 / 1,000 · 0.9) · 10,000 = 176
        (0, Estimate(0, 27)),  # 3 in n, the rule of three, is 30 · 0.9 = 27
        (1_000, Estimate(10_000, 27)),
    ],
)
def test_count_is_scaled_with_a_margin(count: int, expected: Estimate) -> None:
    assert SAMPLE.of(count) == expected


def test_change_is_known_better_than_either_side() -> None:
    """20 enter, 10 leave: +100 ± 1.96 · √((0.03 - 0.0001) / 1,000 · 0.9) · 10,000 = 102."""
    change = SAMPLE.balance(20, 10)

    assert (change.value, change.margin) == (100, 110)


def test_all_leads_are_exact() -> None:
    everyone = Scale(looked_at=10, leads=10, is_sample=False)

    assert everyone.of(3) == Estimate(3)
    assert everyone.balance(1, 3) == Estimate(-2)
    assert everyone.rough(3) == 3
    assert str(everyone.of(3)) == "3"


def test_estimates_in_words() -> None:
    assert str(SAMPLE.of(100)) == "1,000 ± 180"
    assert str(SAMPLE.of(0)) == "0 to about 27"


def test_sample_of_nearly_all_is_nearly_exact() -> None:
    margin = Scale(looked_at=9_990, leads=10_000, is_sample=True).of(999).margin

    assert margin is not None
    assert margin <= 3
