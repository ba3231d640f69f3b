"""One lead in plain Python, rule by rule: why its score is what it is, and the oracle of the compiler.

Written for being read and believed, not for speed: every sentence of SCORING.md, section 2, has
its line here. It shares with the compiler only weights, rounding and the last decision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from leads.conditions import holds
from leads.conditions.testing import Fact, is_known
from leads.models.fields import day_number
from scoring.engine.result import Flags, ScoreResult, decide
from scoring.engine.weights import cap, clamp, points_from_weights, weight
from scoring.rulebook.form import (
    AnyRule,
    Bounds,
    Count,
    Dimension,
    EngagementRule,
    FitRule,
    Form,
    Group,
    Match,
    SilenceRule,
)


@dataclass(frozen=True)
class ActivityFacts:
    """An activity as rules see it: `facts` by field name, in their typed form."""

    pk: int
    type: str
    occurred_at: datetime
    day: int
    asset_id: int | None
    asset: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True)
class LeadFacts:
    """A lead as rules see it: `facts` by field name, in their typed form, and all its activities."""

    pk: int
    created_day: int
    facts: Mapping[str, Fact]
    activities: Sequence[ActivityFacts]


@dataclass(frozen=True)
class RuleReason:
    """What one rule gives, and why.

    raw_points - taken_by_decay - taken_by_cap = contribution (each with its sign). `matches` are the
    activities inside the window (fit: 1 when met; silence: periods gone by), `counted` those of
    them that count towards points.
    """

    rule: AnyRule
    is_met: bool
    matches: int
    counted: int
    raw_points: int
    taken_by_decay: int
    taken_by_cap: int
    contribution: int
    latest: ActivityFacts | None = None
    silent_since: int | None = None  # the day on which a silence rule's clock started


@dataclass(frozen=True)
class GroupReason:
    """Its rules, their sum, and what floor and cap leave of it."""

    group: Group
    rules: tuple[RuleReason, ...]
    raw_points: int
    points: int


@dataclass(frozen=True)
class DimensionReason:
    dimension: Dimension
    groups: tuple[GroupReason, ...]
    bounds: Bounds
    raw_points: int
    points: int


@dataclass(frozen=True)
class Explanation:
    """A score and all that it is made of."""

    lead: int
    day: date
    score: ScoreResult
    fit: DimensionReason
    engagement: DimensionReason

    @property
    def reasons(self) -> tuple[RuleReason, ...]:
        dimensions = (self.fit, self.engagement)
        return tuple(reason for part in dimensions for group in part.groups for reason in group.rules)


def explain(form: Form, lead: LeadFacts, day: date) -> Explanation:
    """The score of a lead on a day, rule by rule."""
    today = day_number(day)
    existing = [activity for activity in lead.activities if activity.day <= today]
    seen = LeadFacts(lead.pk, lead.created_day, lead.facts, existing)
    reasons = {rule.key: _reason(rule, seen, today) for rule in form.enabled_rules}
    fit = _dimension(form, Dimension.FIT, form.fit, reasons)
    engagement = _dimension(form, Dimension.ENGAGEMENT, form.engagement, reasons)
    met = [reason.rule for reason in reasons.values() if reason.is_met]
    score = decide(
        form,
        fit=fit.points,
        engagement=engagement.points,
        flags=Flags(any(rule.fast_track for rule in met), any(rule.disqualifies for rule in met)),
        known_facts=sum(is_known(lead.facts[field.name]) for field in form.asked_fields),
    )
    return Explanation(lead.pk, day, score, fit, engagement)


def _dimension(
    form: Form, dimension: Dimension, bounds: Bounds, reasons: Mapping[str, RuleReason]
) -> DimensionReason:
    groups = tuple(_group(form, group, reasons) for group in form.groups_of(dimension))
    raw = sum(group.points for group in groups)
    return DimensionReason(dimension, groups, bounds, raw, clamp(raw, bounds.low, bounds.high))


def _group(form: Form, group: Group, reasons: Mapping[str, RuleReason]) -> GroupReason:
    found = tuple(reasons[rule.key] for rule in form.rules_of(group) if rule.key in reasons)
    raw = sum(reason.contribution for reason in found)
    return GroupReason(group, found, raw, clamp(raw, group.bounds.low, group.bounds.high))


def _reason(rule: AnyRule, lead: LeadFacts, today: int) -> RuleReason:
    match rule:
        case FitRule():
            return _fit(rule, lead)
        case EngagementRule():
            return _engagement(rule, lead, today)
        case SilenceRule():
            return _silence(rule, lead, today)


def _fit(rule: FitRule, lead: LeadFacts) -> RuleReason:
    holding = (holds(condition, lead.facts[condition.field.name]) for condition in rule.conditions)
    met = all(holding) if rule.match == Match.ALL else any(holding)
    return _reason_of(rule, met, matches=int(met), counted=int(met), uncapped=abs(rule.points) * met)


def _engagement(rule: EngagementRule, lead: LeadFacts, today: int) -> RuleReason:
    matches = sorted(
        (activity for activity in lead.activities if _matches(rule, activity, today)),
        key=lambda activity: (activity.day, activity.occurred_at, activity.pk),
    )
    met = _passes_gates(rule, matches)
    counted = _counted(rule, matches) if met else []
    weights = [weight(rule.decay, today - activity.day) for activity in counted]
    uncapped = points_from_weights(abs(rule.points), weights, None)
    latest = matches[-1] if matches else None
    return _reason_of(rule, met, matches=len(matches), counted=len(counted), uncapped=uncapped, latest=latest)


def _matches(rule: EngagementRule, activity: ActivityFacts, today: int) -> bool:
    return (
        activity.type in rule.activity_types
        and (rule.window_days is None or today - activity.day < rule.window_days)
        and all(holds(condition, activity.facts[condition.field.name]) for condition in rule.conditions)
    )


def _passes_gates(rule: EngagementRule, matches: Sequence[ActivityFacts]) -> bool:
    days = {activity.day for activity in matches}
    assets = {activity.asset_id for activity in matches} - {None}
    return (
        len(matches) >= rule.min_count
        and len(days) >= rule.min_days
        and (rule.min_assets is None or len(assets) >= rule.min_assets)
    )


def _counted(rule: EngagementRule, matches: Sequence[ActivityFacts]) -> Sequence[ActivityFacts]:
    if rule.count == Count.ONCE:
        return matches[-1:]
    if rule.max_per_day is None:
        return matches
    counted, on_day = [], Counter[int]()
    for activity in matches:
        on_day[activity.day] += 1
        if on_day[activity.day] <= rule.max_per_day:
            counted.append(activity)
    return counted


def _silence(rule: SilenceRule, lead: LeadFacts, today: int) -> RuleReason:
    matches = [a for a in lead.activities if not rule.activity_types or a.type in rule.activity_types]
    latest = max(
        matches, key=lambda activity: (activity.day, activity.occurred_at, activity.pk), default=None
    )
    start = lead.created_day if latest is None else latest.day
    periods = max((today - start) // rule.every_days, 0)
    counted = periods if rule.repeats else min(periods, 1)
    reason = _reason_of(
        rule,
        periods >= 1,
        matches=periods,
        counted=counted,
        uncapped=abs(rule.points) * counted,
        latest=latest,
    )
    return RuleReason(**{**vars(reason), "silent_since": start})


def _reason_of(
    rule: AnyRule,
    met: bool,
    *,
    matches: int,
    counted: int,
    uncapped: int,
    latest: ActivityFacts | None = None,
) -> RuleReason:
    sign = 1 if rule.points > 0 else -1
    contribution = cap(uncapped, rule.points, rule.max_points)
    raw = abs(rule.points) * counted
    return RuleReason(
        rule=rule,
        is_met=met,
        matches=matches,
        counted=counted,
        raw_points=sign * raw,
        taken_by_decay=sign * (raw - uncapped),
        taken_by_cap=sign * uncapped - contribution,
        contribution=contribution,
        latest=latest,
    )
