"""What changed between two explanations always adds up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.engine.difference import Difference, difference
from scoring.engine.explainer import explain
from scoring.engine.loading import load_leads
from scoring.rulebook.document import read_form
from tests.scoring.engine.test_agreement import world_of
from tests.scoring.engine.worlds import DAY, LEADS, rulebooks, vocabulary

pytestmark = pytest.mark.django_db


def check_sums(found: Difference) -> None:
    assert found.points == found.after.score.total - found.before.score.total
    assert found.points == found.fit.points + found.engagement.points
    for part in found.dimensions:
        assert part.points == part.after.points - part.before.points
        assert part.points == sum(group.points for group in part.groups) + part.by_bounds
        before = sum(group.before.points for group in part.groups if group.before)
        after = sum(group.after.points for group in part.groups if group.after)
        assert (before, after) == (part.before.raw_points, part.after.raw_points)
        for group in part.groups:
            assert group.points == sum(rule.points for rule in group.rules) + group.by_bounds


@given(
    first=rulebooks(),
    second=rulebooks(),
    lead=LEADS,
    days=st.tuples(st.integers(-40, 400), st.integers(-40, 400)),
)
def test_difference_sums_to_the_difference_of_the_totals(
    first: dict[str, Any], second: dict[str, Any], lead: dict[str, Any], days: tuple[int, int]
) -> None:
    """Of any two days and any two rulebooks; rules and groups of the same keys may be quite different ones."""
    with world_of(first, [lead], "UTC") as world:
        other = read_form(second, vocabulary())
        (before,) = load_leads(world.form, world.lead_ids)
        (after,) = load_leads(other, world.lead_ids)

        check_sums(
            difference(
                explain(world.form, before, DAY + timedelta(days=days[0])),
                explain(other, after, DAY + timedelta(days=days[1])),
            )
        )


@given(rulebook=rulebooks(), lead=LEADS)
def test_nothing_differs_from_itself(rulebook: dict[str, Any], lead: dict[str, Any]) -> None:
    with world_of(rulebook, [lead], "UTC") as world:
        (facts,) = load_leads(world.form, world.lead_ids)
        explanation = explain(world.form, facts, DAY)

        found = difference(explanation, explanation)

        assert found.points == 0
        assert not any(rule.is_change for part in found.dimensions for g in part.groups for rule in g.rules)
