"""A rulebook as a plain value: what compiler, explainer, wording and pages work on.

Built from a file (scoring.rulebook.document) or from rows (scoring.rulebook.versions); checked
either way, so that whoever holds a Form need not check again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from leads.conditions import Condition, Field
from scoring.models import Rule as RuleRow
from scoring.models import RuleGroup

Dimension = RuleGroup.Dimension
Kind = RuleRow.Kind
Match = RuleRow.Match
Count = RuleRow.Count
DecayKind = RuleRow.Decay


@dataclass(frozen=True)
class Bounds:
    """A floor and a cap; None is no bound."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Mql:
    """When a lead qualifies, and when it stops to."""

    threshold: int
    min_fit: int | None = None
    min_engagement: int | None = None
    fast_track_min_fit: int | None = None
    demote_margin: int = 5
    demote_after_nights: int = 3
    reentry_points: int = 10


@dataclass(frozen=True)
class Grade:
    fit_a: int
    fit_b: int
    engagement_1: int
    engagement_2: int


@dataclass(frozen=True)
class Group:
    key: str
    name: str
    dimension: Dimension
    bounds: Bounds = Bounds()


@dataclass(frozen=True)
class Decay:
    """`percent` and `days` are 0 where the kind is none."""

    kind: DecayKind = DecayKind.NONE
    percent: int = 0
    days: int = 0


@dataclass(frozen=True, kw_only=True)
class _Rule:
    key: str
    name: str
    group: str
    points: int
    max_points: int | None = None
    enabled: bool = True
    fast_track: bool = False
    disqualifies: bool = False

    @property
    def is_flagged(self) -> bool:
        """Whether meeting it matters beyond its points."""
        return self.fast_track or self.disqualifies


@dataclass(frozen=True, kw_only=True)
class FitRule(_Rule):
    conditions: tuple[Condition, ...]
    match: Match = Match.ALL


@dataclass(frozen=True, kw_only=True)
class EngagementRule(_Rule):
    activity_types: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    window_days: int | None = None
    min_count: int = 1
    min_days: int = 1
    min_assets: int | None = None
    count: Count = Count.EACH
    max_per_day: int | None = None
    decay: Decay = Decay()


@dataclass(frozen=True, kw_only=True)
class SilenceRule(_Rule):
    every_days: int
    activity_types: tuple[str, ...] = ()
    repeats: bool = False


AnyRule = FitRule | EngagementRule | SilenceRule

KIND_OF: dict[type, Kind] = {FitRule: Kind.FIT, EngagementRule: Kind.ENGAGEMENT, SilenceRule: Kind.SILENCE}


@dataclass(frozen=True)
class Form:
    """A whole rulebook."""

    name: str
    mql: Mql
    grade: Grade
    fit: Bounds = Bounds()
    engagement: Bounds = Bounds()
    groups: tuple[Group, ...] = ()
    rules: tuple[AnyRule, ...] = ()

    @cached_property
    def enabled_rules(self) -> tuple[AnyRule, ...]:
        return tuple(rule for rule in self.rules if rule.enabled)

    def rules_of(self, group: Group) -> tuple[AnyRule, ...]:
        return self._by_group.get(group.key, ())

    @cached_property
    def _by_group(self) -> dict[str, tuple[AnyRule, ...]]:
        found: dict[str, list[AnyRule]] = {}
        for rule in self.rules:
            found.setdefault(rule.group, []).append(rule)
        return {key: tuple(rules) for key, rules in found.items()}

    def groups_of(self, dimension: Dimension) -> tuple[Group, ...]:
        return tuple(group for group in self.groups if group.dimension == dimension)

    @cached_property
    def asked_fields(self) -> tuple[Field, ...]:
        """The distinct fields that the enabled fit rules ask about, in order."""
        return tuple(dict.fromkeys(self._asked()))

    def _asked(self) -> Iterator[Field]:
        for rule in self.enabled_rules:
            if isinstance(rule, FitRule):
                yield from (condition.field for condition in rule.conditions)
