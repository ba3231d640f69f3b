"""What somebody asks for when they ask for weights: which decisions, and what the points of each rule may become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from scoring.models.rulebook import POINTS_LIMIT
from scoring.rulebook.form import AnyRule, Form


@dataclass(frozen=True)
class Limits:
    """`keep`: as it is. `may_turn`: its sign is not locked. `low` to `high`: its size; None: as for all."""

    keep: bool = False
    may_turn: bool = False
    low: int | None = None
    high: int | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Wanted:
    """Handoffs decided from `first` to `last`; sizes of points from `low` to `high` unless a rule has its own."""

    first: date
    last: date
    low: int
    high: int
    rules: Mapping[str, Limits] = field(default_factory=dict)

    def of(self, rule: AnyRule) -> dict[str, Any]:
        """A rule as the child process takes it."""
        limits = self.rules.get(rule.key, NO_LIMITS)
        low = self.low if limits.low is None else limits.low
        high = self.high if limits.high is None else limits.high
        return {
            "key": rule.key,
            "points": rule.points,
            "cap": rule.max_points,
            "keep": limits.keep,
            "may_turn": limits.may_turn,
            # Where only one of them is the rule's own, it wins over that of all.
            "low": min(low, high) if limits.low is None else low,
            "high": max(low, high),
        }

    def to_json(self) -> dict[str, Any]:
        """As it stands in the ledger; the same question is the same value."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "low": self.low,
            "high": self.high,
            "rules": {
                key: {name: value for name, value in vars(limits).items() if value not in (None, False)}
                for key, limits in sorted(self.rules.items())
                if limits != NO_LIMITS
            },
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Wanted:
        return cls(
            first=date.fromisoformat(value["first"]),
            last=date.fromisoformat(value["last"]),
            low=value["low"],
            high=value["high"],
            rules={key: Limits(**limits) for key, limits in value["rules"].items()},
        )


def usual_high(form: Form) -> int:
    """The largest size that a rule has now: nothing is suggested that would outweigh all that there is."""
    return min(POINTS_LIMIT, max((abs(rule.points) for rule in form.enabled_rules), default=POINTS_LIMIT))
