"""Totals of many handoffs at once, for points that are only tried: contributions, caps of rules, groups, dimensions.

Runs in the child process (scoring.weights.child): NumPy stays out of web and worker processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bounds:
    low: float
    high: float

    @classmethod
    def of(cls, pair: list[float | None]) -> Bounds:
        low, high = pair
        return cls(-np.inf if low is None else low, np.inf if high is None else high)


@dataclass(frozen=True)
class Shape:
    """All of a rulebook that turns contributions into a total: for each rule its cap and its place in `groups`."""

    caps: Floats
    group_of: list[int]
    groups: list[tuple[str, Bounds]]  # dimension and bounds
    dimensions: dict[str, Bounds]

    @classmethod
    def of(cls, asked: dict[str, Any]) -> Shape:
        return cls(
            caps=np.array([np.inf if rule["cap"] is None else rule["cap"] for rule in asked["rules"]]),
            group_of=[rule["group"] for rule in asked["rules"]],
            groups=[(group["dimension"], Bounds.of(group["bounds"])) for group in asked["groups"]],
            dimensions={name: Bounds.of(pair) for name, pair in asked["dimensions"].items()},
        )

    def totals(self, units: Floats, points: Floats) -> Floats:
        """One total a row of `units`, which holds what each rule gave in units of its points."""
        given = np.clip(units * points, -self.caps, self.caps)
        sums = {name: np.zeros(len(units)) for name in self.dimensions}
        for place, (dimension, bounds) in enumerate(self.groups):
            of_group = [rule for rule, group in enumerate(self.group_of) if group == place]
            if of_group:
                sums[dimension] += np.clip(given[:, of_group].sum(axis=1), bounds.low, bounds.high)
        total = np.zeros(len(units))
        for name, bounds in self.dimensions.items():
            total += np.clip(sums[name], bounds.low, bounds.high)
        return total
