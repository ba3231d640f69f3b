"""Rules and thresholds in plain language: what the rulebook page and the explanation say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from leads.conditions.wording import condition_wording, either, lower_first, upper_first
from scoring.rulebook.form import (
    AnyRule,
    Bounds,
    Count,
    Decay,
    DecayKind,
    EngagementRule,
    FitRule,
    Form,
    Match,
    SilenceRule,
)


@dataclass(frozen=True)
class Words:
    """The words of this installation: labels of activity types by code."""

    activity_labels: dict[str, str]

    def rule(self, rule: AnyRule) -> str:
        """What a rule asks and how it counts, in one or two sentences."""
        match rule:
            case FitRule():
                return fit_wording(rule)
            case EngagementRule():
                return f"{self._what(rule)}{_gates(rule)}. {_counting(rule)}"
            case SilenceRule():
                return self._silence(rule)

    def _what(self, rule: EngagementRule) -> str:
        window = f" in the last {days(rule.window_days)}" if rule.window_days else ""
        where = " and ".join(condition_wording(item) for item in rule.conditions)
        return f"{self._types(rule.activity_types)}{window}{f', where {where}' if where else ''}"

    def _types(self, codes: Sequence[str]) -> str:
        return either([self.activity_labels.get(code, code) for code in codes])

    def _silence(self, rule: SilenceRule) -> str:
        what = self._types(rule.activity_types) if rule.activity_types else "activity of any kind"
        every = "for every" if rule.repeats else "after"
        return f"No {lower_first(what)}: {every} {days(rule.every_days)} of silence."


def fit_wording(rule: FitRule) -> str:
    joined = (" and " if rule.match == Match.ALL else " or ").join(
        condition_wording(item) for item in rule.conditions
    )
    return f"{upper_first(joined)}."


def _gates(rule: EngagementRule) -> str:
    gates = []
    if rule.min_count > 1:
        gates.append(f"{rule.min_count} times")
    if rule.min_days > 1:
        gates.append(f"on {rule.min_days} different days")
    if rule.min_assets is not None and rule.min_assets > 1:
        gates.append(f"with {rule.min_assets} different assets")
    elif rule.min_assets == 1:
        gates.append("with a known asset")
    return f", at least {' and '.join(gates)}" if gates else ""


def _counting(rule: EngagementRule) -> str:
    if rule.count == Count.ONCE:
        counted = "Counts once, the latest"
    elif rule.max_per_day is not None:
        counted = f"Each counts, at most {rule.max_per_day} a day"
    else:
        counted = "Each counts"
    return f"{counted}{_decay(rule.decay)}."


def _decay(decay: Decay) -> str:
    match decay.kind:
        case DecayKind.LINEAR:
            return f"; loses {decay.percent} % of its points every {days(decay.days)}"
        case DecayKind.COMPOUND:
            return f"; loses {decay.percent} % of what is left every {days(decay.days)}"
    return ""


def bounds_wording(bounds: Bounds) -> str:
    """For example: at most 60 points. Empty where there is no bound."""
    if bounds.low is not None and bounds.high is not None:
        return f"{minus(bounds.low)} to {minus(bounds.high)} points"
    if bounds.high is not None:
        return f"at most {minus(bounds.high)} points"
    return "" if bounds.low is None else f"at least {minus(bounds.low)} points"


def minus(number: int) -> str:
    """The number with the real minus sign."""
    return str(number).replace("-", "−")


def mql_wording(form: Form) -> list[str]:
    """What an MQL is today, in sentences."""
    mql = form.mql
    needs = [f"a total of at least {minus(mql.threshold)}"]
    if mql.min_fit is not None:
        needs.append(f"a fit of at least {minus(mql.min_fit)}")
    if mql.min_engagement is not None:
        needs.append(f"an engagement of at least {minus(mql.min_engagement)}")
    sentences = [f"A lead qualifies with {_listed(needs)}."]
    fast = [rule.name for rule in form.enabled_rules if rule.fast_track]
    if fast:
        fit = (
            ""
            if mql.fast_track_min_fit is None
            else f", as long as its fit is at least {minus(mql.fast_track_min_fit)}"
        )
        sentences.append(f"It qualifies at once, whatever the total, by {either(fast)}{fit}.")
    out = [rule.name for rule in form.enabled_rules if rule.disqualifies]
    if out:
        sentences.append(f"It never qualifies with {either(out)}.")
    sentences.append(
        f"An offer that nobody has taken up is withdrawn once the lead has been more than {mql.demote_margin} points"
        f" below the line for {nights(mql.demote_after_nights)}."
    )
    sentences.append(
        "A lead that sales gave back is offered again after its cool-down, once it has earned"
        f" {mql.reentry_points} new points of engagement, or at once when it raises its hand."
    )
    return sentences


def on(day: date) -> str:
    """For example: 9 Mar 2026."""
    return f"{day.day} {day:%b %Y}"


def days(count: int | None) -> str:
    return "day" if count == 1 else f"{count} days"


def nights(count: int) -> str:
    return "a night" if count == 1 else f"{count} nights"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
