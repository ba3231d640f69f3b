"""What is odd about a rulebook, told from its rules alone: no database, no leads.

What real leads say about the rules is in scoring.rulebook.lint_leads.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from leads.conditions import Condition, Field, Operator
from leads.conditions.wording import condition_wording, lower_first
from scoring.rulebook.findings import Finding, FindingKind, about, quoted
from scoring.rulebook.form import AnyRule, Dimension, EngagementRule, FitRule, Form, Group, Match, SilenceRule
from scoring.rulebook.meaning import (
    Range,
    by_field,
    conflict_among,
    meet_of,
    range_of,
    range_wording,
    sense,
)
from scoring.rulebook.reach import (
    Reach,
    dimension_reach,
    group_reach,
    never_met,
    too_many_assets,
    too_many_days,
)
from scoring.rulebook.wording import days, minus

# Nobody reads more at once; looking ends here too, however many rules stand in each other's way.
MOST_FINDINGS = 100


def lint(form: Form) -> tuple[Finding, ...]:
    """The findings, gravest first; at most MOST_FINDINGS. Rules that are switched off are left out."""
    return tuple(islice(_findings(form), MOST_FINDINGS))


def _findings(form: Form) -> Iterator[Finding]:
    checks: tuple[Callable[[Form], Iterator[Finding]], ...] = (
        _out_of_reach,
        _impossible,
        _always_met,
        _without_effect,
        _twice_within,
        _twice_between,
        _overlaps,
    )
    for check in checks:
        yield from check(form)


# Bounds that nobody reaches, or everybody ------------------------------------------------------------


@dataclass(frozen=True)
class _Mark:
    """A bound that a score is compared with. `below` is what all are above of, where that would be odd."""

    name: str
    value: int | None
    reach: Reach
    below: str = ""


def _out_of_reach(form: Form) -> Iterator[Finding]:
    fit, engagement = dimension_reach(form, Dimension.FIT), dimension_reach(form, Dimension.ENGAGEMENT)
    mql, grade = form.mql, form.grade
    fast = [rule for rule in form.enabled_rules if rule.fast_track]
    marks = [
        _Mark("MQL threshold", mql.threshold, fit + engagement),
        _Mark("minimum fit of an MQL", mql.min_fit, fit),
        _Mark("minimum engagement of an MQL", mql.min_engagement, engagement),
        _Mark("minimum fit of the fast track", mql.fast_track_min_fit if fast else None, fit),
        _Mark("fit of grade A", grade.fit_a, fit),
        _Mark("fit of grade B", grade.fit_b, fit, "grade C"),
        _Mark("engagement of grade 1", grade.engagement_1, engagement),
        _Mark("engagement of grade 2", grade.engagement_2, engagement, "grade 3"),
    ]
    for mark in marks:
        if mark.value is None:
            continue
        if mark.value > mark.reach.high:
            yield _unreachable(mark, fit, engagement)
        elif mark.below and mark.value <= mark.reach.low:
            lowest = minus(mark.reach.low)
            yield Finding(
                FindingKind.REACHED_BY_ALL,
                (),
                f"Every lead reaches the {mark.name} of {minus(mark.value)}, since the rules never take it below"
                f" {lowest}: nobody can be {mark.below}. Raise it above {lowest}.",
            )
    if _all_qualify(form, fit, engagement):
        yield Finding(
            FindingKind.REACHED_BY_ALL,
            (),
            f"Every lead reaches the MQL threshold of {minus(mql.threshold)}, since the total never falls below"
            f" {minus(fit.low + engagement.low)}. Raise it, or all leads go to sales.",
        )


def _unreachable(mark: _Mark, fit: Reach, engagement: Reach) -> Finding:
    most = minus(mark.reach.high)
    parts = f"fit gives at most {minus(fit.high)} and engagement at most {minus(engagement.high)}"
    why = f"{parts}, together {most}" if mark.name == "MQL threshold" else f"the most is {most}"
    return Finding(
        FindingKind.OUT_OF_REACH,
        (),
        f"No lead can reach the {mark.name} of {minus(mark.value or 0)}: {why}. Lower it, or raise points or caps.",
    )


def _all_qualify(form: Form, fit: Reach, engagement: Reach) -> bool:
    mql = form.mql
    return (
        mql.threshold <= fit.low + engagement.low
        and (mql.min_fit is None or mql.min_fit <= fit.low)
        and (mql.min_engagement is None or mql.min_engagement <= engagement.low)
    )


# Rules that nobody can meet, or everybody ------------------------------------------------------------


def _impossible(form: Form) -> Iterator[Finding]:
    for rule in form.enabled_rules:
        match rule:
            case FitRule() if rule.match == Match.ANY:
                for condition in rule.conditions:
                    yield from _conflict(rule, [condition])
            case FitRule() | EngagementRule():
                yield from _conflict(rule, rule.conditions)
        if isinstance(rule, EngagementRule):
            yield from _impossible_counts(rule)


def _conflict(rule: AnyRule, conditions: Sequence[Condition]) -> Iterator[Finding]:
    conflict = conflict_among(conditions)
    if not conflict:
        return
    asked = " and ".join(condition_wording(condition) for condition in conflict)
    if len(conflict) == 1:
        yield about(
            FindingKind.NEVER_MET,
            [rule],
            f"{quoted(rule.name)} asks that {asked}, which no fact can be. Mend or remove that condition.",
        )
    else:
        advice = (
            "let any of its conditions be enough, or remove one"
            if isinstance(rule, FitRule)
            else "remove one of them"
        )
        yield about(
            FindingKind.CONTRADICTION,
            [rule],
            f"{quoted(rule.name)} asks that {asked}, which cannot be at once, so nobody meets it: {advice}.",
        )


def _impossible_counts(rule: EngagementRule) -> Iterator[Finding]:
    if too_many_days(rule):
        yield about(
            FindingKind.NEVER_MET,
            [rule],
            f"{quoted(rule.name)} asks for {rule.min_days} different days within the last {days(rule.window_days)},"
            " so nobody meets it. Widen its window, or ask for fewer days.",
        )
    if too_many_assets(rule):
        yield about(
            FindingKind.NEVER_MET,
            [rule],
            f"{quoted(rule.name)} asks for {rule.min_assets} different assets, more than its conditions on the asset"
            " leave, so nobody meets it. Name more assets, or ask for fewer.",
        )


def _always_met(form: Form) -> Iterator[Finding]:
    both = {Operator.IS_KNOWN, Operator.IS_UNKNOWN}
    for rule in form.enabled_rules:
        if isinstance(rule, FitRule) and rule.match == Match.ANY:
            for field, conditions in by_field(rule.conditions).items():
                if both <= {condition.operator for condition in conditions}:
                    yield about(
                        FindingKind.ALWAYS_MET,
                        [rule],
                        f"{quoted(rule.name)} is met whether {lower_first(field.label)} is known or unknown,"
                        " so by every lead. Remove one of the two.",
                    )


def _without_effect(form: Form) -> Iterator[Finding]:
    """Groups whose floor and cap leave the same points whatever the rules give."""
    for group in form.groups:
        rules = [rule for rule in form.rules_of(group) if rule.enabled]
        reach = group_reach(form, group).within(group.bounds)
        if reach.low == reach.high and any(not never_met(rule) for rule in rules):
            yield about(
                FindingKind.NO_EFFECT,
                rules,
                f"The group {quoted(group.name)} always gives {minus(reach.low)} points, whatever its rules say."
                " Move its floor or its cap.",
            )


# The same question twice -----------------------------------------------------------------------------


def _twice_within(form: Form) -> Iterator[Finding]:
    for rule in form.enabled_rules:
        if isinstance(rule, SilenceRule):
            continue
        counts = Counter(sense(condition) for condition in rule.conditions)
        for condition in rule.conditions:
            if counts.pop(sense(condition), 1) > 1:
                yield about(
                    FindingKind.TWICE,
                    [rule],
                    f"{quoted(rule.name)} asks more than once whether {condition_wording(condition)}."
                    " Keep one of them.",
                )


@dataclass
class _Shared:
    """Rules of one group that ask the same, and what it is."""

    rules: tuple[AnyRule, ...]
    asked: list[tuple[Condition, ...]]

    @property
    def wording(self) -> str:
        """Values of one field that are shared one by one are told together."""
        values: dict[Field, list[Condition]] = defaultdict(list)
        told = []
        for conditions in self.asked:
            if len(conditions) == 1 and conditions[0].operator == Operator.IN:
                values[conditions[0].field].append(conditions[0])
            else:
                told.append(" and ".join(condition_wording(condition) for condition in conditions))
        for field, ones in values.items():
            merged = Condition(
                field, Operator.IN, tuple(c.values[0] for c in ones), tuple(c.typed[0] for c in ones)
            )
            told.append(condition_wording(merged))
        return ", or ".join(told)


def _twice_between(form: Form) -> Iterator[Finding]:
    for group in form.groups:
        rules = [rule for rule in form.rules_of(group) if rule.enabled]
        for shared in _shared_questions(rules):
            names = _names(shared.rules)
            if shared.wording:
                yield about(
                    FindingKind.TWICE,
                    shared.rules,
                    f"{names} {_all(shared.rules)} count where {shared.wording}, and their points add up."
                    " Ask it in one of them only.",
                )
            else:
                yield about(
                    FindingKind.TWICE,
                    shared.rules,
                    f"{names} {_all(shared.rules)} ask for the same activities, and their points add up."
                    " Keep one of them.",
                )


def _shared_questions(rules: Sequence[AnyRule]) -> Iterator[_Shared]:
    askers: dict[Hashable, dict[str, AnyRule]] = defaultdict(dict)
    words: dict[Hashable, tuple[Condition, ...]] = {}
    for rule in rules:
        for question, conditions in _questions(rule):
            askers[question][rule.key] = rule
            words.setdefault(question, conditions)
    found: dict[tuple[str, ...], _Shared] = {}
    for question, some in askers.items():
        if len(some) > 1:
            keys = tuple(some)
            shared = found.setdefault(keys, _Shared(tuple(some.values()), []))
            if words[question]:
                shared.asked.append(words[question])
    yield from found.values()


def _questions(rule: AnyRule) -> Iterator[tuple[Hashable, tuple[Condition, ...]]]:
    """What is enough to meet the rule, one thing at a time, in a form that can be compared."""
    match rule:
        case FitRule() if rule.match == Match.ALL and len(rule.conditions) > 1:
            if not conflict_among(rule.conditions):
                yield frozenset(map(sense, rule.conditions)), rule.conditions
        case FitRule():
            for condition in rule.conditions:
                for one in _value_by_value(condition):
                    yield frozenset([sense(one)]), (one,)
        case EngagementRule():
            gates = (rule.window_days, rule.min_count, rule.min_days, rule.min_assets)
            yield (frozenset(rule.activity_types), frozenset(map(sense, rule.conditions)), gates), ()
        case SilenceRule():
            yield (frozenset(rule.activity_types), rule.every_days, rule.repeats), ()


def _value_by_value(condition: Condition) -> Iterator[Condition]:
    if condition.operator in (Operator.IS, Operator.IN):
        for text, typed in zip(condition.values, condition.typed, strict=True):
            yield Condition(condition.field, Operator.IN, (text,), (typed,))
    else:
        yield condition


# Overlapping ranges ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Span:
    """A range that is enough for a rule, together with what it asks of other fields."""

    rule: FitRule
    range: Range
    context: frozenset[Hashable]

    def is_doubled_by(self, other: _Span) -> bool:
        """Whether there are leads that both count, beyond two rules that ask the very same."""
        if self.rule.key == other.rule.key or (self.range, self.context) == (other.range, other.context):
            return False
        # Conditions on other fields may keep the two apart, unless one's are among the other's.
        return self.context <= other.context or other.context <= self.context


def _overlaps(form: Form) -> Iterator[Finding]:
    for group in form.groups:
        seen: set[tuple[str, str]] = set()
        for field, spans in _spans(form, group).items():
            for first, second in _touching(spans):
                pair = (first.rule.key, second.rule.key)
                if first.is_doubled_by(second) and not {pair, pair[::-1]} & seen:
                    seen.add(pair)
                    yield _overlap(field, first, second)


def _spans(form: Form, group: Group) -> dict[Field, list[_Span]]:
    found: dict[Field, list[_Span]] = defaultdict(list)
    for rule in form.rules_of(group):
        if not isinstance(rule, FitRule) or not rule.enabled or never_met(rule):
            continue
        alternatives = [rule.conditions] if rule.match == Match.ALL else [(one,) for one in rule.conditions]
        for conditions in alternatives:
            for field, same in by_field(conditions).items():
                if any(range_of(condition) for condition in same):
                    others = frozenset(sense(other) for other in conditions if other.field != field)
                    found[field].append(_Span(rule, meet_of(same), others))
    return found


def _touching(spans: Sequence[_Span]) -> Iterator[tuple[_Span, _Span]]:
    """Pairs with a fact in common, by a sweep from the lowest on."""
    ordered = sorted(spans, key=lambda span: (span.range.low, span.range.high))
    for index, first in enumerate(ordered):
        for second in islice(ordered, index + 1, None):
            if second.range.low > first.range.high:
                break
            yield first, second


def _overlap(field: Field, first: _Span, second: _Span) -> Finding:
    both = range_wording(field, first.range.meet(second.range))
    return about(
        FindingKind.OVERLAP,
        [first.rule, second.rule],
        f"{_names([first.rule, second.rule])} both count where {lower_first(field.label)} is {both},"
        " and their points add up. Let one range begin after the other has ended.",
    )


def _names(rules: Sequence[AnyRule]) -> str:
    names = [quoted(rule.name) for rule in rules]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _all(rules: Sequence[AnyRule]) -> str:
    return "both" if len(rules) == 2 else "all"
