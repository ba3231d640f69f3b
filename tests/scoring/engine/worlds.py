"""Random rulebooks, leads and activities, small enough to think about and rich in edges."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from leads.conditions import activity_fields, lead_fields
from leads.conditions.parsing import fold
from leads.models import Activity, ActivityType, Asset, AttributeKey, Campaign, Company, Lead
from leads.models.fields import day_of
from scoring.rulebook.document import FORMAT, Vocabulary, read_form
from scoring.rulebook.form import Form

DAY = date(2024, 3, 31)
TYPES = ("page_view", "demo_request", "email_click", "unsubscribe")
TEXTS = ("VP Sales", "vp", "Äpfel", "a\u0308pfel", "ÇA", "İstanbul", "ΣΑΣ", "50%_x", " ", "x")
ASSETS = ("/Pricing", "/pricing/eu", "/Blog 100%", "ÄSSET")


def vocabulary() -> Vocabulary:
    for scope, key, type_ in [
        ("lead", "plan", "text"),
        ("lead", "seats", "number"),
        ("lead", "renewal", "date"),
        ("lead", "trial", "boolean"),
        ("activity", "minutes", "number"),
        ("activity", "topic", "text"),
        ("activity", "paid", "boolean"),
    ]:
        AttributeKey.objects.get_or_create(scope=scope, key=key, defaults={"label": key, "type": type_})
    return Vocabulary(lead_fields(), activity_fields(), TYPES)


def _texts() -> st.SearchStrategy[dict[str, Any]]:
    text = st.sampled_from(TEXTS)
    return st.one_of(
        st.builds(lambda op, v: {"operator": op, "values": [v]}, st.sampled_from(["is", "is_not"]), text),
        st.builds(
            lambda op, vs: {"operator": op, "values": vs},
            st.sampled_from(["in", "not_in", "contains", "not_contains", "starts_with", "ends_with"]),
            st.lists(text, min_size=1, max_size=6),
        ),
        _known(),
    )


def _known() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(["is_known", "is_unknown"]).map(lambda op: {"operator": op})


def _ordered(values: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    value = st.sampled_from(values)
    return st.one_of(
        st.builds(
            lambda op, v: {"operator": op, "values": [v]},
            st.sampled_from(["eq", "gt", "gte", "lt", "lte"]),
            value,
        ),
        st.tuples(value, value).map(lambda pair: {"operator": "between", "values": sorted(pair)}),
        _known(),
    )


def _booleans() -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(st.sampled_from(["is_true", "is_false"]).map(lambda op: {"operator": op}), _known())


def _on(names: list[str], tests: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda name, test: {"field": name, **test}, st.sampled_from(names), tests)


LEAD_CONDITIONS = st.one_of(
    _on(["job_title", "industry", "company.name", "attributes.plan", "campaign"], _texts()),
    _on(["employees", "company.employees"], _ordered([0, 50, 51])),
    _on(["annual_revenue", "attributes.seats"], _ordered([Decimal("12.3456"), Decimal("12.3457"), 100])),
    _on(["created_at", "attributes.renewal"], _ordered(["2024-02-29", "2024-03-31", "1969-12-31"])),
    _on(["email_opt_out", "attributes.trial"], _booleans()),
    _on(["country"], st.sampled_from(["is", "is_not"]).map(lambda op: {"operator": op, "values": ["de"]})),
    _on(["seniority"], st.just({"operator": "in", "values": ["vp", "head"]})),
)
ACTIVITY_CONDITIONS = st.one_of(
    _on(
        ["asset"],
        st.sampled_from(
            [
                {"operator": "contains", "values": ["PRICING"]},
                {"operator": "not_contains", "values": ["%", "ä"]},
                {"operator": "is_unknown"},
            ]
        ),
    ),
    _on(["campaign", "properties.topic"], _texts()),
    _on(["properties.minutes"], _ordered([Decimal("0.5"), 10, 30])),
    _on(["properties.paid"], _booleans()),
)
POINTS = st.sampled_from([-1000, -15, -2, -1, 1, 3, 10, 20, 1000])
# What rarely matters is drawn rarely: a rule behind five gates says nothing about its window.
RARELY = st.sampled_from([False, False, False, False, True])
CAPS = RARELY.flatmap(lambda wanted: st.sampled_from([1, 7, 30, 10**9]) if wanted else st.none())
DAYS = st.sampled_from([1, 2, 7, 7, 30, 30, 45, 365, 36_500])
DECAYS = st.one_of(
    st.none(),
    st.builds(
        lambda percent, days: {"kind": "linear", "percent": percent, "days": days},
        st.sampled_from([1, 25, 33, 100]),
        st.sampled_from([1, 7, 30]),
    ),
    st.builds(
        lambda percent, days: {"kind": "compound", "percent": percent, "days": days},
        st.sampled_from([10, 50, 99, 100]),
        st.sampled_from([1, 7, 30]),
    ),
)
FLAGS = st.sampled_from([{}, {}, {}, {"fast_track": True}, {"disqualifies": True}, {"enabled": False}])


@st.composite
def _rule(draw: st.DrawFn, index: int, fit: list[str], engagement: list[str]) -> dict[str, Any]:
    kind = draw(st.sampled_from(["fit", "engagement", "engagement", "engagement", "silence"]))
    rule: dict[str, Any] = {
        "key": f"r{index}",
        "name": f"Rule {index}",
        "kind": kind,
        "group": draw(st.sampled_from(fit if kind == "fit" else engagement)),
        "points": draw(POINTS),
        "max_points": draw(CAPS),
        **draw(FLAGS),
    }
    types = st.lists(st.sampled_from(TYPES), min_size=1, max_size=3)
    if kind == "fit":
        rule["match"] = draw(st.sampled_from(["all", "any"]))
        rule["conditions"] = draw(st.lists(LEAD_CONDITIONS, min_size=1, max_size=3))
    elif kind == "silence":
        rule["activity_types"] = draw(st.one_of(st.just([]), types))
        rule["every_days"] = draw(DAYS)
        rule["repeats"] = draw(st.booleans())
    else:
        rule["activity_types"] = draw(types)
        rule["conditions"] = (
            draw(st.lists(ACTIVITY_CONDITIONS, min_size=1, max_size=2)) if draw(RARELY) else []
        )
        rule["window_days"] = draw(st.one_of(st.none(), DAYS, DAYS))
        rule["min_count"] = draw(st.sampled_from([2, 3])) if draw(RARELY) else 1
        rule["min_days"] = draw(st.sampled_from([2, 3])) if draw(RARELY) else 1
        rule["min_assets"] = draw(st.sampled_from([1, 2])) if draw(RARELY) else None
        rule["count"] = draw(st.sampled_from(["each", "each", "once"]))
        if rule["count"] == "each":
            rule["max_per_day"] = draw(st.sampled_from([None, None, 1, 2]))
        rule["decay"] = draw(DECAYS)
    return rule


@st.composite
def rulebooks(draw: st.DrawFn) -> dict[str, Any]:
    """The JSON of a rulebook."""
    values = st.sampled_from([-(10**9), -50, 0, 25, 60, 10**9])
    bound = RARELY.flatmap(lambda wanted: values if wanted else st.none())
    bounds = st.tuples(bound, bound).map(
        lambda pair: dict(zip(("min", "max"), pair if None in pair else sorted(pair), strict=True))  # type: ignore[type-var]
    )
    dimensions = {"f0": "fit", "f1": "fit", "e0": "engagement", "e1": "engagement"}
    rules = [draw(_rule(index, ["f0", "f1"], ["e0", "e1"])) for index in range(draw(st.integers(0, 8)))]
    return {
        "format": FORMAT,
        "name": "Random",
        "mql": {
            "threshold": draw(st.sampled_from([-10, 0, 10, 40])),
            "min_fit": draw(st.sampled_from([None, 0, 10])),
            "min_engagement": draw(st.sampled_from([None, 0, 10])),
            "fast_track_min_fit": draw(st.sampled_from([None, 0, 10])),
            "demote_margin": draw(st.sampled_from([0, 5])),
        },
        "grade": {"fit_a": 10, "fit_b": 0, "engagement_1": 20, "engagement_2": 5},
        "fit": draw(bounds),
        "engagement": draw(bounds),
        "groups": [{"key": k, "name": k, "dimension": d, **draw(bounds)} for k, d in dimensions.items()],
        "rules": rules,
    }


PAST = [0, 0, 1, 2, 3, 6, 7, 8, 14, 29, 30, 31, 44, 45, 59, 60, 90, 364, 365, 366, 4000, 19_000]
AGES = st.sampled_from([*PAST, *PAST, *PAST, -1, -3])
TYPED_TEXT = st.sampled_from(TEXTS).map(fold)
ACTIVITIES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(TYPES),
        "age": AGES,
        "hour": st.integers(0, 23),
        "known_after": st.sampled_from([0, 0, 0, 1, 30]),
        "asset": st.one_of(st.none(), st.sampled_from(ASSETS)),
        "campaign": st.one_of(st.none(), st.sampled_from(TEXTS)),
        "properties": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {},
                optional={
                    "minutes": st.sampled_from([5000, 100_000, 300_000, "30"]),
                    "topic": st.one_of(TYPED_TEXT, st.just(7)),
                    "paid": st.sampled_from([True, False, 1, "true"]),
                },
            ),
        ),
    }
)
LEADS = st.fixed_dictionaries(
    {
        "created_age": AGES,
        "job_title": st.one_of(st.just(""), st.sampled_from(TEXTS)),
        "industry": st.one_of(st.just(""), st.sampled_from(TEXTS)),
        "seniority": st.sampled_from(["", "vp", "student"]),
        "country": st.sampled_from(["", "DE", "US"]),
        "employees": st.sampled_from([None, 0, 50, 51]),
        "annual_revenue": st.sampled_from([None, Decimal("12.3456"), Decimal("12.3457")]),
        "email_opt_out": st.sampled_from([None, True, False]),
        "company": st.one_of(st.none(), st.tuples(st.sampled_from(TEXTS), st.sampled_from([None, 0, 50]))),
        "campaign": st.one_of(st.none(), st.sampled_from(TEXTS)),
        "attributes": st.fixed_dictionaries(
            {},
            optional={
                "plan": st.one_of(TYPED_TEXT, st.just(3)),
                "seats": st.sampled_from([123_456, 123_457, 1_000_000, "many"]),
                "renewal": st.sampled_from([19_782, 19_813, -1]),
                "trial": st.booleans(),
            },
        ),
        "activities": st.lists(ACTIVITIES, max_size=14),
    }
)


@dataclass(frozen=True)
class World:
    form: Form
    lead_ids: list[int]


def build_world(rulebook: dict[str, Any], leads: list[dict[str, Any]]) -> World:
    """The rulebook as a form, and the leads and activities in the database."""
    form = read_form(rulebook, vocabulary())
    return World(form, [_lead(index, dict(facts)) for index, facts in enumerate(leads)])


def _lead(index: int, facts: dict[str, Any]) -> int:
    activities, company, campaign = facts.pop("activities"), facts.pop("company"), facts.pop("campaign")
    lead = Lead.objects.create(
        external_id=str(index),
        created_at=_instant(facts.pop("created_age"), 12),
        attributes_typed=facts.pop("attributes"),
        company=company
        and Company.objects.create(name=company[0], employees=company[1], domain=f"{uuid.uuid4()}"),
        campaign=campaign and _campaign(campaign),
        **facts,
    )
    Activity.objects.bulk_create(_activity(lead, values) for values in activities)
    return lead.pk


def _activity(lead: Lead, values: dict[str, Any]) -> Activity:
    at = _instant(values["age"], values["hour"])
    asset = values["asset"] and (
        Asset.objects.filter(name=values["asset"]).order_by("pk").first()
        or Asset.objects.create(name=values["asset"])
    )
    return Activity(
        lead=lead,
        type=ActivityType.objects.get(code=values["type"]),
        occurred_at=at,
        day=day_of(at),
        asset=asset,
        campaign=values["campaign"] and _campaign(values["campaign"]),
        key=uuid.uuid4(),
        known_at=at + timedelta(days=values.get("known_after", 0)),
        properties_typed=values["properties"],
    )


def _campaign(name: str) -> Campaign:
    return Campaign.objects.get_or_create(name_folded=fold(name), defaults={"name": name})[0]


def _instant(age: int, hour: int) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(days=-age, hours=hour)
