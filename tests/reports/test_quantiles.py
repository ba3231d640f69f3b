from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from reports.metrics.quantiles import Spread, percentile
from reports.metrics.survival import kaplan_meier

# Weeks in remission of 21 patients with 6-MP, of whom 12 were still in it when last seen (+). E. J. Freireich and
# others, Blood 21 (1963), as worked in E. T. Lee, Statistical Methods for Survival Data Analysis:
# 6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+
ENDED = {6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1}
RUNNING = {6: 1, 9: 1, 10: 1, 11: 1, 17: 1, 19: 1, 20: 1, 25: 1, 32: 2, 34: 1, 35: 1}


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ({}, 50, None),
        ({7: 1}, 90, 7),
        # 1 2 3 4: the median stands at (4 - 1) * 0.5 = 1.5, half way from 2 to 3; p90 at 2.7, so 3 + 0.7 * 1.
        ({1: 1, 2: 1, 3: 1, 4: 1}, 50, 2.5),
        ({1: 1, 2: 1, 3: 1, 4: 1}, 90, 3.7),
        # 5 5 5 11: p75 at 2.25, so 5 + 0.25 * 6.
        ({5: 3, 11: 1}, 75, 6.5),
        # -2 0 10: negative ones are values as others are; p90 at 1.8, so 0 + 0.8 * 10.
        ({10: 1, -2: 1, 0: 1}, 50, 0),
        ({10: 1, -2: 1, 0: 1}, 90, 8),
    ],
)
def test_percentile_interpolates_between_neighbours(values, percent, expected):
    assert percentile(values, percent) == expected


def test_percentile_is_what_numpy_calls_linear():
    dice = random.Random(11)
    for _ in range(50):
        values = [dice.randint(-20, 500) for _ in range(dice.randint(1, 60))]
        for percent in (0, 1, 25, 50, 75, 90, 99, 100):
            assert percentile(Counter(values), percent) == pytest.approx(np.percentile(values, percent))


def test_spread_of_nothing_has_a_count_only():
    assert Spread.of({}) == Spread(0, None, None, None, None, None, None)


def test_spread_names_its_ends_and_its_mean():
    # -2 1 1 4: mean 4 / 4 = 1.
    spread = Spread.of({1: 2, -2: 1, 4: 1})

    assert (spread.count, spread.median, spread.mean, spread.shortest, spread.longest) == (4, 1, 1, -2, 4)


def test_kaplan_meier_is_the_textbooks():
    survival = kaplan_meier(ended=ENDED, running=RUNNING)

    assert [(length, round(share, 3)) for length, share in survival.steps] == [
        (6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448),
    ]  # fmt: skip
    assert (survival.median, survival.ended, survival.running) == (23, 9, 12)


def efron(ended: list[int], running: list[int]) -> dict[int, Fraction]:
    """The same by another way (B. Efron, 1967): who was last seen at a length leaves its part to all beyond it."""
    stays = sorted([(length, 0) for length in ended] + [(length, 1) for length in running])
    mass = [Fraction(1, len(stays))] * len(stays)
    lasting, share = {}, Fraction(1)
    for place, (length, is_running) in enumerate(stays):
        beyond = len(stays) - place - 1
        if is_running and beyond:
            mass[place + 1 :] = [part + mass[place] / beyond for part in mass[place + 1 :]]
        elif not is_running:
            share -= mass[place]
        lasting[length] = share
    return lasting


def test_kaplan_meier_is_what_redistributing_to_the_right_gives():
    dice = random.Random(7)
    for _ in range(30):
        ended = [dice.randint(0, 40) for _ in range(dice.randint(1, 40))]
        running = [dice.randint(0, 40) for _ in range(dice.randint(1, 40))]
        ours = kaplan_meier(ended=Counter(ended), running=Counter(running))

        for length, share in efron(ended, running).items():
            assert ours.share_after(length) == pytest.approx(float(share))


def test_kaplan_meier_without_running_ones_is_the_share_that_lasts_longer():
    # 2 4 4 8: after 2 three quarters last, after 4 one, after 8 none; half or fewer first outlast 4.
    survival = kaplan_meier(ended={2: 1, 4: 2, 8: 1}, running={})

    assert survival.steps == ((2, 0.75), (4, 0.25), (8, 0.0))
    assert survival.median == 4


def test_kaplan_meier_has_no_median_while_most_are_running():
    assert kaplan_meier(ended={3: 1}, running={5: 4}).median is None
    assert kaplan_meier(ended={}, running={5: 4}).steps == ()
    assert kaplan_meier(ended={}, running={}).share_after(0) == 1
