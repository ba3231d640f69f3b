"""The points that a rulebook can give at most and at least: bounds for every lead there could be.

The bounds are never too narrow, so what lies outside of them is out of reach for certain. They may be
too wide where rules exclude one another across several fields.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leads.conditions import Condition, Field, FieldType, Operator, holds
from leads.conditions.testing import Fact
from scoring.engine.weights import FULL_WEIGHT, cap, clamp, points_from_weights, step_weights, weight
from scoring.rulebook.form import (
    AnyRule,
    Bounds,
    Count,
    DecayKind,
    Dimension,
    EngagementRule,
    FitRule,
    Form,
    Group,
    Match,
    SilenceRule,
)
from scoring.rulebook.meaning import HIGHEST, LOWEST, conflict_among, range_of, step_of

# More than 300 rules can ever add up to, caps included.
ENDLESS = 10**15
_WHOLE = {
    Operator.IS,
    Operator.IS_NOT,
    Operator.IN,
    Operator.NOT_IN,
    Operator.IS_KNOWN,
    Operator.IS_UNKNOWN,
}
# Facts times conditions that are tried for one field; beyond, its rules count as if they were independent.
_MOST_TRIALS = 20_000


@dataclass(frozen=True)
class Reach:
    """From the least to the most points."""

    low: int
    high: int

    def within(self, bounds: Bounds) -> Reach:
        return Reach(clamp(self.low, bounds.low, bounds.high), clamp(self.high, bounds.low, bounds.high))

    def __add__(self, other: Reach) -> Reach:
        return Reach(self.low + other.low, self.high + other.high)


_NOTHING = Reach(0, 0)


def dimension_reach(form: Form, dimension: Dimension) -> Reach:
    groups = (group_reach(form, group).within(group.bounds) for group in form.groups_of(dimension))
    return sum(groups, _NOTHING).within(form.fit if dimension == Dimension.FIT else form.engagement)


def group_reach(form: Form, group: Group) -> Reach:
    """What the enabled rules of a group can add up to, before its floor and cap."""
    rules = [rule for rule in form.rules_of(group) if rule.enabled and not never_met(rule)]
    by_field: dict[Field, list[FitRule]] = defaultdict(list)
    free: list[AnyRule] = []
    for rule in rules:
        field = _only_field(rule)
        if isinstance(rule, FitRule) and field is not None:
            by_field[field].append(rule)
        else:
            free.append(rule)
    total = sum((_alone(rule) for rule in free), _NOTHING)
    return sum((_together(field, same) for field, same in by_field.items()), total)


def never_met(rule: AnyRule) -> bool:
    """Whether it is certain that nobody can meet the rule."""
    match rule:
        case FitRule() if rule.match == Match.ANY:
            return all(conflict_among([condition]) for condition in rule.conditions)
        case FitRule():
            return bool(conflict_among(rule.conditions))
        case EngagementRule():
            return bool(conflict_among(rule.conditions)) or too_many_days(rule) or too_many_assets(rule)
    return False


def too_many_days(rule: EngagementRule) -> bool:
    return rule.window_days is not None and rule.min_days > rule.window_days


def too_many_assets(rule: EngagementRule) -> bool:
    """More different assets than the conditions leave; names of assets are unique."""
    if rule.min_assets is None:
        return False
    on_asset = [condition for condition in rule.conditions if condition.field.name == "asset"]
    named = [len(set(c.typed)) for c in on_asset if c.operator in (Operator.IS, Operator.IN)]
    is_unknown = any(condition.operator == Operator.IS_UNKNOWN for condition in on_asset)
    return is_unknown or (bool(named) and rule.min_assets > min(named))


def _alone(rule: AnyRule) -> Reach:
    """What one rule gives, from not met to the most."""
    most = most_points(rule)
    return Reach(min(most, 0), max(most, 0))


def most_points(rule: AnyRule) -> int:
    """The most that one rule gives, or with negative points takes."""
    match rule:
        case FitRule():
            return cap(abs(rule.points), rule.points, rule.max_points)
        case SilenceRule():
            return cap(ENDLESS if rule.repeats else abs(rule.points), rule.points, rule.max_points)
        case EngagementRule():
            total = _most_weight(rule)
            if total is None:
                return cap(ENDLESS, rule.points, rule.max_points)
            return points_from_weights(rule.points, total, rule.max_points)


def _most_weight(rule: EngagementRule) -> int | None:
    """The largest sum of weights, in thousandths; None where it is endless."""
    if rule.count == Count.ONCE:
        return FULL_WEIGHT
    if rule.max_per_day is None:
        return None
    if rule.decay.kind == DecayKind.NONE:
        return None if rule.window_days is None else rule.max_per_day * rule.window_days * FULL_WEIGHT
    weights, days = step_weights(rule.decay), rule.decay.days
    if rule.window_days is None:
        return rule.max_per_day * days * sum(weights)
    whole_steps, rest = divmod(rule.window_days, days)
    in_rest = rest * weight(rule.decay, whole_steps * days)
    return rule.max_per_day * (days * sum(weights[:whole_steps]) + in_rest)


# Rules that ask about one field exclude one another: nobody is both VP and director -------------------


def _only_field(rule: AnyRule) -> Field | None:
    """The only field that a fit rule asks about, if all facts of it that matter can be listed."""
    if not isinstance(rule, FitRule) or len({condition.field for condition in rule.conditions}) > 1:
        return None
    field = rule.conditions[0].field
    is_listed = field.type != FieldType.TEXT and not (field.type == FieldType.CHOICE and not field.choices)
    return field if is_listed or all(c.operator in _WHOLE for c in rule.conditions) else None


def _together(field: Field, rules: Sequence[FitRule]) -> Reach:
    """What rules on one field give together: tried on every fact that makes a difference."""
    conditions = [condition for rule in rules for condition in rule.conditions]
    facts = _telling_facts(field, conditions)
    if len(facts) * len(conditions) > _MOST_TRIALS:
        return sum((_alone(rule) for rule in rules), _NOTHING)
    sums = [sum(most_points(rule) for rule in rules if _is_met(rule, fact)) for fact in facts]
    return Reach(min(sums), max(sums))


def _is_met(rule: FitRule, fact: Fact) -> bool:
    holding = (holds(condition, fact) for condition in rule.conditions)
    return all(holding) if rule.match == Match.ALL else any(holding)


def _telling_facts(field: Field, conditions: Iterable[Condition]) -> set[Fact]:
    """Unknown, and one fact of each kind that the conditions tell apart."""
    if field.type == FieldType.BOOLEAN:
        return {None, True, False}
    if field.choices:
        return {None, *(code for code, _label in field.choices)}
    if field.type not in (FieldType.NUMBER, FieldType.DATE):
        # No text holds a NUL: it stands for all those that no condition names.
        return {None, "\0", *(value for condition in conditions for value in condition.typed)}
    spans = [span for condition in conditions if (span := range_of(condition)) is not None]
    step = step_of(field)
    ends = {end for span in spans for end in (span.low - step, span.low, span.high, span.high + step)}
    return {None, 0, *(end for end in ends if LOWEST <= end <= HIGHEST)}
