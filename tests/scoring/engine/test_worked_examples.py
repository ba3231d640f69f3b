"""The worked examples: every number is meant exactly, of the compiler and of the explainer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from leads.models import LeadScore
from scoring.engine.explainer import explain
from scoring.engine.loading import load_leads
from scoring.rulebook.document import FORMAT
from tests.scoring.engine.test_agreement import stored_scores
from tests.scoring.engine.worlds import DAY, build_world

pytestmark = pytest.mark.django_db


def lead(*ages: int, created_age: int = 400, **facts: Any) -> dict[str, Any]:
    """A lead with a page view at each of these ages."""
    activity = {"type": "page_view", "hour": 12, "asset": None, "campaign": None, "properties": None}
    return {
        "created_age": created_age,
        "attributes": {},
        "company": None,
        "campaign": None,
        "activities": [{**activity, "age": age} for age in ages],
        **facts,
    }


def rulebook(*rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": "Worked",
        "mql": {"threshold": 1000},
        "grade": {"fit_a": 40, "fit_b": 20, "engagement_1": 50, "engagement_2": 20},
        "groups": [
            {"key": "who", "name": "Who", "dimension": "fit"},
            {"key": "what", "name": "What", "dimension": "engagement"},
        ],
        "rules": [{"key": f"r{index}", "name": "R", **rule} for index, rule in enumerate(rules)],
        **changes,
    }


def viewed(points: int, **rule: Any) -> dict[str, Any]:
    return {"kind": "engagement", "group": "what", "activity_types": ["page_view"], "points": points, **rule}


def scores(book: dict[str, Any], *leads: dict[str, Any]) -> list[LeadScore]:
    """The stored scores, in the order of the leads, after a look whether the explainer says the same."""
    world = build_world(book, list(leads))
    stored = stored_scores(world.form, world.lead_ids, DAY)
    for facts in load_leads(world.form, world.lead_ids):
        result, score = explain(world.form, facts, DAY).score, stored[facts.pk]
        assert (result.fit, result.engagement, result.total) == (score.fit, score.engagement, score.total)
    return [stored[pk] for pk in world.lead_ids]


def engagement(book: dict[str, Any], *leads: dict[str, Any]) -> list[int]:
    return [score.engagement for score in scores(book, *leads)]


LINEAR = {"kind": "linear", "percent": 25, "days": 30}


def test_1_linear_decay_steps_down_every_thirty_days() -> None:
    ages = [0, 29, 30, 59, 60, 90, 119, 120]

    found = scores(rulebook(viewed(20, decay=LINEAR)), *[lead(age) for age in ages])

    assert [score.engagement for score in found] == [20, 20, 15, 15, 10, 5, 5, 0]
    days = [score.valid_until for score in found]
    assert days == [DAY + timedelta(days=left) for left in (30, 1, 30, 1, 30, 30, 1)] + [None]


def test_2_halves_round_up() -> None:
    ages = [0, 30, 60, 90, 120]

    assert engagement(rulebook(viewed(10, decay=LINEAR)), *[lead(age) for age in ages]) == [10, 8, 5, 3, 0]


def test_3_compound_decay_halves() -> None:
    decay = {"kind": "compound", "percent": 50, "days": 30}
    ages = [0, 30, 60, 90]

    assert engagement(rulebook(viewed(30, decay=decay)), *[lead(age) for age in ages]) == [30, 15, 8, 4]


@pytest.mark.parametrize(("max_points", "expected"), [(None, 34), (30, 30)])
def test_4_weights_are_summed_before_rounding_and_then_capped(max_points: int | None, expected: int) -> None:
    book = rulebook(viewed(15, decay=LINEAR, max_points=max_points))

    assert engagement(book, lead(0, 35, 65)) == [expected]


def test_5_only_so_many_matches_of_a_day_count() -> None:
    assert engagement(rulebook(viewed(2, max_per_day=20)), lead(*[0] * 25)) == [40]


def test_6_once_counts_one_match_and_min_count_needs_all_inside_the_window() -> None:
    assert engagement(rulebook(viewed(2, count="once")), lead(*[0] * 10)) == [2]
    assert engagement(rulebook(viewed(5, min_count=3, window_days=7)), lead(0, 6, 7), lead(0, 5, 6)) == [
        0,
        15,
    ]


def test_7_silence_repeats_up_to_its_cap() -> None:
    quiet = {
        "kind": "silence",
        "group": "what",
        "points": -10,
        "every_days": 30,
        "repeats": True,
        "max_points": 30,
    }

    found = scores(rulebook(quiet), *[lead(age) for age in (29, 30, 65, 200)])

    assert [score.engagement for score in found] == [0, -10, -20, -30]
    days = [score.valid_until for score in found]
    assert days == [DAY + timedelta(days=1), DAY + timedelta(days=30), DAY + timedelta(days=25), None]


def test_8_groups_are_capped_before_they_are_added() -> None:
    groups = [
        {"key": "a", "name": "A", "dimension": "engagement", "max": 60},
        {"key": "b", "name": "B", "dimension": "engagement", "max": 40},
    ]
    book = rulebook(viewed(85, group="a"), viewed(30, group="b"), groups=groups)

    assert engagement(book, lead(0)) == [90]


def test_9_unknown_fact_is_not_even_not_something() -> None:
    condition = {"field": "country", "operator": "is_not", "values": ["DE"]}
    book = rulebook({"kind": "fit", "group": "who", "points": 5, "conditions": [condition]})

    found = scores(book, lead(country=""), lead(country="US"), lead(country="DE"))

    assert [score.fit for score in found] == [0, 5, 0]
    assert [(score.known_facts, score.asked_facts) for score in found] == [(0, 1), (1, 1), (1, 1)]


def test_10_group_is_clamped_after_minus_points() -> None:
    def always(points: int) -> dict[str, Any]:
        condition = {"field": "country", "operator": "is", "values": ["DE"]}
        return {"kind": "fit", "group": "who", "points": points, "conditions": [condition]}

    groups = [{"key": "who", "name": "Person", "dimension": "fit", "max": 25}]
    book = rulebook(always(25), always(15), always(-10), groups=groups)

    assert [score.fit for score in scores(book, lead(country="DE"))] == [25]


# Edges beyond the examples -------------------------------------------------------------------------------------------


def test_activity_of_tomorrow_does_not_exist_until_tomorrow() -> None:
    (score,) = scores(rulebook(viewed(5)), lead(-1))

    assert (score.engagement, score.valid_until) == (0, DAY + timedelta(days=1))


@pytest.mark.parametrize("limit", [{}, {"max_per_day": 1}])
def test_window_closes_on_the_day_after_its_last(limit: dict[str, Any]) -> None:
    found = scores(rulebook(viewed(5, window_days=7, **limit)), lead(0), lead(6), lead(7))

    assert [score.engagement for score in found] == [5, 5, 0]
    assert [score.valid_until for score in found] == [DAY + timedelta(days=7), DAY + timedelta(days=1), None]


def test_silence_starts_at_creation_unless_there_is_an_older_activity() -> None:
    quiet = {"kind": "silence", "group": "what", "points": -10, "every_days": 30}

    young, young_with_old_activity = lead(created_age=5), lead(200, created_age=5)

    assert engagement(rulebook(quiet), young, young_with_old_activity) == [0, -10]


def test_silence_of_a_lead_created_in_the_future_is_none() -> None:
    quiet = {"kind": "silence", "group": "what", "points": -10, "every_days": 30, "repeats": True}

    (score,) = scores(rulebook(quiet), lead(created_age=-3))

    assert (score.engagement, score.valid_until) == (0, DAY + timedelta(days=33))


def test_rule_is_met_even_where_decay_leaves_it_no_points() -> None:
    rule = viewed(5, decay={"kind": "linear", "percent": 100, "days": 1}, window_days=30, fast_track=True)

    found = scores(rulebook(rule), lead(29), lead(30))

    assert [(score.engagement, score.fast_tracked, score.qualified) for score in found] == [
        (0, True, True),
        (0, False, False),
    ]


def test_points_at_the_ends_of_their_range_do_not_overflow() -> None:
    quiet = {"kind": "silence", "group": "what", "points": -1000, "every_days": 1, "repeats": True}
    old = lead(created_age=(DAY - date(1970, 1, 1)).days)

    assert engagement(rulebook(*[quiet] * 300), old) == [-1000 * 300 * (DAY - date(1970, 1, 1)).days]


def test_lead_without_any_fact_or_activity_has_a_score() -> None:
    (score,) = scores(rulebook(), lead())

    assert (score.fit, score.engagement, score.grade, score.qualified) == (0, 0, "C3", False)
    assert (score.known_facts, score.asked_facts, score.valid_until) == (0, 0, None)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({"repeats": True}, -60), ({"repeats": True, "max_points": 30}, -30), ({"repeats": False}, -10)],
)
def test_silence_is_not_longer_for_what_another_rule_reads_further_back(limits, expected) -> None:
    # The rule on page views has those of all times read, the one on silence the requests of its reach alone.
    silence = {
        "kind": "silence",
        "group": "what",
        "activity_types": [],
        "every_days": 1,
        "points": -10,
        **limits,
    }
    person = lead(7)
    person["activities"].append({**person["activities"][0], "type": "demo_request", "age": 6})

    (score,) = scores(rulebook(silence, viewed(1)), person)

    assert score.engagement == expected + 1
