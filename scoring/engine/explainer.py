"""One lead in plain Python, rule by rule: why its score is what it is, and the oracle of the compiler.

Written for being read and believed, not for speed: every sentence of docs/scoring.md has
its line here. It shares with the compiler only weights, rounding and the last decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from leads.conditions import holds, is_known
from leads.models.fields import day_number
from scoring.engine.history import ActivityFacts, History, LeadFacts, MatchDay
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
    return assemble(form, lead, day, {rule.key: reason_of(rule, lead, today) for rule in form.enabled_rules})


def assemble(form: Form, lead: LeadFacts, day: date, reasons: Mapping[str, RuleReason]) -> Explanation:
    """From what each enabled rule gives, by its key, to groups, dimensions and the decision."""
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


def reason_of(rule: AnyRule, lead: LeadFacts, today: int, history: History | None = None) -> RuleReason:
    """What one rule gives on a day, by the lead's own history or by one that it might have."""
    match rule:
        case FitRule():
            return _fit(rule, lead)
        case EngagementRule():
            return _engagement(rule, history or lead.history, today)
        case SilenceRule():
            return _silence(rule, lead, history or lead.history, today)


def _fit(rule: FitRule, lead: LeadFacts) -> RuleReason:
    holding = (holds(condition, lead.facts[condition.field.name]) for condition in rule.conditions)
    met = all(holding) if rule.match == Match.ALL else any(holding)
    return _reason_of(rule, met, matches=int(met), counted=int(met), uncapped=abs(rule.points) * met)


def matches_in_window(rule: EngagementRule, history: History, today: int) -> Sequence[MatchDay]:
    """The days whose matches have come to exist and are inside the rule's window."""
    first = None if rule.window_days is None else today - rule.window_days + 1
    return history.matches(rule.activity_types, rule.conditions).between(first, today)


def _engagement(rule: EngagementRule, history: History, today: int) -> RuleReason:
    days = matches_in_window(rule, history, today)
    met = _passes_gates(rule, days)
    counted = _counted(rule, days) if met else []
    total_weight = sum(count * weight(rule.decay, today - day) for day, count in counted)
    return _reason_of(
        rule,
        met,
        matches=sum(day.count for day in days),
        counted=sum(count for _, count in counted),
        uncapped=points_from_weights(abs(rule.points), total_weight, None),
        latest=days[-1].latest if days else None,
    )


def _passes_gates(rule: EngagementRule, days: Sequence[MatchDay]) -> bool:
    if sum(day.count for day in days) < rule.min_count or len(days) < rule.min_days:
        return False
    return rule.min_assets is None or len(frozenset().union(*(d.assets for d in days))) >= rule.min_assets


def _counted(rule: EngagementRule, days: Sequence[MatchDay]) -> Sequence[tuple[int, int]]:
    """(day, how many matches of it count)."""
    if rule.count == Count.ONCE:
        return [(days[-1].day, 1)]
    most = rule.max_per_day
    return [(day.day, day.count if most is None else min(day.count, most)) for day in days]


def _silence(rule: SilenceRule, lead: LeadFacts, history: History, today: int) -> RuleReason:
    days = history.matches(rule.activity_types).between(None, today)
    latest = days[-1].latest if days else None
    start = lead.created_day if latest is None else latest.day
    periods = max((today - start) // rule.every_days, 0)
    counted = periods if rule.repeats else min(periods, 1)
    return _reason_of(
        rule,
        periods >= 1,
        matches=periods,
        counted=counted,
        uncapped=abs(rule.points) * counted,
        latest=latest,
        silent_since=start,
    )


def _reason_of(
    rule: AnyRule,
    met: bool,
    *,
    matches: int,
    counted: int,
    uncapped: int,
    latest: ActivityFacts | None = None,
    silent_since: int | None = None,
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
        silent_since=silent_since,
    )
