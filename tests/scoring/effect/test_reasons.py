from __future__ import annotations

from typing import Any

import pytest

from scoring.effect.reasons import Reason, Verdict, reasons
from scoring.effect.tally import Mover
from scoring.engine.compiler import Contribution
from scoring.rulebook.form import Form
from tests.scoring.conftest import activity, german
from tests.scoring.effect.conftest import form_of_rules

pytestmark = pytest.mark.django_db


def why(
    before: tuple[Form, int, int, dict[str, int]], after: tuple[Form, int, int, dict[str, int]]
) -> list[Reason]:
    """Each side: rulebook, fit, engagement, and the points of the rules that are met, by key."""
    sides = []
    for form, fit, engagement, met in (before, after):
        rules = {rule.key: rule for rule in form.rules}
        sides.append(
            Verdict(form, fit, engagement, [Contribution(rules[key], n, 1) for key, n in met.items()])
        )
    old, new = sides
    mover = Mover(1, old.fit, old.engagement, "C3", new.fit, new.engagement, "C3")
    return reasons(mover, before=old, after=new)


def test_rules_come_biggest_first_and_what_speaks_against_it_last() -> None:
    rules: list[dict[str, Any]] = [german(1), german(1), activity("page_view", 1)]
    form = form_of_rules(*rules)

    found = why((form, 5, 10, {"r0": 5, "r2": 10}), (form, 17, 8, {"r0": 7, "r1": 10, "r2": 8}))

    assert found == [Reason("Rule 1", 10), Reason("Rule 0", 2), Reason("Rule 2", -2)]


def test_what_floors_and_caps_take_is_told_so_that_the_changes_add_up() -> None:
    form = form_of_rules(german(1))

    found = why((form, 10, 0, {"r0": 10}), (form, 20, 0, {"r0": 35}))

    assert found == [Reason("Rule 0", 25), Reason("Floors and caps", -15)]


def test_moved_threshold_is_a_reason_where_the_points_reach_only_one_of_the_two() -> None:
    old, new = form_of_rules(german(1)), form_of_rules(german(1), threshold=15)

    assert why((old, 17, 0, {"r0": 17}), (new, 17, 0, {"r0": 17})) == [Reason("Threshold 20 → 15")]
    assert why((new, 17, 0, {"r0": 17}), (old, 17, 0, {"r0": 17})) == [Reason("Threshold 15 → 20")]
    # 20 would have done for both.
    assert why((old, 10, 0, {"r0": 10}), (new, 20, 0, {"r0": 20})) == [Reason("Rule 0", 10)]


def test_minimum_that_is_missed_is_named_where_the_total_would_do() -> None:
    form = form_of_rules(german(1), activity("page_view", 1), min_engagement=10)

    found = why((form, 30, 12, {"r0": 30, "r1": 12}), (form, 30, 6, {"r0": 30, "r1": 6}))

    assert found == [Reason("Rule 1", -6), Reason("Engagement 12 → 6, needs 10")]


def test_flags_come_first() -> None:
    open_ = form_of_rules(german(1), activity("page_view", 1))
    fast = form_of_rules(german(1), activity("page_view", 1, fast_track=True))
    closed = form_of_rules(german(1, disqualifies=True), activity("page_view", 1))
    met = {"r0": 1, "r1": 5}

    assert why((open_, 1, 5, met), (fast, 1, 5, met)) == [Reason("Fast track by Rule 1")]
    assert why((fast, 1, 5, met), (open_, 1, 5, met)) == [Reason("No fast track by Rule 1 any more")]
    assert why((closed, 30, 5, met), (open_, 30, 5, met)) == [Reason("No longer disqualified by Rule 0")]
    assert why((open_, 30, 5, met), (closed, 30, 5, met)) == [Reason("Disqualified by Rule 0")]
