"""A rulebook as rows of the database: read into a Form with every check, and written from one."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import transaction

from leads.conditions import all_fields
from leads.models import ActivityType, User
from scoring.models import Condition, Rule, Rulebook, RuleGroup
from scoring.rulebook.document import FORMAT, Vocabulary, condition_json, read_form
from scoring.rulebook.form import (
    KIND_OF,
    AnyRule,
    Bounds,
    EngagementRule,
    FitRule,
    Form,
    Grade,
    Group,
    SilenceRule,
)

_MQL_COLUMNS = {
    "threshold": "mql_threshold",
    "min_fit": "mql_min_fit",
    "min_engagement": "mql_min_engagement",
    "fast_track_min_fit": "fast_track_min_fit",
    "demote_margin": "demote_margin",
    "demote_after_nights": "demote_after_nights",
    "reentry_points": "reentry_points",
}
_ALWAYS = ("key", "name", "kind", "points")
# Written only where they differ from the default: what does not go with a rule's kind is then a mistake by name.
_WHERE_SET = (
    "max_points",
    "enabled",
    "fast_track",
    "disqualifies",
    "match",
    "activity_types",
    "window_days",
    "min_count",
    "min_days",
    "min_assets",
    "count",
    "max_per_day",
    "every_days",
    "repeats",
)
_DEFAULTS = {
    field.name: field.get_default() for field in Rule._meta.local_concrete_fields if field.name in _WHERE_SET
}


def vocabulary() -> Vocabulary:
    """What a rulebook may speak of here and now: two queries."""
    codes = tuple(ActivityType.objects.order_by("code").values_list("code", flat=True))
    return Vocabulary(*all_fields(), codes)


def form_of(book: Rulebook) -> Form:
    """The rulebook that the rows make up; RulebookError names every mistake with its JSON path."""
    if book.is_draft:
        return read_form(document_of(book), vocabulary())
    return published_form(book.pk, book.revision, book.published_at, vocabulary())


@lru_cache(maxsize=16)
def published_form(pk: int, _revision: int, _published_at: datetime | None, spoken_of: Vocabulary) -> Form:
    """What was published never changes: a process reads it once, which was most of what explaining a lead took.

    Unless it means something else by now: a field that was renamed, retyped or deleted is another vocabulary.
    And a publication that was rolled back leaves a draft, to be edited and published at another instant.
    """
    return read_form(document_of(Rulebook.objects.get(pk=pk)), spoken_of)


def document_of(book: Rulebook) -> dict[str, Any]:
    """The rows as the values of an interchange file, unchecked; rules and groups in the order of their positions."""
    groups = book.groups.order_by("position", "pk")
    rules = book.rules.order_by("position", "pk").select_related("group").prefetch_related("conditions")
    return {
        "format": FORMAT,
        "name": book.name,
        "mql": {key: getattr(book, column) for key, column in _MQL_COLUMNS.items()},
        "grade": {key: getattr(book, key) for key in Grade.__dataclass_fields__},
        "fit": {"min": book.fit_min, "max": book.fit_max},
        "engagement": {"min": book.engagement_min, "max": book.engagement_max},
        "groups": [
            {
                "key": group.key,
                "name": group.name,
                "dimension": group.dimension,
                "min": group.min_points,
                "max": group.max_points,
            }
            for group in groups
        ],
        "rules": [_rule_document(rule) for rule in rules],
    }


def _rule_document(rule: Rule) -> dict[str, Any]:
    document: dict[str, Any] = {key: getattr(rule, key) for key in _ALWAYS}
    document["group"] = rule.group.key
    for key in _WHERE_SET:
        value = getattr(rule, key)
        if value != _DEFAULTS[key]:
            document[key] = value
    if rule.decay_kind != Rule.Decay.NONE or rule.decay_percent or rule.decay_days:
        document["decay"] = {"kind": rule.decay_kind, "percent": rule.decay_percent, "days": rule.decay_days}
    conditions = [
        {"field": row.field, "operator": row.operator, **({"values": row.values} if row.values else {})}
        for row in rule.conditions.all()
    ]
    return {**document, "conditions": conditions} if conditions or rule.kind == Rule.Kind.FIT else document


@transaction.atomic
def save_draft(*, form: Form, by: User | None, note: str = "") -> Rulebook:
    """A new draft with the groups, rules and conditions of the form."""
    book = Rulebook.objects.create(note=note, created_by=by, **book_columns(form))
    groups = {
        group.key: RuleGroup(rulebook=book, position=position, **group_columns(group))
        for position, group in enumerate(form.groups)
    }
    RuleGroup.objects.bulk_create(groups.values())
    rows = [
        Rule(rulebook=book, group=groups[rule.group], position=position, **rule_columns(rule))
        for position, rule in enumerate(form.rules)
    ]
    Rule.objects.bulk_create(rows)
    Condition.objects.bulk_create(
        [
            Condition(rule=row, position=position, **{"values": [], **condition_json(condition)})
            for row, rule in zip(rows, form.rules, strict=True)
            if isinstance(rule, FitRule | EngagementRule)
            for position, condition in enumerate(rule.conditions)
        ]
    )
    return book


def book_columns(form: Form) -> dict[str, Any]:
    return {
        "name": form.name,
        **{column: getattr(form.mql, key) for key, column in _MQL_COLUMNS.items()},
        **vars(form.grade),
        **_bounds("fit", form.fit),
        **_bounds("engagement", form.engagement),
    }


def group_columns(group: Group) -> dict[str, Any]:
    return {
        "key": group.key,
        "name": group.name,
        "dimension": group.dimension,
        "min_points": group.bounds.low,
        "max_points": group.bounds.high,
    }


def _bounds(prefix: str, bounds: Bounds) -> dict[str, int | None]:
    return {f"{prefix}_min": bounds.low, f"{prefix}_max": bounds.high}


def rule_columns(rule: AnyRule) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "key": rule.key,
        "name": rule.name,
        "kind": KIND_OF[type(rule)],
        "points": rule.points,
        "max_points": rule.max_points,
        "enabled": rule.enabled,
        "fast_track": rule.fast_track,
        "disqualifies": rule.disqualifies,
    }
    match rule:
        case FitRule():
            columns["match"] = rule.match
        case EngagementRule():
            for key in ("window_days", "min_count", "min_days", "min_assets", "count", "max_per_day"):
                columns[key] = getattr(rule, key)
            columns["activity_types"] = list(rule.activity_types)
            if rule.decay.days:
                columns |= {
                    "decay_kind": rule.decay.kind,
                    "decay_percent": rule.decay.percent,
                    "decay_days": rule.decay.days,
                }
        case SilenceRule():
            columns |= {"activity_types": list(rule.activity_types), "every_days": rule.every_days}
            columns["repeats"] = rule.repeats
    return columns
