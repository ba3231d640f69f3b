from __future__ import annotations

from typing import Any

import pytest

from leads.triggers import erasing
from scoring.models import Rulebook
from scoring.rulebook.difference import Change, Difference, State, difference
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.rulebook.values import ValueWords
from tests.scoring.conftest import activity, document, german

pytestmark = pytest.mark.django_db


def book(*rules: dict[str, Any], **changes: Any) -> Rulebook:
    value = {**document(*rules), **changes}
    return save_draft(form=read_form(value, vocabulary()), by=None)


def between(before: Rulebook, after: Rulebook) -> Difference:
    return difference(before, after, words=ValueWords.here())


def rule_of(found: Difference, key: str) -> Any:
    (rule,) = [rule for group in found.groups for rule in group.rules if rule.key == key]
    return rule


def test_equal_rulebooks_have_no_difference() -> None:
    rules = [german(20), activity("pricing_view", 15, window_days=30)]

    found = between(book(*rules), book(*rules))

    assert found.is_empty
    assert found.headline == "No difference"
    assert len(found.same_groups) == 2


def test_fields_are_named_with_before_and_after() -> None:
    decay = {"kind": "linear", "percent": 25, "days": 30}

    found = between(
        book(german(20), activity("pricing_view", 15)),
        book(german(10, enabled=False), activity("pricing_view", 15, window_days=30, decay=decay)),
    )

    assert rule_of(found, "r0").changes == [
        Change("Points", "20", "10", -10),
        Change("On or off", "on", "off"),
    ]
    assert rule_of(found, "r1").changes == [
        Change("Window", "all time", "30 days"),
        Change("Decay", "none", "linear, 25 % every 30 days"),
    ]
    assert found.headline == "2 rules changed"


def test_conditions_and_activities_are_told_in_words() -> None:
    other = {
        "field": "job_title",
        "operator": "contains",
        "values": ["growth", "demand"],
    }

    found = between(
        book(german(20), activity("pricing_view", 15)),
        book(
            german(20, conditions=[other]),
            activity("pricing_view", 15, activity_types=["demo_request", "pricing_view"]),
        ),
    )

    assert rule_of(found, "r0").changes == [
        Change("Conditions", "country is DE", "job title contains “growth” or “demand”")
    ]
    assert rule_of(found, "r1").changes == [
        Change("Activities", "Pricing viewed", "Demo requested or Pricing viewed")
    ]


def test_added_removed_and_moved_rules() -> None:
    fit = [german(points, key=key, name=key) for points, key in ((1, "a"), (2, "b"), (3, "c"))]
    groups = [
        {"key": "who", "name": "Who", "dimension": "fit"},
        {"key": "more", "name": "More", "dimension": "fit"},
    ]

    found = between(
        book(*fit, groups=groups),
        book(fit[2], {**fit[0], "group": "more"}, german(4, key="d"), groups=groups),
    )

    assert {rule.key: rule.state for group in found.groups for rule in group.rules} == {
        "c": State.SAME,
        "d": State.ADDED,
        "b": State.REMOVED,
        "a": State.MOVED,
    }
    assert rule_of(found, "a").moved == "from the group Who"
    assert found.headline == "1 rule added, 1 removed, 1 moved"


def test_order_within_a_group_is_a_move_of_one() -> None:
    fit = [german(points, key=key, name=key) for key, points in (("a", 1), ("b", 2), ("c", 3))]

    found = between(book(*fit), book(fit[2], fit[0], fit[1]))

    assert [rule.key for rule in found.groups[0].changed_rules] == ["c"]
    assert rule_of(found, "c").moved == "to another place in its group"


def test_settings_and_groups() -> None:
    groups = [
        {"key": "who", "name": "Who", "dimension": "fit", "max": 40},
        {"key": "extra", "name": "Extra", "dimension": "engagement"},
    ]

    found = between(
        book(german(20)),
        book(german(20), mql={"threshold": 30, "min_fit": 5}, groups=groups, fit={"max": 90}),
    )

    assert found.settings == [
        Change("MQL threshold", "20", "30", 10),
        Change("Minimum fit", "none", "5"),
        Change("Cap of fit", "none", "90"),
    ]
    assert {group.key: group.state for group in found.groups} == {
        "who": State.CHANGED,
        "extra": State.ADDED,
        "what": State.REMOVED,
    }
    assert found.groups[0].changes == [Change("Cap", "none", "40")]
    assert found.headline == "1 group added, 1 removed, 1 changed; 3 settings changed"


def test_version_that_is_unreadable_by_now_is_compared() -> None:
    before, after = book(german(20)), book(german(20))
    with erasing():
        before.rules.get().conditions.update(field="attributes.gone")

    assert rule_of(between(before, after), "r0").changes == [
        Change("Conditions", "attributes.gone is DE", "country is DE")
    ]
