"""The points that can be had at all, and the bounds that lie beyond them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.engine.explainer import explain
from scoring.engine.loading import load_leads
from scoring.rulebook.document import read_form
from scoring.rulebook.findings import FindingKind
from scoring.rulebook.form import Dimension, Form
from scoring.rulebook.lint import lint
from scoring.rulebook.reach import ENDLESS, Reach, dimension_reach, never_met
from scoring.rulebook.rows import vocabulary
from tests.scoring.conftest import activity, document
from tests.scoring.engine.test_agreement import world_of
from tests.scoring.engine.worlds import DAY, LEADS, rulebooks
from tests.scoring.rulebook.test_lint import asks, fit

pytestmark = pytest.mark.django_db
LINEAR = {"kind": "linear", "percent": 25, "days": 30}  # weights 1000, 750, 500, 250


def form_with(*rules: dict[str, Any], mql: dict[str, Any] | None = None, **parts: Any) -> Form:
    return read_form({**document(*rules, **(mql or {})), **parts}, vocabulary())


def reach(*rules: dict[str, Any], **parts: Any) -> tuple[Reach, Reach]:
    form = form_with(*rules, **parts)
    return dimension_reach(form, Dimension.FIT), dimension_reach(form, Dimension.ENGAGEMENT)


def unreachable(form: Form) -> list[str]:
    return [found.sentence for found in lint(form) if found.kind == FindingKind.OUT_OF_REACH]


def test_rules_on_one_fact_exclude_one_another() -> None:
    vp, director = asks("seniority", "is", "vp"), asks("seniority", "is", "director")

    assert reach(fit(vp, points=20), fit(director, points=15))[0] == Reach(0, 20)
    assert reach(fit(vp, points=20), fit(asks("seniority", "is_not", "director"), points=15))[0].high == 35
    assert reach(fit(vp, points=20), fit(asks("job_title", "contains", "vp"), points=15))[0].high == 35
    assert reach(fit(vp, points=20), fit(asks("seniority", "is_unknown"), points=-5))[0] == Reach(-5, 20)


def test_ranges_exclude_one_another_save_where_they_overlap() -> None:
    small = fit(asks("employees", "lte", 50), points=10)

    assert reach(small, fit(asks("employees", "gt", 50), points=7))[0].high == 10
    assert reach(small, fit(asks("employees", "gte", 50), points=7))[0].high == 17
    assert reach(small, fit(asks("employees", "between", 20, 30), points=7))[0].high == 17


def test_caps_of_rules_groups_and_dimensions_bound_what_can_be_had() -> None:
    groups = [
        {"key": "who", "name": "Who", "dimension": "fit", "max": 25, "min": -5},
        {"key": "what", "name": "What", "dimension": "engagement"},
    ]
    rules = [
        fit(asks("country", "is", "DE"), points=20, max_points=15),
        fit(asks("industry", "is", "saas"), points=30),
        fit(asks("city", "is", "Bonn"), points=-30),
        activity("page_view", 10),
    ]

    assert reach(*rules, groups=groups) == (Reach(-5, 25), Reach(0, ENDLESS))
    assert reach(*rules, groups=groups, fit={"max": 12}, engagement={"max": 60}) == (
        Reach(-5, 12),
        Reach(0, 60),
    )


@pytest.mark.parametrize(
    ("rule", "most"),
    [
        ({"count": "once"}, 10),
        ({"max_points": 35}, 35),
        ({"max_per_day": 2, "window_days": 3}, 60),
        ({"max_per_day": 1, "decay": LINEAR}, 750),  # 30 days of each weight: 10 x 75
        ({"max_per_day": 1, "decay": LINEAR, "window_days": 31}, 308),  # 300 + 7.5, half up
        ({"max_per_day": 1, "decay": LINEAR, "window_days": 500}, 750),
        ({"window_days": 3}, ENDLESS),
        ({"max_per_day": 1}, ENDLESS),
        ({"window_days": 3, "min_days": 4}, 0),
    ],
)
def test_most_that_an_engagement_rule_gives(rule: dict[str, Any], most: int) -> None:
    assert reach(activity("page_view", 10, **rule))[1] == Reach(0, most)


def test_threshold_is_out_of_reach_one_point_above_the_most() -> None:
    rules = [fit(asks("country", "is", "DE"), points=30), activity("page_view", 50, count="once")]
    grade = {"fit_a": 30, "fit_b": 20, "engagement_1": 50, "engagement_2": 20}

    assert unreachable(form_with(*rules, mql={"threshold": 80}, grade=grade)) == []
    assert unreachable(form_with(*rules, mql={"threshold": 81}, grade=grade)) == [
        "No lead can reach the MQL threshold of 81: fit gives at most 30 and engagement at most 50, together 80."
        " Lower it, or raise points or caps."
    ]


def test_minimums_and_grades_beyond_the_most_are_named() -> None:
    mql = {"min_fit": 31, "min_engagement": 50, "fast_track_min_fit": 31}
    grade = {"fit_a": 31, "fit_b": 30, "engagement_1": 51, "engagement_2": 50}
    fast = activity("page_view", 50, count="once", fast_track=True)

    sentences = unreachable(
        form_with(fit(asks("country", "is", "DE"), points=30), fast, mql=mql, grade=grade)
    )

    assert [one.split(":")[0] for one in sentences] == [
        "No lead can reach the minimum fit of an MQL of 31",
        "No lead can reach the minimum fit of the fast track of 31",
        "No lead can reach the fit of grade A of 31",
        "No lead can reach the engagement of grade 1 of 51",
    ]


def test_bounds_that_every_lead_reaches_are_named() -> None:
    grade = {"fit_a": 30, "fit_b": 0, "engagement_1": 50, "engagement_2": 1}
    rules = [fit(asks("country", "is", "DE"), points=30), activity("page_view", 50, count="once")]

    found = lint(form_with(*rules, mql={"threshold": 0, "min_fit": 0}, grade=grade))

    assert [(one.kind, one.sentence.split(",")[0]) for one in found] == [
        (FindingKind.REACHED_BY_ALL, "Every lead reaches the fit of grade B of 0"),
        (FindingKind.REACHED_BY_ALL, "Every lead reaches the MQL threshold of 0"),
    ]
    assert "nobody can be grade C" in found[0].sentence


def test_group_whose_bounds_leave_one_number_has_no_effect() -> None:
    def form(low: int | None, high: int) -> Form:
        groups = [{"key": "who", "name": "Who", "dimension": "fit", "min": low, "max": high}]
        return form_with(fit(asks("country", "is", "DE"), points=30), groups=groups)

    assert FindingKind.NO_EFFECT in {found.kind for found in lint(form(5, 5))}
    assert FindingKind.NO_EFFECT in {found.kind for found in lint(form(None, 0))}
    assert FindingKind.NO_EFFECT not in {found.kind for found in lint(form(None, 1))}


@given(
    rulebook=rulebooks(),
    leads=st.lists(LEADS, min_size=1, max_size=4),
)
def test_no_lead_is_beyond_the_reach_or_meets_what_is_never_met(
    rulebook: dict[str, Any], leads: list[dict[str, Any]]
) -> None:
    with world_of(rulebook, leads, "UTC") as world:
        bounds = {part: dimension_reach(world.form, part) for part in Dimension}
        assert isinstance(lint(world.form), tuple)

        for lead in load_leads(world.form, world.lead_ids):
            explanation = explain(world.form, lead, DAY)
            for part in (explanation.fit, explanation.engagement):
                assert bounds[part.dimension].low <= part.points <= bounds[part.dimension].high
            assert not [
                reason.rule for reason in explanation.reasons if reason.is_met and never_met(reason.rule)
            ]
