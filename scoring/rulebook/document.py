"""The interchange file `leadfunnel-rulebook/1`: read with every check, and written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from leads.conditions import Condition, ConditionError, FieldRegistry, FieldType, parse_condition
from leads.conditions.parsing import shorten
from scoring.rulebook.form import (
    KIND_OF,
    AnyRule,
    Bounds,
    Count,
    Decay,
    DecayKind,
    Dimension,
    EngagementRule,
    FitRule,
    Form,
    Grade,
    Group,
    Kind,
    Match,
    Mql,
    SilenceRule,
)
from scoring.rulebook.reading import Mistakes, Reader, parse_json, shown

FORMAT = "leadfunnel-rulebook/1"
MAX_RULES = 300
MAX_GROUPS = 300
MAX_CONDITIONS = 20
MAX_TYPES = 200
MAX_POINTS = 1000
MAX_BOUND = 1_000_000_000
MAX_DAYS = 36_500
MAX_COUNT = 1_000_000
MAX_KEY = 50
_KEY_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_COMMON_KEYS = (
    "key",
    "name",
    "kind",
    "group",
    "points",
    "max_points",
    "enabled",
    "fast_track",
    "disqualifies",
)
_OWN_KEYS = {
    Kind.FIT: ("match", "conditions"),
    Kind.ENGAGEMENT: (
        "activity_types",
        "conditions",
        "window_days",
        "count",
        "max_per_day",
        "min_count",
        "min_days",
        "min_assets",
        "decay",
    ),
    Kind.SILENCE: ("activity_types", "every_days", "repeats"),
}
_LOWEST_PERCENT = {DecayKind.LINEAR: 1, DecayKind.COMPOUND: 10}
_Keyed = TypeVar("_Keyed", Group, AnyRule)


@dataclass(frozen=True)
class Vocabulary:
    """What a rulebook of this installation may speak of."""

    lead_fields: FieldRegistry
    activity_fields: FieldRegistry
    activity_types: tuple[str, ...]


def read_document(content: bytes, vocabulary: Vocabulary) -> Form:
    """The rulebook in a file; RulebookError names every mistake with its JSON path."""
    return read_form(parse_json(content), vocabulary)


def read_form(value: object, vocabulary: Vocabulary) -> Form:
    """The rulebook in parsed JSON, all of it checked."""
    mistakes = Mistakes()
    root = Reader(value, "$", mistakes)
    mistakes.raise_if_any()  # not an object at all: nothing more can be said
    root.choice("format", [FORMAT])
    mistakes.raise_if_any()  # another format: nothing that follows would make sense
    form = _FormReader(root, mistakes, vocabulary).form()
    mistakes.raise_if_any()
    return form


@dataclass
class _FormReader:
    root: Reader
    mistakes: Mistakes
    vocabulary: Vocabulary
    dimensions: dict[str, Dimension] | None = None  # by group; None where the groups are wrong themselves

    def form(self) -> Form:
        self.root.only("format", "name", "mql", "grade", "fit", "engagement", "groups", "rules")
        name, mql, grade = self.root.text("name", 200), self._mql(), self._grade()
        fit, engagement = self._outer("fit"), self._outer("engagement")
        groups = self._unique(
            [(path, self._group(path, v)) for path, v in self.root.items("groups", 0, MAX_GROUPS)]
        )
        if not any(mistake.startswith("$.groups") for mistake in self.mistakes.found):
            self.dimensions = {group.key: group.dimension for group in groups}
        rules = self._unique(
            [(path, self._rule(path, v)) for path, v in self.root.items("rules", 0, MAX_RULES)]
        )
        return Form(name, mql, grade, fit, engagement, groups, rules)

    def _unique(self, found: Iterable[tuple[str, _Keyed]]) -> tuple[_Keyed, ...]:
        kept: dict[str, _Keyed] = {}
        for path, item in found:
            if item.key and item.key in kept:
                self.mistakes.add(
                    f"{path}.key", f"“{item.key}” is taken already; each needs a key of its own."
                )
            kept[item.key] = item
        return tuple(kept.values())

    def _mql(self) -> Mql:
        reader = self.root.inner("mql", required=True)
        reader.only(*Mql.__dataclass_fields__)
        return Mql(
            threshold=reader.integer("threshold", -MAX_BOUND, MAX_BOUND),
            min_fit=reader.optional_integer("min_fit", -MAX_BOUND, MAX_BOUND),
            min_engagement=reader.optional_integer("min_engagement", -MAX_BOUND, MAX_BOUND),
            fast_track_min_fit=reader.optional_integer("fast_track_min_fit", -MAX_BOUND, MAX_BOUND),
            demote_margin=reader.integer("demote_margin", 0, MAX_BOUND, default=Mql.demote_margin),
            demote_after_nights=reader.integer(
                "demote_after_nights", 1, MAX_DAYS, default=Mql.demote_after_nights
            ),
            reentry_points=reader.integer("reentry_points", 0, MAX_BOUND, default=Mql.reentry_points),
        )

    def _grade(self) -> Grade:
        reader = self.root.inner("grade", required=True)
        reader.only(*Grade.__dataclass_fields__)
        before = len(self.mistakes.found)
        grade = Grade(
            **{key: reader.integer(key, -MAX_BOUND, MAX_BOUND) for key in Grade.__dataclass_fields__}
        )
        if reader.is_object and len(self.mistakes.found) == before:
            self._ordered(reader, "fit_a", grade.fit_a, "fit_b", grade.fit_b)
            self._ordered(reader, "engagement_1", grade.engagement_1, "engagement_2", grade.engagement_2)
        return grade

    def _ordered(self, reader: Reader, better: str, high: int, worse: str, low: int) -> None:
        if high <= low:
            reader.mistake(better, f"{high} is not above {worse} ({low}); it must be.")

    def _outer(self, key: str) -> Bounds:
        reader = self.root.inner(key)
        reader.only("min", "max")
        return self._bounds(reader)

    def _bounds(self, reader: Reader) -> Bounds:
        low = reader.optional_integer("min", -MAX_BOUND, MAX_BOUND)
        high = reader.optional_integer("max", -MAX_BOUND, MAX_BOUND)
        if low is not None and high is not None and low > high:
            reader.mistake("min", f"{low} is above max ({high}); it must not be.")
        return Bounds(low, high)

    def _group(self, path: str, value: object) -> Group:
        reader = Reader(value, path, self.mistakes)
        reader.only("key", "name", "dimension", "min", "max")
        dimension = Dimension(reader.choice("dimension", Dimension.values))
        return Group(self._key(reader), reader.text("name", 200), dimension, self._bounds(reader))

    def _key(self, reader: Reader) -> str:
        key = reader.text("key", MAX_KEY)
        if not _KEY_CHARACTERS.issuperset(key):
            reader.mistake(
                "key", f"“{shorten(key)}” is not allowed; write letters a to z, digits, “-” and “_”."
            )
        return key

    def _rule(self, path: str, value: object) -> AnyRule:
        reader = Reader(value, path, self.mistakes)
        kind = Kind(reader.choice("kind", Kind.values))
        if "kind" in reader.value and reader.value["kind"] == kind:  # else: which keys fit is unknown
            reader.only(*_COMMON_KEYS, *_OWN_KEYS[kind])
        common = self._common(reader, kind)
        match kind:
            case Kind.FIT:
                return self._fit_rule(reader, common)
            case Kind.ENGAGEMENT:
                return self._engagement_rule(reader, common)
            case _:
                return SilenceRule(
                    **common,
                    activity_types=self._types(reader, required=False),
                    every_days=reader.integer("every_days", 1, MAX_DAYS),
                    repeats=reader.flag("repeats", default=False),
                )

    def _common(self, reader: Reader, kind: Kind) -> dict[str, Any]:
        points = reader.integer("points", -MAX_POINTS, MAX_POINTS)
        if points == 0:
            reader.mistake(
                "points", f"0 gives nothing; write a whole number from -{MAX_POINTS} to {MAX_POINTS}, not 0."
            )
        return {
            "key": self._key(reader),
            "name": reader.text("name", 200),
            "group": self._group_of(reader, kind),
            "points": points,
            "max_points": reader.optional_integer("max_points", 1, MAX_BOUND),
            "enabled": reader.flag("enabled", default=True),
            "fast_track": reader.flag("fast_track", default=False),
            "disqualifies": reader.flag("disqualifies", default=False),
        }

    def _group_of(self, reader: Reader, kind: Kind) -> str:
        if self.dimensions is None:
            return reader.text("group", MAX_KEY)
        before = len(self.mistakes.found)
        key = reader.choice("group", self.dimensions)
        wanted = Dimension.FIT if kind == Kind.FIT else Dimension.ENGAGEMENT
        if len(self.mistakes.found) == before and self.dimensions.get(key, wanted) != wanted:
            reader.mistake(
                "group", f"“{key}” is a group of {self.dimensions[key]}; {kind} rules need one of {wanted}."
            )
        return key

    def _fit_rule(self, reader: Reader, common: dict[str, Any]) -> FitRule:
        conditions = self._conditions(reader, self.vocabulary.lead_fields, at_least=1)
        match = Match(reader.choice("match", Match.values, default=Match.ALL))
        return FitRule(**common, match=match, conditions=conditions)

    def _engagement_rule(self, reader: Reader, common: dict[str, Any]) -> EngagementRule:
        count = Count(reader.choice("count", Count.values, default=Count.EACH))
        max_per_day = reader.optional_integer("max_per_day", 1, MAX_COUNT)
        if max_per_day is not None and count == Count.ONCE:
            reader.mistake("max_per_day", "does not go with count “once”; leave it out, or write “each”.")
        return EngagementRule(
            **common,
            activity_types=self._types(reader, required=True),
            conditions=self._conditions(reader, self.vocabulary.activity_fields, at_least=0),
            window_days=reader.optional_integer("window_days", 1, MAX_DAYS),
            min_count=reader.integer("min_count", 1, MAX_COUNT, default=1),
            min_days=reader.integer("min_days", 1, MAX_DAYS, default=1),
            min_assets=reader.optional_integer("min_assets", 1, MAX_COUNT),
            count=count,
            max_per_day=max_per_day,
            decay=self._decay(reader),
        )

    def _types(self, reader: Reader, *, required: bool) -> tuple[str, ...]:
        codes: dict[str, None] = {}
        for path, value in reader.items("activity_types", int(required), MAX_TYPES, required=required):
            if isinstance(value, str) and value in self.vocabulary.activity_types:
                codes[value] = None
            else:
                known = ", ".join(self.vocabulary.activity_types)
                self.mistakes.add(path, f"{shown(value)} is no activity type; allowed: {known}.")
        return tuple(codes)

    def _decay(self, reader: Reader) -> Decay:
        if reader.value.get("decay") is None:
            return Decay()
        inner = reader.inner("decay")
        kind = DecayKind(inner.choice("kind", DecayKind.values))
        if inner.value.get("kind") != kind:
            return Decay()
        if kind == DecayKind.NONE:
            inner.only("kind")
            return Decay()
        inner.only("kind", "percent", "days")
        percent = inner.integer("percent", _LOWEST_PERCENT[kind], 100)
        return Decay(kind, percent, inner.integer("days", 1, MAX_DAYS))

    def _conditions(self, reader: Reader, registry: FieldRegistry, *, at_least: int) -> tuple[Condition, ...]:
        items = reader.items("conditions", at_least, MAX_CONDITIONS, required=at_least > 0)
        read = [self._condition(path, value, registry) for path, value in items]
        return tuple(condition for condition in read if condition is not None)

    def _condition(self, path: str, value: object, registry: FieldRegistry) -> Condition | None:
        reader = Reader(value, path, self.mistakes)
        reader.only("field", "operator", "values")
        if not reader.is_object:
            return None
        values = reader.value.get("values", [])
        if not isinstance(values, list):
            reader.mistake("values", f"{shown(values)} is not a list; write [...].")
            return None
        try:
            return parse_condition(
                registry,
                field=reader.value.get("field", ""),
                operator=reader.value.get("operator", ""),
                values=values,
            )
        except ConditionError as error:
            reader.mistake(error.part, error.message)
            return None


def write_document(form: Form) -> str:
    """The rulebook as the text of a file; reading it gives an equal rulebook."""
    return json.dumps(to_json(form), indent=2, ensure_ascii=False) + "\n"


def to_json(form: Form) -> dict[str, Any]:
    """The rulebook as JSON values; keys at their defaults are left out of rules."""
    return {
        "format": FORMAT,
        "name": form.name,
        "mql": vars(form.mql),
        "grade": vars(form.grade),
        "fit": _bounds_json(form.fit),
        "engagement": _bounds_json(form.engagement),
        "groups": [
            {
                "key": group.key,
                "name": group.name,
                "dimension": str(group.dimension),
                **_bounds_json(group.bounds),
            }
            for group in form.groups
        ],
        "rules": [_rule_json(rule) for rule in form.rules],
    }


def _bounds_json(bounds: Bounds) -> dict[str, int | None]:
    return {"min": bounds.low, "max": bounds.high}


def _rule_json(rule: AnyRule) -> dict[str, Any]:
    kind = KIND_OF[type(rule)]
    fields = type(rule).__dataclass_fields__
    written = {
        key: _value_json(getattr(rule, key))
        for key in (*_COMMON_KEYS, *_OWN_KEYS[kind])
        if key != "kind" and getattr(rule, key) != fields[key].default
    }
    return {"key": written.pop("key"), "name": written.pop("name"), "kind": str(kind), **written}


def _value_json(value: Any) -> Any:
    match value:
        case Decay():
            return {"kind": str(value.kind), "percent": value.percent, "days": value.days}
        case str() if type(value) is not str:
            return str(value)
        case tuple():
            return [condition_json(item) if isinstance(item, Condition) else item for item in value]
    return value


def condition_json(condition: Condition) -> dict[str, Any]:
    """A condition as it stands in a file and in the rows of the database."""
    numeric = condition.field.type == FieldType.NUMBER
    values = [_number_json(value) if numeric else value for value in condition.values]
    written: dict[str, Any] = {"field": condition.field.name, "operator": str(condition.operator)}
    return {**written, "values": values} if values else written


def _number_json(text: str) -> int | float:
    number = Decimal(text)
    # At most 15 digits: a double holds them exactly, and is written back as the same decimal.
    return int(number) if number == int(number) else float(number)
