from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from leads.conditions import activity_fields, lead_fields
from leads.models import AttributeKey
from scoring.rulebook.document import Vocabulary, read_document, read_form, write_document
from scoring.rulebook.form import Bounds, Count, Decay, DecayKind, EngagementRule, FitRule, Form, SilenceRule
from scoring.rulebook.reading import RulebookError

pytestmark = pytest.mark.django_db

EXAMPLE: dict[str, Any] = {
    "format": "leadfunnel-rulebook/1",
    "name": "B2B SaaS starter",
    "mql": {
        "threshold": 60,
        "min_fit": 20,
        "min_engagement": 20,
        "fast_track_min_fit": 0,
        "demote_margin": 5,
        "demote_after_nights": 3,
        "reentry_points": 10,
    },
    "grade": {"fit_a": 40, "fit_b": 20, "engagement_1": 50, "engagement_2": 20},
    "fit": {"min": None, "max": 60},
    "engagement": {"min": 0, "max": 100},
    "groups": [
        {"key": "person", "name": "Person", "dimension": "fit", "min": None, "max": 25},
        {"key": "intent", "name": "Buying intent", "dimension": "engagement", "min": None, "max": 60},
        {"key": "silence", "name": "Silence", "dimension": "engagement", "min": None, "max": None},
    ],
    "rules": [
        {
            "key": "vp",
            "name": "VP or head of",
            "kind": "fit",
            "group": "person",
            "points": 20,
            "match": "any",
            "conditions": [
                {"field": "seniority", "operator": "in", "values": ["vp", "head"]},
                {"field": "job_title", "operator": "starts_with", "values": ["vp "]},
            ],
        },
        {
            "key": "pricing",
            "name": "Pricing page",
            "kind": "engagement",
            "group": "intent",
            "points": 20,
            "activity_types": ["page_view"],
            "conditions": [{"field": "asset", "operator": "contains", "values": ["/pricing"]}],
            "window_days": 90,
            "count": "each",
            "max_per_day": 1,
            "min_count": 1,
            "max_points": 40,
            "decay": {"kind": "linear", "percent": 25, "days": 30},
        },
        {
            "key": "demo",
            "name": "Demo requested",
            "kind": "engagement",
            "group": "intent",
            "points": 30,
            "activity_types": ["demo_request"],
            "count": "once",
            "fast_track": True,
        },
        {
            "key": "quiet",
            "name": "No activity for 30 days",
            "kind": "silence",
            "group": "silence",
            "points": -10,
            "activity_types": [],
            "every_days": 30,
            "repeats": True,
            "max_points": 30,
        },
    ],
}


@pytest.fixture
def vocabulary() -> Vocabulary:
    AttributeKey.objects.create(scope="lead", key="plan", label="Plan", type="text")
    AttributeKey.objects.create(scope="lead", key="seats", label="Seats", type="number")
    AttributeKey.objects.create(scope="activity", key="minutes", label="Minutes", type="number")
    types = ("page_view", "demo_request", "email_click")
    return Vocabulary(lead_fields(), activity_fields(), types)


def read(value: Any, vocabulary: Vocabulary) -> Form:
    return read_document(json.dumps(value).encode(), vocabulary)


def mistakes_of(value: Any, vocabulary: Vocabulary) -> list[str]:
    with pytest.raises(RulebookError) as caught:
        read(value, vocabulary)
    return list(caught.value.mistakes)


def test_example_of_the_specification_is_read_with_its_values(vocabulary: Vocabulary) -> None:
    form = read(EXAMPLE, vocabulary)

    assert (form.mql.threshold, form.mql.min_fit, form.fit) == (60, 20, Bounds(None, 60))
    vp, pricing, demo, quiet = form.rules
    assert isinstance(vp, FitRule)
    assert [condition.typed for condition in vp.conditions] == [("vp", "head"), ("vp ",)]
    assert isinstance(pricing, EngagementRule)
    assert (pricing.window_days, pricing.max_per_day, pricing.max_points) == (90, 1, 40)
    assert pricing.decay == Decay(DecayKind.LINEAR, 25, 30)
    assert isinstance(demo, EngagementRule)
    assert (demo.count, demo.fast_track, demo.decay.kind) == (Count.ONCE, True, DecayKind.NONE)
    assert isinstance(quiet, SilenceRule)
    assert (quiet.every_days, quiet.repeats, quiet.activity_types) == (30, True, ())


def test_keys_left_out_take_the_defaults(vocabulary: Vocabulary) -> None:
    bare = {key: EXAMPLE[key] for key in ("format", "name", "grade", "groups")}
    bare["mql"] = {"threshold": 60}
    bare["rules"] = [
        {
            "key": "a",
            "name": "A",
            "kind": "engagement",
            "group": "intent",
            "points": 1,
            "activity_types": ["page_view"],
        }
    ]

    form = read(bare, vocabulary)

    assert form.fit == form.engagement == Bounds(None, None)
    assert (form.mql.min_fit, form.mql.demote_margin, form.mql.reentry_points) == (None, 5, 10)
    (rule,) = form.rules
    assert rule == EngagementRule(key="a", name="A", group="intent", points=1, activity_types=("page_view",))
    assert rule.enabled


def test_writing_and_reading_again_gives_an_equal_rulebook(vocabulary: Vocabulary) -> None:
    value = copy.deepcopy(EXAMPLE)
    value["rules"][0]["conditions"] += [
        {"field": "employees", "operator": "between", "values": [50, 1000.5]},
        {"field": "created_at", "operator": "gte", "values": ["2024-02-29"]},
        {"field": "attributes.plan", "operator": "is_unknown"},
        {"field": "city", "operator": "not_in", "values": [" ÀÉ", "%_"]},
    ]
    value["rules"][1]["conditions"].append(
        {"field": "properties.minutes", "operator": "gt", "values": ["12345678901.2345"]}
    )
    value["rules"][1]["enabled"] = False
    form = read(value, vocabulary)

    again = read_document(write_document(form).encode(), vocabulary)

    assert again == form


# Each: where, what to write there (or DELETE), the path of the mistake, and words of its sentence.
DELETE = object()
MISTAKES: list[tuple[str, Any, str, str]] = [
    ("format", "leadfunnel-rulebook/2", "$.format", "leadfunnel-rulebook/1"),
    ("format", DELETE, "$.format", "missing"),
    ("color", "red", "$.color", "unknown key"),
    ("name", "", "$.name", "1 to 200"),
    ("name", "x" * 201, "$.name", "1 to 200"),
    ("name", "a\0b", "$.name", "text"),
    ("name", "\ud800", "$.name", "text"),
    ("mql", DELETE, "$.mql", "missing"),
    ("mql", [], "$.mql", "not an object"),
    ("mql.threshold", DELETE, "$.mql.threshold", "missing"),
    ("mql.threshold", "60", "$.mql.threshold", "whole number"),
    ("mql.threshold", 60.5, "$.mql.threshold", "whole number"),
    ("mql.threshold", True, "$.mql.threshold", "true is not allowed"),
    ("mql.threshold", 10**10, "$.mql.threshold", "1000000000"),
    ("mql.demote_margin", -1, "$.mql.demote_margin", "from 0"),
    ("mql.demote_after_nights", 0, "$.mql.demote_after_nights", "from 1"),
    ("mql.min_score", 3, "$.mql.min_score", "unknown key"),
    ("grade.fit_b", 40, "$.grade.fit_a", "not above fit_b"),
    ("grade.engagement_2", 50, "$.grade.engagement_1", "not above engagement_2"),
    ("grade.fit_a", None, "$.grade.fit_a", "null is not allowed"),
    ("engagement.min", 101, "$.engagement.min", "above max"),
    ("fit", None, "$.fit", "null is not an object"),
    ("groups", DELETE, "$.groups", "missing"),
    ("groups", {}, "$.groups", "list"),
    ("groups.0", "person", "$.groups[0]", "not an object"),
    ("groups.0.dimension", "shape", "$.groups[0].dimension", "allowed: fit, engagement"),
    ("groups.0.min", 26, "$.groups[0].min", "above max"),
    ("groups.1.key", "person", "$.groups[1].key", "taken already"),
    ("groups.0.key", "per son", "$.groups[0].key", "letters a to z"),
    ("groups.0.color", 1, "$.groups[0].color", "unknown key"),
    ("rules.0.key", "pricing", "$.rules[1].key", "taken already"),
    ("rules.0.key", "ä", "$.rules[0].key", "letters a to z"),
    ("rules.0.name", DELETE, "$.rules[0].name", "missing"),
    ("rules.0.kind", "fitness", "$.rules[0].kind", "allowed: fit, engagement, silence"),
    ("rules.0.group", "nobody", "$.rules[0].group", "allowed: person, intent, silence"),
    ("rules.0.group", "intent", "$.rules[0].group", "group of engagement"),
    ("rules.1.group", "person", "$.rules[1].group", "group of fit"),
    ("rules.3.group", "person", "$.rules[3].group", "silence rules"),
    ("rules.0.points", 0, "$.rules[0].points", "not 0"),
    ("rules.0.points", 1001, "$.rules[0].points", "-1000 to 1000"),
    ("rules.0.points", DELETE, "$.rules[0].points", "missing"),
    ("rules.0.max_points", 0, "$.rules[0].max_points", "from 1"),
    ("rules.0.enabled", "yes", "$.rules[0].enabled", "true or false"),
    ("rules.0.fast_track", 1, "$.rules[0].fast_track", "true or false"),
    ("rules.0.match", "some", "$.rules[0].match", "all, any"),
    ("rules.0.window_days", 3, "$.rules[0].window_days", "unknown key"),
    ("rules.0.conditions", [], "$.rules[0].conditions", "1 to 20"),
    ("rules.0.conditions", DELETE, "$.rules[0].conditions", "missing"),
    ("rules.0.conditions.0", 7, "$.rules[0].conditions[0]", "not an object"),
    ("rules.0.conditions.0.value", 7, "$.rules[0].conditions[0].value", "unknown key"),
    ("rules.0.conditions.0.field", "job_titel", "$.rules[0].conditions[0].field", "did you mean “job_title”"),
    ("rules.0.conditions.0.field", "attributes.nix", "$.rules[0].conditions[0].field", "attributes.plan"),
    ("rules.0.conditions.0.field", DELETE, "$.rules[0].conditions[0].field", "no field"),
    ("rules.0.conditions.0.operator", "gt", "$.rules[0].conditions[0].operator", "does not fit seniority"),
    ("rules.0.conditions.0.operator", [], "$.rules[0].conditions[0].operator", "does not fit"),
    ("rules.0.conditions.0.values", [], "$.rules[0].conditions[0].values", "1 to 200 values"),
    ("rules.0.conditions.0.values", ["vp"] * 201, "$.rules[0].conditions[0].values", "not 201"),
    ("rules.0.conditions.0.values", "vp", "$.rules[0].conditions[0].values", "not a list"),
    (
        "rules.0.conditions.0.values",
        ["vp", "chef"],
        "$.rules[0].conditions[0].values[1]",
        "one of c_level, vp",
    ),
    ("rules.0.conditions.1.values", [""], "$.rules[0].conditions[1].values[0]", "empty"),
    ("rules.0.conditions.1.values", ["x" * 501], "$.rules[0].conditions[1].values[0]", "at most 500"),
    ("rules.0.conditions.1.values", ["a\0"], "$.rules[0].conditions[1].values[0]", "NUL"),
    ("rules.0.conditions.1.values", [["vp"]], "$.rules[0].conditions[1].values[0]", "no value for job_title"),
    ("rules.1.conditions.0.field", "job_title", "$.rules[1].conditions[0].field", "allowed: asset, campaign"),
    ("rules.1.activity_types", [], "$.rules[1].activity_types", "1 to"),
    ("rules.1.activity_types", DELETE, "$.rules[1].activity_types", "missing"),
    ("rules.1.activity_types", ["fax"], "$.rules[1].activity_types[0]", "“fax” is no activity type"),
    ("rules.1.window_days", 0, "$.rules[1].window_days", "from 1"),
    ("rules.1.window_days", 36501, "$.rules[1].window_days", "36500"),
    ("rules.1.count", "twice", "$.rules[1].count", "each, once"),
    ("rules.1.count", "once", "$.rules[1].max_per_day", "once"),
    ("rules.1.max_per_day", 0, "$.rules[1].max_per_day", "from 1"),
    ("rules.1.min_count", 0, "$.rules[1].min_count", "from 1"),
    ("rules.1.min_assets", "2", "$.rules[1].min_assets", "whole number"),
    ("rules.1.decay", "slow", "$.rules[1].decay", "not an object"),
    ("rules.1.decay.kind", "sudden", "$.rules[1].decay.kind", "none, linear, compound"),
    ("rules.1.decay", {"kind": "none", "days": 3}, "$.rules[1].decay.days", "unknown key"),
    ("rules.1.decay.percent", 0, "$.rules[1].decay.percent", "from 1 to 100"),
    ("rules.1.decay.days", DELETE, "$.rules[1].decay.days", "missing"),
    (
        "rules.1.decay",
        {"kind": "compound", "percent": 9, "days": 1},
        "$.rules[1].decay.percent",
        "from 10 to 100",
    ),
    ("rules.3.every_days", 0, "$.rules[3].every_days", "from 1"),
    ("rules.3.every_days", DELETE, "$.rules[3].every_days", "missing"),
    ("rules.3.repeats", None, "$.rules[3].repeats", "true or false"),
    ("rules", [{}] * 301, "$.rules", "0 to 300"),
]


@pytest.mark.parametrize(("where", "wrong", "path", "words"), MISTAKES)
def test_mistake_is_refused_with_its_path(
    where: str, wrong: Any, path: str, words: str, vocabulary: Vocabulary
) -> None:
    value = copy.deepcopy(EXAMPLE)
    *parents, last = [int(part) if part.isdigit() else part for part in where.split(".")]
    inner: Any = value
    for part in parents:
        inner = inner[part]
    if wrong is DELETE:
        del inner[last]
    else:
        inner[last] = wrong

    found = mistakes_of(value, vocabulary)

    assert any(line.startswith(f"{path}: ") and words in line for line in found), found
    assert len(found) == 1, found


def test_all_mistakes_are_named_at_once(vocabulary: Vocabulary) -> None:
    value = copy.deepcopy(EXAMPLE)
    value["rules"][0]["points"] = 0
    value["rules"][1]["window_days"] = -1
    value["grade"]["fit_a"] = "A"

    found = mistakes_of(value, vocabulary)

    assert [line.split(": ")[0] for line in found] == [
        "$.grade.fit_a",
        "$.rules[0].points",
        "$.rules[1].window_days",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[]", "$: a list is not an object"),
        (b"null", "$: null is not an object"),
        (b'{"format": NaN}', "NaN"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5000, "not JSON"),
        (b'{"format": "leadfunnel-rulebook/1", "name": "a", "name": "b"}', "$.name: is written twice"),
    ],
)
def test_what_is_no_rulebook_file_is_refused_in_a_sentence(
    content: bytes, words: str, vocabulary: Vocabulary
) -> None:
    with pytest.raises(RulebookError, match=words.replace("$", r"\$")):
        read_document(content, vocabulary)


@pytest.mark.parametrize(
    "value", [{"format": "leadfunnel-rulebook/1"}, {"format": "leadfunnel-rulebook/1", "mql": 1}]
)
def test_empty_rulebook_names_what_is_missing_and_nothing_inside_it(
    value: Any, vocabulary: Vocabulary
) -> None:
    with pytest.raises(RulebookError) as caught:
        read_form(value, vocabulary)

    assert {line.split(":")[0] for line in caught.value.mistakes} <= {
        "$.name",
        "$.mql",
        "$.grade",
        "$.groups",
        "$.rules",
    }
