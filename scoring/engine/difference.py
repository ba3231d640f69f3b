"""What changed between two explanations: rule by rule, group by group, dimension by dimension.

Everything adds up. A group's change is the sum of its rules' changes and of what its floor and cap took more
or less of; so is a dimension's. The total's change is the sum of both dimensions'.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scoring.engine.explainer import DimensionReason, Explanation, GroupReason, RuleReason
from scoring.rulebook.form import Dimension


@dataclass(frozen=True)
class RuleChange:
    """One rule in one group. None: the rulebook of that side has no such rule there, or has it switched off."""

    before: RuleReason | None
    after: RuleReason | None

    @property
    def points(self) -> int:
        return _contribution(self.after) - _contribution(self.before)

    @property
    def reason(self) -> RuleReason:
        """The later of the two that exists."""
        found = self.after or self.before
        assert found is not None  # a change has at least one side
        return found

    @property
    def is_change(self) -> bool:
        """Whether it matters to the score: other points, or met where it was not, or the other way round."""
        return self.points != 0 or _is_met(self.before) != _is_met(self.after)


@dataclass(frozen=True)
class GroupChange:
    before: GroupReason | None
    after: GroupReason | None
    rules: tuple[RuleChange, ...]

    @property
    def points(self) -> int:
        return (self.after.points if self.after else 0) - (self.before.points if self.before else 0)

    @property
    def by_bounds(self) -> int:
        """The part of the change that no rule explains: floor and cap took more, or less."""
        return self.points - sum(rule.points for rule in self.rules)

    @property
    def name(self) -> str:
        found = self.after or self.before
        assert found is not None
        return found.group.name

    @property
    def key(self) -> str:
        found = self.after or self.before
        assert found is not None
        return found.group.key


@dataclass(frozen=True)
class DimensionChange:
    before: DimensionReason
    after: DimensionReason
    groups: tuple[GroupChange, ...]

    @property
    def dimension(self) -> Dimension:
        return self.after.dimension

    @property
    def points(self) -> int:
        return self.after.points - self.before.points

    @property
    def by_bounds(self) -> int:
        return self.points - sum(group.points for group in self.groups)


@dataclass(frozen=True)
class Difference:
    before: Explanation
    after: Explanation
    fit: DimensionChange
    engagement: DimensionChange

    @property
    def points(self) -> int:
        return self.after.score.total - self.before.score.total

    @property
    def dimensions(self) -> tuple[DimensionChange, DimensionChange]:
        return self.fit, self.engagement


def difference(before: Explanation, after: Explanation) -> Difference:
    """From one explanation of a lead to another: of another day, another rulebook, or both."""
    return Difference(
        before, after, _dimension(before.fit, after.fit), _dimension(before.engagement, after.engagement)
    )


def _dimension(before: DimensionReason, after: DimensionReason) -> DimensionChange:
    old = {reason.group.key: reason for reason in before.groups}
    new = {reason.group.key: reason for reason in after.groups}
    groups = tuple(_group(old.get(key), new.get(key)) for key in _keys(new, old))
    return DimensionChange(before, after, groups)


def _group(before: GroupReason | None, after: GroupReason | None) -> GroupChange:
    # By group and key: a rule that was moved leaves one group and comes to another, and both sums stay right.
    old = {reason.rule.key: reason for reason in before.rules} if before else {}
    new = {reason.rule.key: reason for reason in after.rules} if after else {}
    rules = tuple(RuleChange(old.get(key), new.get(key)) for key in _keys(new, old))
    return GroupChange(before, after, rules)


def _keys(*sides: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(key for side in sides for key in side))


def _contribution(reason: RuleReason | None) -> int:
    return 0 if reason is None else reason.contribution


def _is_met(reason: RuleReason | None) -> bool:
    return reason is not None and reason.is_met
