"""What becomes of a score if nothing happens: the coming days on which it changes by time alone.

Only rules that are due on a day are worked out again, in the order of those days, so that looking two years
ahead costs what changes in them, not what they have days.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from leads.models.fields import day_from_number, day_number
from scoring.engine.explainer import Explanation, RuleReason, assemble, matches_in_window, reason_of
from scoring.engine.history import History, LeadFacts
from scoring.engine.result import ScoreResult
from scoring.engine.weights import step_weights
from scoring.rulebook.form import AnyRule, Decay, DecayKind, EngagementRule, FitRule, Form, SilenceRule

# How far is looked: the longest windows in use are a year, and decay behind them ends within another.
HORIZON_DAYS = 731
# And how much is worked out at most: days with matches, over all rules and days ahead. About 50 ms.
WORK = 100_000
SHOWN = 6


@dataclass(frozen=True)
class Step:
    """A day on which the score changes by time alone, and the rules that change it."""

    day: date
    score: ScoreResult
    changes: tuple[tuple[RuleReason, RuleReason], ...]  # before and after


@dataclass(frozen=True)
class Outlook:
    """What time alone will do. Each milestone is the first day of its kind, None where there is none by `looked_to`.

    `steps` are the first few changes. `looked_to` is the last day looked at, None where nothing can
    change any more after the last step.
    """

    today: Explanation
    steps: tuple[Step, ...]
    below_threshold: Step | None  # the total falls below the threshold
    stops_qualifying: Step | None
    leaves_line: Step | None  # the threshold less the margin of demotion
    starts_qualifying: Step | None
    looked_to: date | None


def outlook(form: Form, lead: LeadFacts, today: Explanation) -> Outlook:
    """What becomes of the lead's score from the day of this explanation on, if nothing happens."""
    walk = Walk(form, lead, today)
    now, threshold = today.score, form.mql.threshold
    wanted: dict[str, tuple[bool, Callable[[ScoreResult], bool]]] = {
        "below_threshold": (now.total >= threshold, lambda score: score.total < threshold),
        "stops_qualifying": (now.qualified, lambda score: not score.qualified),
        "leaves_line": (now.holds_line, lambda score: not score.holds_line),
        "starts_qualifying": (not now.qualified, lambda score: score.qualified),
    }
    open_ends = {name: test for name, (applies, test) in wanted.items() if applies}
    steps: list[Step] = []
    found: dict[str, Step] = {}
    for step in walk:
        if len(steps) < SHOWN:
            steps.append(step)
        for name in [name for name, test in open_ends.items() if test(step.score)]:
            found[name] = step
            del open_ends[name]
        if not open_ends and len(steps) >= SHOWN:
            break
    return Outlook(
        today,
        tuple(steps),
        below_threshold=found.get("below_threshold"),
        stops_qualifying=found.get("stops_qualifying"),
        leaves_line=found.get("leaves_line"),
        starts_qualifying=found.get("starts_qualifying"),
        looked_to=walk.looked_to,
    )


class Walk:
    """The days ahead on which the score changes, in order; after them `looked_to` says how far that holds."""

    def __init__(self, form: Form, lead: LeadFacts, today: Explanation) -> None:
        self.form, self.lead = form, lead
        self.looked_to: date | None = None
        self._start = day_number(today.day)
        self._reasons = {reason.rule.key: reason for reason in today.reasons}
        self._score = today.score
        self._work = 0
        self._due: list[tuple[int, int]] = []
        for index in range(len(form.enabled_rules)):
            self._schedule(index, self._start)

    def __iter__(self) -> Iterator[Step]:
        day = self._start
        while self._due:
            if self._due[0][0] > self._start + HORIZON_DAYS:
                self.looked_to = day_from_number(self._start + HORIZON_DAYS)
                return
            if self._work > WORK:
                self.looked_to = day_from_number(self._due[0][0] - 1)
                return
            day = self._due[0][0]
            step = self._step(day)
            if step.score != self._score:
                self._score = step.score
                yield step

    def _step(self, day: int) -> Step:
        changes = []
        while self._due and self._due[0][0] == day:
            _, index = heapq.heappop(self._due)
            rule = self.form.enabled_rules[index]
            before = self._reasons[rule.key]
            after = self._reasons[rule.key] = reason_of(rule, self.lead, day)
            self._schedule(index, day)
            if (before.contribution, before.is_met) != (after.contribution, after.is_met):
                changes.append((before, after))
        date_of = day_from_number(day)
        score = assemble(self.form, self.lead, date_of, self._reasons).score if changes else self._score
        return Step(date_of, score, tuple(changes))

    def _schedule(self, index: int, today: int) -> None:
        rule = self.form.enabled_rules[index]
        day = next_day(rule, self.lead, self.lead.history, today)
        if day is not None:
            heapq.heappush(self._due, (day, index))
        if isinstance(rule, EngagementRule):
            self._work += 1 + len(matches_in_window(rule, self.lead.history, today))


def next_day(rule: AnyRule, lead: LeadFacts, history: History, today: int) -> int | None:
    """The next day on which time alone may change what the rule gives: never too late, perhaps too early.

    None where it never can. It is the `valid_until` of one rule (docs/scoring.md).
    """
    match rule:
        case FitRule():
            return None
        case EngagementRule():
            return _next_of_engagement(rule, history, today)
        case SilenceRule():
            return _next_of_silence(rule, lead, history, today)


def _next_of_engagement(rule: EngagementRule, history: History, today: int) -> int | None:
    """A window that closes, a weight that steps down, an activity that comes to exist."""
    days = matches_in_window(rule, history, today)
    ahead = [history.matches(rule.activity_types, rule.conditions).first_after(today)]
    if days and rule.window_days is not None:
        ahead.append(days[0].day + rule.window_days)
    ahead += [_next_weight(rule.decay, day.day, today) for day in days]
    return min((day for day in ahead if day is not None), default=None)


def _next_weight(decay: Decay, day: int, today: int) -> int | None:
    if decay.kind == DecayKind.NONE:
        return None
    step = (today - day) // decay.days
    return day + (step + 1) * decay.days if step < len(step_weights(decay)) else None


def _next_of_silence(rule: SilenceRule, lead: LeadFacts, history: History, today: int) -> int | None:
    reason = reason_of(rule, lead, today, history)
    assert reason.silent_since is not None  # a silence rule always has a clock
    ahead = [history.matches(rule.activity_types).first_after(today)]
    is_done = reason.is_met and (not rule.repeats or abs(reason.contribution) == rule.max_points)
    if not is_done:
        ahead.append(reason.silent_since + (reason.matches + 1) * rule.every_days)
    return min((day for day in ahead if day is not None), default=None)
