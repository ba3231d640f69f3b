"""The difference of two explanations in words: what each rule gave before and after, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from leads.models.fields import day_from_number
from scoring.engine.difference import DimensionChange, GroupChange, RuleChange
from scoring.engine.explainer import DimensionReason, GroupReason, RuleReason
from scoring.explanations import ChangeExplained
from scoring.rulebook.form import Dimension, EngagementRule, FitRule, SilenceRule
from scoring.rulebook.wording import days, minus


@dataclass(frozen=True)
class ChangeLine:
    """A rule, or what floor and cap take, with its points before and after; they add up to the group's."""

    name: str
    before: int
    after: int
    words: str
    is_bounds: bool = False

    @property
    def points(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class GroupLines:
    key: str
    name: str
    before: int
    after: int
    lines: Sequence[ChangeLine]

    @property
    def points(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class DimensionLines:
    dimension: Dimension
    before: int
    after: int
    groups: Sequence[GroupLines]
    bounds: ChangeLine | None

    @property
    def points(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class Changes:
    """What changed; rules and groups that did not are left out. Lines add up to groups, these to dimensions."""

    dimensions: Sequence[DimensionLines]
    unchanged: int  # rules

    @property
    def is_empty(self) -> bool:
        return not any(part.groups or part.bounds for part in self.dimensions)


def changes_of(found: ChangeExplained) -> Changes:
    parts = found.difference.dimensions
    rules = [rule for part in parts for group in part.groups for rule in group.rules]
    return Changes([_dimension(part, found) for part in parts], sum(not rule.is_change for rule in rules))


def _dimension(part: DimensionChange, found: ChangeExplained) -> DimensionLines:
    groups = [lines for group in part.groups if (lines := _group(group, found)) is not None]
    bounds = _bounds(part.before, part.after)
    return DimensionLines(part.dimension, part.before.points, part.after.points, groups, bounds)


def _group(group: GroupChange, found: ChangeExplained) -> GroupLines | None:
    lines = [_line(rule, found) for rule in group.rules if rule.is_change]
    if bounds := _bounds(group.before, group.after):
        lines.append(bounds)
    if not lines:
        return None
    before, after = (0 if side is None else side.points for side in (group.before, group.after))
    return GroupLines(group.key, group.name, before, after, lines)


def _bounds(
    before: GroupReason | DimensionReason | None, after: GroupReason | DimensionReason | None
) -> ChangeLine | None:
    """What floor and cap gave or took on either side; none where that is the same."""
    old, new = _by_bounds(before), _by_bounds(after)
    return None if old == new else ChangeLine("Floor and cap", old, new, "", is_bounds=True)


def _by_bounds(reason: GroupReason | DimensionReason | None) -> int:
    return 0 if reason is None else reason.points - reason.raw_points


def _line(change: RuleChange, found: ChangeExplained) -> ChangeLine:
    return ChangeLine(
        change.reason.rule.name,
        0 if change.before is None else change.before.contribution,
        0 if change.after is None else change.after.contribution,
        "; ".join(_why(change, found)),
    )


def _why(change: RuleChange, found: ChangeExplained) -> Iterator[str]:
    before, after = change.before, change.after
    if before is None:
        yield f"not a rule of this group in rulebook {found.before.book.number}"
    elif after is None:
        yield f"no rule of this group in rulebook {found.after.book.number} any more"
    else:
        if before.rule.points != after.rule.points:
            yield f"worth {minus(before.rule.points)} → {minus(after.rule.points)} points"
        yield from _what_happened(before, after, found.before.explanation.day, found.after.explanation.day)


def _what_happened(before: RuleReason, after: RuleReason, first: date, last: date) -> Iterator[str]:
    match after.rule:
        case FitRule():
            if before.is_met != after.is_met:
                yield "now met" if after.is_met else "no longer met"
        case SilenceRule():
            yield f"quiet for {_quiet(before, first):,} → {_quiet(after, last):,} days"
        case EngagementRule():
            yield from _matches(before, after, after.rule)
            for name, old, new in [
                ("age takes", before.taken_by_decay, after.taken_by_decay),
                ("its cap takes", before.taken_by_cap, after.taken_by_cap),
            ]:
                if old != new:
                    yield f"{name} {abs(old):,} → {abs(new):,}"


def _matches(before: RuleReason, after: RuleReason, rule: EngagementRule) -> Iterator[str]:
    window = f" in the last {days(rule.window_days)}" if rule.window_days else ""
    if before.matches != after.matches:
        yield f"{before.matches:,} → {after.matches:,} matches{window}"
    elif before.counted != after.counted:
        yield f"{before.counted:,} → {after.counted:,} of {after.matches:,} matches counted{window}"
    if before.is_met and not after.is_met and after.matches:
        yield "too few now"
    if after.is_met and not before.is_met and before.matches:
        yield "enough now"


def _quiet(reason: RuleReason, day: date) -> int:
    assert reason.silent_since is not None  # a silence rule always has a clock
    return max((day - day_from_number(reason.silent_since)).days, 0)
