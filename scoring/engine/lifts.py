"""What would lift a lead to the threshold: the next things it might do, and facts that nobody knows yet.

Nothing here is estimated. Each answer is a whole explanation of the lead as it would be, so that caps, other
rules that the same activity meets, and a silence that it ends are all in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from leads.conditions import Condition, Field, FieldType, Operator, holds, is_known
from leads.conditions.testing import Fact
from leads.models.fields import EPOCH, day_from_number, day_number
from scoring.engine.explainer import Explanation, RuleReason, assemble, reason_of
from scoring.engine.history import ActivityFacts, LeadFacts
from scoring.engine.result import ScoreResult
from scoring.rulebook.form import EngagementRule, FitRule, Form, Match, SilenceRule

# More of one kind than this is no plan.
MOST_TIMES = 10
MOST_TOGETHER = 5
# Only the strongest are tried together: each try is an explanation.
TRIED_TOGETHER = 8


@dataclass(frozen=True)
class ActivityLift:
    """So many more activities that meet a rule: all today, or one a day from today on where `days` is more than 1."""

    rule: EngagementRule
    times: int
    days: int
    gain: int  # of the total, against today's
    score: ScoreResult  # on the last of those days


@dataclass(frozen=True)
class FactLift:
    """A fit rule that would be met if these facts became known, and were so."""

    rule: FitRule
    fields: tuple[Field, ...]
    gain: int
    score: ScoreResult


@dataclass(frozen=True)
class Lifts:
    """What would qualify a lead by itself, what would help, and what only caps keep from helping.

    `activities` has the smallest number of each that qualifies the lead, or one that does not suffice.
    `together` is a small set that qualifies it where no single kind does; empty where none was found.
    """

    activities: tuple[ActivityLift, ...]
    facts: tuple[FactLift, ...]
    together: tuple[ActivityLift, ...]
    together_score: ScoreResult | None
    no_gain: tuple[EngagementRule, ...]


NO_LIFTS = Lifts((), (), (), None, ())


def lifts(form: Form, lead: LeadFacts, today: Explanation) -> Lifts:
    """What would lift the lead. Nothing where it qualifies, or where a rule disqualifies it."""
    if today.score.qualified or today.score.disqualified:
        return NO_LIFTS
    lab = Laboratory(form, lead, today)
    rules = [rule for rule in form.enabled_rules if isinstance(rule, EngagementRule) and _invites(rule)]
    found = {rule.key: lab.smallest(rule) for rule in rules}
    useful = sorted(
        (lift for lift in found.values() if lift is not None and (lift.gain > 0 or lift.score.qualified)),
        key=lambda lift: (not lift.score.qualified, lift.times, -lift.gain),
    )
    together, score = ((), None) if any(lift.score.qualified for lift in useful) else lab.together(useful)
    helping = {lift.rule.key for lift in useful}
    no_gain = tuple(rule for rule in rules if rule.key not in helping and found[rule.key] is not None)
    return Lifts(tuple(useful), tuple(lab.unknown_facts()), together, score, no_gain)


def _invites(rule: EngagementRule) -> bool:
    return rule.points > 0 and not rule.disqualifies


class Laboratory:
    """Explains the lead as it would be. Only rules that could see the difference are worked out again."""

    def __init__(self, form: Form, lead: LeadFacts, today: Explanation) -> None:
        self.form, self.lead, self.today = form, lead, today
        self._reasons = {reason.rule.key: reason for reason in today.reasons}
        self._day = day_number(today.day)

    # Activities -----------------------------------------------------------------------------------

    def smallest(self, rule: EngagementRule) -> ActivityLift | None:
        """The smallest number that qualifies the lead; else of those that add anything; None where out of reach."""
        needed = self._needed(rule)
        if needed is None:
            return None
        least = self._lift(rule, needed)
        if least is None or least.score.qualified:
            return least
        most = self._lift(rule, MOST_TIMES)
        if most is None or not most.score.qualified:
            return least
        tries = (self._lift(rule, times) for times in range(needed + 1, MOST_TIMES))
        return next((lift for lift in tries if lift is not None and lift.score.qualified), most)

    def _needed(self, rule: EngagementRule) -> int | None:
        """How many more it takes until the rule is met, all its gates open; at least one."""
        for times in range(1, MOST_TIMES + 1):
            activities = self.next_activities(rule, times)
            if activities is None:
                return None
            history = self.lead.history.plus(activities)
            if reason_of(rule, self.lead, activities[-1].day, history).is_met:
                return times
        return None

    def _lift(self, rule: EngagementRule, times: int) -> ActivityLift | None:
        activities = self.next_activities(rule, times)
        if activities is None:
            return None
        score = self._with(activities)
        days = activities[-1].day - self._day + 1
        return ActivityLift(rule, times, days, score.total - self.today.score.total, score)

    def next_activities(self, rule: EngagementRule, times: int, first: int = 0) -> list[ActivityFacts] | None:
        """So many activities that meet the rule; None where nothing that meets it can be thought of."""
        facts = self._typical(rule)
        if facts is None:
            return None
        spread = rule.min_days > 1 or rule.max_per_day is not None
        return [
            ActivityFacts(
                pk=-1 - first - index,
                type=rule.activity_types[0],
                occurred_at=_noon(self._day + index * spread),
                day=self._day + index * spread,
                asset_id=-1 - first - index,  # each about something else, as rules that count assets ask
                asset="",
                facts=facts,
            )
            for index in range(times)
        ]

    def _typical(self, rule: EngagementRule) -> Mapping[str, Fact] | None:
        """The facts of such an activity: those of the lead's own latest one, else whatever the conditions ask."""
        asked = {
            item.field.name: None
            for other in self.form.enabled_rules
            if isinstance(other, EngagementRule)
            for item in other.conditions
        }
        if not rule.conditions:
            return asked
        own = self.lead.history.matches(rule.activity_types[:1], rule.conditions).days
        return own[-1].latest.facts if own else meeting(asked, rule.conditions)

    def together(self, single: Sequence[ActivityLift]) -> tuple[tuple[ActivityLift, ...], ScoreResult | None]:
        """The strongest added one after the other until the lead qualifies; then whatever is not needed is dropped."""
        able = sorted(single, key=lambda lift: -lift.gain)[:TRIED_TOGETHER]
        chosen: list[ActivityLift] = []
        while len(chosen) < MOST_TOGETHER:
            tries = [(self._all([*chosen, lift]), lift) for lift in able if lift not in chosen]
            if not tries:
                return (), None
            score, lift = max(tries, key=lambda found: (found[0].qualified, found[0].total))
            chosen.append(lift)
            if score.qualified:
                needed = self._without_needless(chosen)
                return tuple(needed), self._all(needed)
        return (), None

    def _without_needless(self, chosen: list[ActivityLift]) -> list[ActivityLift]:
        for lift in list(chosen):
            rest = [other for other in chosen if other is not lift]
            if rest and self._all(rest).qualified:
                chosen = rest
        return chosen

    def _all(self, chosen: Iterable[ActivityLift]) -> ScoreResult:
        activities: list[ActivityFacts] = []
        for lift in chosen:
            activities += self.next_activities(lift.rule, lift.times, first=len(activities)) or []
        return self._with(activities)

    def _with(self, activities: Sequence[ActivityFacts]) -> ScoreResult:
        """The score on the day of the last of these activities."""
        history, last = self.lead.history.plus(activities), max(activity.day for activity in activities)
        types = {activity.type for activity in activities}
        reasons = dict(self._reasons)
        for rule in self.form.enabled_rules:
            if not isinstance(rule, FitRule) and (last > self._day or _sees(rule, types)):
                reasons[rule.key] = reason_of(rule, self.lead, last, history)
        return self._score(self.lead, last, reasons)

    def _score(self, lead: LeadFacts, day: int, reasons: Mapping[str, RuleReason]) -> ScoreResult:
        return assemble(self.form, lead, _date(day), reasons).score

    # Facts ----------------------------------------------------------------------------------------

    def unknown_facts(self) -> list[FactLift]:
        """Fit rules that unknown facts could meet, the strongest first."""
        found = []
        for rule in self.form.enabled_rules:
            if isinstance(rule, FitRule) and not self._reasons[rule.key].is_met:
                lift = self._known(rule)
                if lift is not None and (lift.gain > 0 or lift.score.qualified):
                    found.append(lift)
        return sorted(found, key=lambda lift: (not lift.score.qualified, -lift.gain))

    def _known(self, rule: FitRule) -> FactLift | None:
        unknown = [item for item in rule.conditions if not is_known(self.lead.facts[item.field.name])]
        if rule.match == Match.ANY:
            unknown = unknown[:1]
        if not unknown:
            return None
        names = {item.field.name for item in unknown}
        facts = meeting(self.lead.facts, [item for item in rule.conditions if item.field.name in names])
        if facts is None:
            return None
        lead = replace(self.lead, facts=facts)
        reasons = dict(self._reasons)
        for other in self.form.enabled_rules:
            if isinstance(other, FitRule) and any(item.field.name in names for item in other.conditions):
                reasons[other.key] = reason_of(other, lead, self._day)
        if not reasons[rule.key].is_met:
            return None
        score = self._score(lead, self._day, reasons)
        fields = tuple(dict.fromkeys(item.field for item in unknown))
        return FactLift(rule, fields, score.total - self.today.score.total, score)


def _sees(rule: EngagementRule | SilenceRule, types: set[str]) -> bool:
    return not rule.activity_types or not types.isdisjoint(rule.activity_types)


def _date(day: int) -> date:
    return day_from_number(day)


def _noon(day: int) -> datetime:
    return datetime(EPOCH.year, EPOCH.month, EPOCH.day, 12, tzinfo=UTC) + timedelta(days=day)


# Facts that meet conditions ----------------------------------------------------------------------------------------


def meeting(facts: Mapping[str, Fact], conditions: Sequence[Condition]) -> Mapping[str, Fact] | None:
    """These facts with those changed that the conditions ask about, so that all hold; None where none is found."""
    found = dict(facts)
    for name in {condition.field.name for condition in conditions}:
        asking = [condition for condition in conditions if condition.field.name == name]
        candidates = [fact for condition in asking for fact in _candidates(condition)]
        fitting = (fact for fact in candidates if all(holds(condition, fact) for condition in asking))
        try:
            found[name] = next(fitting)
        except StopIteration:
            return None
    return found


def _candidates(condition: Condition) -> list[Fact]:
    """Facts that might meet the condition."""
    typed, field = condition.typed, condition.field
    match condition.operator:
        case Operator.IS_TRUE:
            return [True]
        case Operator.IS_FALSE:
            return [False]
        case Operator.IS_UNKNOWN:
            return [None]
        case Operator.IS_KNOWN | Operator.IS_NOT | Operator.NOT_IN | Operator.NOT_CONTAINS:
            return _anything(field)
        case Operator.GT:
            return [int(typed[0]) + 1]
        case Operator.LT:
            return [int(typed[0]) - 1]
    return list(typed)


def _anything(field: Field) -> list[Fact]:
    """A value that no rule speaks of by name, so that only knowing it counts."""
    match field.type:
        case FieldType.BOOLEAN:
            return [True]
        case FieldType.NUMBER | FieldType.DATE:
            return [0]
    return ["\N{BLACK SQUARE}"]
