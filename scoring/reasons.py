"""An explanation in words: what each rule gave, what age and caps took from it, and how that adds up to the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from leads.models.fields import day_from_number, day_of
from scoring.engine.explainer import DimensionReason, Explanation, GroupReason, RuleReason
from scoring.rulebook.form import Bounds, EngagementRule, SilenceRule


@dataclass(frozen=True)
class Line:
    """A rule that is met: its points, and why so many."""

    name: str
    points: int
    words: str
    flags: Sequence[str]


@dataclass(frozen=True)
class Section:
    """A group or a dimension: its lines' sum may be held back by a floor or a cap, which `words` says."""

    name: str
    points: int
    words: str


@dataclass(frozen=True)
class GroupLines:
    group: Section
    lines: Sequence[Line]


@dataclass(frozen=True)
class DimensionLines:
    dimension: Section
    groups: Sequence[GroupLines]


@dataclass(frozen=True)
class Reasons:
    """The lines of each group add up to it but for its bounds, groups to dimensions, dimensions to the total."""

    dimensions: Sequence[DimensionLines]
    total: int
    unmet: Sequence[str]


def reasons_of(explanation: Explanation) -> Reasons:
    day = explanation.day
    return Reasons(
        dimensions=[_dimension(part, day) for part in (explanation.fit, explanation.engagement)],
        total=explanation.score.total,
        unmet=[reason.rule.name for reason in explanation.reasons if not reason.is_met],
    )


def _dimension(part: DimensionReason, day: date) -> DimensionLines:
    return DimensionLines(
        dimension=Section(
            part.dimension.label, part.points, _held(part.raw_points, part.points, part.bounds)
        ),
        groups=[_group(group, day) for group in part.groups if any(rule.is_met for rule in group.rules)],
    )


def _group(group: GroupReason, day: date) -> GroupLines:
    bounds = group.group.bounds
    return GroupLines(
        group=Section(group.group.name, group.points, _held(group.raw_points, group.points, bounds)),
        lines=[line_of(reason, day) for reason in group.rules if reason.is_met],
    )


def _held(raw: int, points: int, bounds: Bounds) -> str:
    """Why the sum is not what its parts add up to; empty where it is."""
    if raw == points:
        return ""
    bound = f"at most {bounds.high}" if raw > points else f"at least {bounds.low}"
    return f"{raw} in sum, {bound}".replace("-", "−")


def line_of(reason: RuleReason, day: date) -> Line:
    """A rule that is met, in words."""
    flags = []
    if reason.rule.fast_track:
        flags.append("fast track")
    if reason.rule.disqualifies:
        flags.append("disqualifies")
    parts = [_evidence(reason, day), _taken(reason)]
    return Line(reason.rule.name, reason.contribution, "; ".join(filter(None, parts)), flags)


def _evidence(reason: RuleReason, day: date) -> str:
    if isinstance(reason.rule, SilenceRule) and reason.silent_since is not None:
        since = day_from_number(reason.silent_since)
        return f"quiet for {(day - since).days:,} days, since {since:%d %b %Y}"
    if not isinstance(reason.rule, EngagementRule):
        return ""
    times = "once" if reason.matches == 1 else f"{reason.matches:,} times"
    if reason.counted != reason.matches:
        times += f", {reason.counted:,} counted"
    if reason.latest is None:
        return times
    about = f" ({reason.latest.asset})" if reason.latest.asset else ""
    return f"{times}, latest {_age(reason.latest.occurred_at, day)}{about}"


def _age(at: datetime, day: date) -> str:
    days = (day - day_of(at)).days
    return "today" if days == 0 else "yesterday" if days == 1 else f"{days:,} days ago"


def _taken(reason: RuleReason) -> str:
    """What age and the rule's own cap took; each with the sign of the rule."""
    if not (reason.taken_by_decay or reason.taken_by_cap):
        return ""
    parts = [f"{reason.raw_points:+,d}"]
    if reason.taken_by_decay:
        parts.append(f"{-reason.taken_by_decay:+,d} by age")
    if reason.taken_by_cap:
        parts.append(f"{-reason.taken_by_cap:+,d} by its cap")
    return " ".join(parts).replace("-", "−")
