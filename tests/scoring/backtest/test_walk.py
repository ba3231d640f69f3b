"""A walk, which asks only about leads that may have moved, tells of each day what the explainer does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from leads.models.fields import day_from_number, day_number
from scoring.backtest.walk import Walk, end_of, news_of
from scoring.engine.compiler import LeadRange, Standing, activity_type_ids
from scoring.engine.explainer import explain
from scoring.engine.loading import load_leads
from tests.scoring.engine.worlds import DAY, LEADS, World, build_world, rulebooks

pytestmark = pytest.mark.django_db
WORLDS = given(
    rulebook=rulebooks(),
    leads=st.lists(LEADS, min_size=1, max_size=3),
    zone=st.sampled_from(["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Europe/Berlin"]),
    step=st.sampled_from([1, 1, 7]),
)


@contextmanager
def world_of(rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str) -> Iterator[World]:
    with override_settings(TIME_ZONE=zone), transaction.atomic():
        yield build_world(rulebook, leads)
        transaction.set_rollback(True)


@WORLDS
def test_walk_tells_of_each_day_what_the_explainer_does(
    rulebook: dict[str, Any], leads: list[dict[str, Any]], zone: str, step: int
) -> None:
    with world_of(rulebook, leads, zone) as world:
        everyone = LeadRange(min(world.lead_ids), max(world.lead_ids))
        days = [day_number(DAY + timedelta(days=d)) for d in range(-16, 4, step)]
        walk = Walk(world.form, days, news_of(everyone, days), activity_type_ids())
        now: dict[int, Standing] = {}
        for index, day in enumerate(days):
            moved = walk.step(index) if index else walk.enter_all(everyone)
            now.update({standing.lead: standing for standing in moved})

            for facts in load_leads(world.form, world.lead_ids, known_by=end_of(day)):
                score, row = explain(world.form, facts, day_from_number(day)).score, now[facts.pk]
                assert (row.fit, row.engagement, row.qualified, row.fast_tracked, row.holds_line) == (
                    score.fit,
                    score.engagement,
                    score.qualified,
                    score.fast_tracked,
                    score.holds_line,
                ), day_from_number(day)


@pytest.mark.parametrize("days", [[0], [3, 10]])
def test_news_are_given_to_the_step_on_which_they_are_first_known(days: list[int]) -> None:
    """Nothing is new on the first day: there all leads are looked up."""
    base = day_number(DAY)

    assert [list(found) for found in news_of(LeadRange(1, 9), [base + day for day in days])] == [[]] * len(
        days
    )
