"""What a backtest is asked: a period gone by, and how far apart two handoffs may be to be the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from leads.models.fields import EARLIEST_DAY, day_number
from scoring.errors import ScoringError

MOST_DAYS = 731
# Up to so many days each one is scored, beyond that one a week.
DAILY = 90
WITHIN, MOST_WITHIN = 14, 60


class BacktestRefused(ScoringError):
    """There can be no such backtest, in words."""


@dataclass(frozen=True)
class Asked:
    """The days `first` to `last`, both included. `within`: W of docs/scoring.md, in days."""

    first: date
    last: date
    within: int = WITHIN

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_weekly(self) -> bool:
        return self.days > DAILY

    @property
    def steps(self) -> list[int]:
        """The days that are scored, as numbers: the one before the period, then those of the period."""
        first, last = day_number(self.first), day_number(self.last)
        steps = range(first, last + 1, 7 if self.is_weekly else 1)
        return [first - 1, *steps] if steps[-1] == last else [first - 1, *steps, last]

    def as_json(self) -> dict[str, Any]:
        return {"first": self.first.isoformat(), "last": self.last.isoformat(), "within": self.within}

    @classmethod
    def from_json(cls, asked: Mapping[str, Any]) -> Asked:
        first, last = date.fromisoformat(asked["first"]), date.fromisoformat(asked["last"])
        return cls(first, last, int(asked["within"]))


def check(asked: Asked, *, today: date) -> Asked:
    """Raises BacktestRefused with what is wrong, and what is possible."""
    yesterday = today - timedelta(days=1)
    if asked.first > asked.last:
        raise BacktestRefused(f"The period begins on {asked.first}, after its end on {asked.last}.")
    if asked.first <= EARLIEST_DAY:
        raise BacktestRefused(f"The period begins on {asked.first}; days after {EARLIEST_DAY} can be tested.")
    if asked.last > yesterday:
        raise BacktestRefused(
            f"The period ends on {asked.last}: only days that are over can be tested, up to {yesterday}."
        )
    if asked.days > MOST_DAYS:
        raise BacktestRefused(
            f"The period has {asked.days:,} days; a backtest takes at most {MOST_DAYS}, which is two years."
        )
    if not 0 <= asked.within <= MOST_WITHIN:
        raise BacktestRefused(
            f"Two handoffs can be the same up to {MOST_WITHIN} days apart; {asked.within} is not 0 to {MOST_WITHIN}."
        )
    return asked
