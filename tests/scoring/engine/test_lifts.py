"""What would lift a lead: each answer is what a whole explanation says of the lead as it would be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given

from leads.conditions import holds, lead_fields, parse_condition
from scoring.engine.explainer import explain
from scoring.engine.history import LeadFacts
from scoring.engine.lifts import NO_LIFTS, Laboratory, Lifts, lifts, meeting
from scoring.engine.loading import load_leads
from scoring.rulebook.form import Form
from tests.scoring.conftest import activity, german
from tests.scoring.engine.test_agreement import world_of
from tests.scoring.engine.test_outlook import DAY, form_of, lead_with, seen
from tests.scoring.engine.worlds import DAY as WORLD_DAY
from tests.scoring.engine.worlds import LEADS, rulebooks

pytestmark = pytest.mark.django_db


def lifts_of(form: Form, lead: LeadFacts, day: date = DAY) -> Lifts:
    return lifts(form, lead, explain(form, lead, day))


def said(found: Lifts) -> list[tuple[str, int, int, int, bool]]:
    return [
        (item.rule.name, item.times, item.days, item.gain, item.score.qualified) for item in found.activities
    ]


@given(rulebook=rulebooks(), lead=LEADS)
def test_each_lift_is_what_explaining_the_lead_with_it_says(
    rulebook: dict[str, Any], lead: dict[str, Any]
) -> None:
    with world_of(rulebook, [lead], "UTC") as world:
        (facts,) = load_leads(world.form, world.lead_ids)
        today = explain(world.form, facts, WORLD_DAY)
        lab = Laboratory(world.form, facts, today)

        found = lifts(world.form, facts, today)

        assert found == NO_LIFTS or not (today.score.qualified or today.score.disqualified)
        for lift in found.activities:
            more = lab.next_activities(lift.rule, lift.times)
            assert more is not None
            as_it_would_be = replace(facts, activities=[*facts.activities, *more])
            on = WORLD_DAY + timedelta(days=lift.days - 1)
            explanation = explain(world.form, as_it_would_be, on)
            assert explanation.score == lift.score
            assert lift.gain == lift.score.total - today.score.total
            assert next(r for r in explanation.reasons if r.rule.key == lift.rule.key).is_met
        for fact in found.facts:
            assert fact.score.total - today.score.total == fact.gain
            assert all(not facts.facts[field.name] for field in fact.fields)
        if found.together_score is not None:
            assert found.together_score.qualified


def test_one_more_is_enough_exactly_at_the_threshold() -> None:
    """Threshold 20: at 10, one more of 10 reaches it; of 9 it takes two (10 + 18)."""
    tens = lifts_of(form_of(activity("page_view", 10)), lead_with(seen(0)))
    nines = lifts_of(
        form_of(activity("page_view", 10, count="once"), activity("email_click", 9)), lead_with(seen(0))
    )

    assert said(tens) == [("Rule 0", 1, 1, 10, True)]
    assert said(nines) == [("Rule 1", 2, 1, 18, True)]
    assert [rule.name for rule in nines.no_gain] == ["Rule 0"]


def test_cap_of_the_rule_is_honest() -> None:
    """12 points each, at most 15: with one view, another adds 3 only, and no number of them reaches 20."""
    found = lifts_of(form_of(activity("page_view", 12, max_points=15)), lead_with(seen(0)))

    assert said(found) == [("Rule 0", 1, 1, 3, False)]
    assert found.together == ()


def test_rule_that_counts_once_a_day_is_spread_over_days() -> None:
    """5 points, once a day, from 0 to 20: four days. All today would be worth 5."""
    found = lifts_of(form_of(activity("page_view", 5, max_per_day=1)), lead_with())

    assert said(found) == [("Rule 0", 4, 4, 20, True)]


def test_gates_say_how_many_are_needed() -> None:
    """Three different days, two known already: one more; with two of them today and yesterday, tomorrow's counts."""
    rule = activity("page_view", 20, min_days=3, count="once")

    assert said(lifts_of(form_of(rule), lead_with(seen(4), seen(9)))) == [("Rule 0", 1, 1, 20, True)]
    assert said(lifts_of(form_of(rule), lead_with(seen(0), seen(1)))) == [("Rule 0", 2, 2, 20, True)]


def test_activity_that_ends_a_silence_gives_that_back_too() -> None:
    """12 for a view long ago, −6 for silence of any kind; a click is worth 4 and ends the silence.

    6 now; one click makes 16 (+10), two make 20 (+14).
    """
    silence = {"kind": "silence", "group": "what", "points": -6, "every_days": 30}
    form = form_of(activity("page_view", 12), activity("email_click", 4), silence)

    found = lifts_of(form, lead_with(seen(40)))

    assert said(found) == [("Rule 0", 1, 1, 18, True), ("Rule 1", 2, 1, 14, True)]


def test_several_together_where_no_single_kind_suffices() -> None:
    """12 and 9 once each: 21 together."""
    form = form_of(activity("page_view", 12, count="once"), activity("email_click", 9, count="once"))

    found = lifts_of(form, lead_with())

    assert [item.rule.name for item in found.together] == ["Rule 0", "Rule 1"]
    assert found.together_score is not None and found.together_score.total == 21


def test_hand_raise_qualifies_below_the_threshold() -> None:
    found = lifts_of(form_of(activity("demo_request", 1, fast_track=True)), lead_with())

    assert said(found) == [("Rule 0", 1, 1, 1, True)]


def test_unknown_fact_counts_if_known_and_a_known_one_does_not() -> None:
    form = form_of(german(25))

    unknown = lifts_of(form, LeadFacts(1, 0, {"country": ""}, []))
    known = lifts_of(form, LeadFacts(1, 0, {"country": "US"}, []))

    (lift,) = unknown.facts
    assert (lift.rule.name, [f.name for f in lift.fields], lift.gain) == ("Rule 0", ["country"], 25)
    assert lift.score.qualified
    assert known.facts == ()


def test_qualified_and_disqualified_leads_need_no_lift() -> None:
    form = form_of(activity("page_view", 20), activity("unsubscribe", -1, disqualifies=True))

    assert lifts_of(form, lead_with(seen(0))) == NO_LIFTS
    assert lifts_of(form, lead_with(seen(0, "unsubscribe"))) == NO_LIFTS


@pytest.mark.parametrize(
    ("field", "operator", "values"),
    [
        ("job_title", "starts_with", ["VP"]),
        ("job_title", "not_contains", ["intern", "another"]),
        ("job_title", "is_known", []),
        ("employees", "gt", [50]),
        ("employees", "lt", [50]),
        ("employees", "between", [50, 60]),
        ("country", "not_in", ["DE", "AF"]),
        ("email_opt_out", "is_false", []),
        ("created_at", "gte", ["2026-01-01"]),
    ],
)
def test_facts_that_meet_a_condition_are_found(field: str, operator: str, values: list[Any]) -> None:
    condition = parse_condition(lead_fields(), field=field, operator=operator, values=values)

    found = meeting({field: None}, [condition])

    assert found is not None and holds(condition, found[field])


def test_facts_that_contradict_are_not_found() -> None:
    asked = [
        parse_condition(lead_fields(), field="employees", operator=op, values=[50]) for op in ("gt", "lt")
    ]

    assert meeting({"employees": None}, asked) is None
