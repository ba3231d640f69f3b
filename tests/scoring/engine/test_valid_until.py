"""Until when a score holds: each kind of step, by itself, to the day. Drawn worlds seldom meet each of them alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.scoring.engine.test_worked_examples import lead, rulebook, scores, viewed
from tests.scoring.engine.worlds import DAY

pytestmark = pytest.mark.django_db

LINEAR = {"kind": "linear", "percent": 25, "days": 10}  # weighs nothing from age 40 on
COMPOUND = {"kind": "compound", "percent": 90, "days": 10}  # 1000, 100, 10, 1: nothing from age 40 on
FAST = {"fast_track": True}
NEVER = None


def quiet(points: int, every_days: int, **rule: Any) -> dict[str, Any]:
    rule |= {"activity_types": ["page_view"], "every_days": every_days}
    return {"kind": "silence", "group": "what", "points": points, **rule}


@pytest.mark.parametrize(
    ("rule", "ages", "days"),
    [
        # A window closes over the earliest match ...
        (viewed(5, window_days=10), (2, 6), 4),
        (viewed(5, window_days=10), (9,), 1),
        (viewed(5, window_days=10), (10,), NEVER),
        (viewed(5, window_days=10, max_per_day=1), (2, 6), 4),
        # ... but only the latest counts, unless the others are needed for being met.
        (viewed(5, window_days=10, count="once"), (2, 6), 8),
        (viewed(5, window_days=10, count="once", min_count=2), (2, 6), 4),
        (viewed(5, window_days=10, count="once", min_days=2), (2, 6), 4),
        (viewed(5, window_days=10, min_count=3), (2, 6), NEVER),
        # The match that has gone furthest through its step is the next to lose weight, while it weighs anything.
        (viewed(5, decay=LINEAR), (5, 17, 22), 3),
        (viewed(5, decay=LINEAR), (31, 39), 1),
        (viewed(5, decay=LINEAR), (31, 40), 9),
        (viewed(5, decay=LINEAR), (49,), NEVER),
        (viewed(5, decay=COMPOUND), (38, 21), 2),
        (viewed(5, decay=COMPOUND), (45,), NEVER),
        (viewed(5, decay=LINEAR, max_per_day=1), (5, 17, 22), 3),
        (viewed(5, decay=LINEAR, max_per_day=1), (39,), 1),
        (viewed(5, decay=LINEAR, min_count=2), (5, 18), 2),
        (viewed(5, decay=LINEAR, min_count=3), (5, 18), NEVER),
        # Only the latest loses weight.
        (viewed(5, decay=LINEAR, count="once"), (5, 17, 22), 5),
        (viewed(5, decay=LINEAR, count="once"), (39,), 1),
        (viewed(5, decay=LINEAR, count="once"), (40,), NEVER),
        # A window that closes between two steps, on one, and beyond the last of them.
        (viewed(5, decay=LINEAR, window_days=25), (20,), 5),
        (viewed(5, decay=LINEAR, window_days=25), (24,), 1),
        (viewed(5, decay=LINEAR, window_days=20), (13,), 7),
        (viewed(5, decay=LINEAR, window_days=35), (31,), 4),
        (viewed(5, decay=LINEAR, window_days=60), (45,), NEVER),
        # Beyond the last it matters to whether the rule is met.
        (viewed(5, decay=LINEAR, window_days=60, **FAST), (45,), 15),
        (viewed(5, decay=LINEAR, window_days=60, min_count=2), (45, 50), 10),
        # Silence: the running period, until it has given the most that it gives.
        (quiet(-5, 30), (29,), 1),
        (quiet(-5, 30), (30,), NEVER),
        (quiet(-5, 30, repeats=True), (59,), 1),
        (quiet(-5, 30, repeats=True), (60,), 30),
        (quiet(-5, 30, repeats=True, max_points=10), (59,), 1),
        (quiet(-5, 30, repeats=True, max_points=10), (60,), NEVER),
        (quiet(-5, 30, repeats=True, max_points=11), (89,), 1),
        # What lies in the future comes to exist, in either scan of the activities.
        (viewed(5), (-3, -8), 3),
        (viewed(5, max_per_day=1), (-3, -8), 3),
        (viewed(5, window_days=10), (-3, 8), 2),
        (viewed(5, min_count=3), (-3, 8), 3),
        (quiet(-5, 30), (-3, 40), 3),
    ],
)
def test_a_score_holds_until_the_first_day_on_which_time_changes_it(
    rule: dict[str, Any], ages: tuple[int, ...], days: int | None
) -> None:
    (score,) = scores(rulebook(rule), lead(*ages))

    assert score.valid_until == (None if days is NEVER else DAY + timedelta(days=days))


def test_the_earliest_of_all_rules_decides() -> None:
    slow, fast = viewed(5, window_days=100), viewed(7, window_days=10, max_per_day=1)

    found = [scores(rulebook(*rules), lead(2))[0].valid_until for rules in ([slow, fast], [fast, slow])]

    assert found == [DAY + timedelta(days=8)] * 2


def test_a_day_centuries_ahead_is_a_day() -> None:
    """36,500 days each; a lead that is active in the last days of the calendar has no later day to name."""
    book = rulebook(quiet(-5, 36_500))

    found = scores(book, lead(0), lead(created_age=-(date(9999, 12, 30) - DAY).days))

    assert [score.valid_until for score in found] == [DAY + timedelta(days=36_500), None]
