"""From what was counted in a sample to all leads, with how far that may be off."""

from __future__ import annotations

import math
from dataclasses import dataclass

# 95 % of the time the true number lies within the margin.
_Z = 1.96


@dataclass(frozen=True)
class Estimate:
    """A number of leads. `margin`: 95 % of the time the true one is that near; None where all were counted."""

    value: int
    margin: int | None = None

    def __str__(self) -> str:
        if self.margin is None:
            return f"{self.value:,}".replace("-", "−")
        if not self.value:
            return f"0 to about {self.margin:,}"
        return f"{self.value:,} ± {self.margin:,}".replace("-", "−")


@dataclass(frozen=True)
class Scale:
    """How many leads were looked at, and how many there are."""

    looked_at: int
    leads: int
    is_sample: bool

    @property
    def factor(self) -> float:
        """How many leads each of those looked at stands for."""
        return self.leads / self.looked_at if self.is_sample else 1

    def of(self, count: int) -> Estimate:
        """Of a count among those looked at."""
        # Two successes and two failures more (Agresti and Coull): else a count of 0 would have no margin.
        share = (count + 2) / (self.looked_at + 4)
        return self._estimate(count, share * (1 - share))

    def balance(self, plus: int, minus: int) -> Estimate:
        """Of `plus` less `minus`, two counts of different leads."""
        gains, losses = (plus + 1) / (self.looked_at + 4), (minus + 1) / (self.looked_at + 4)
        return self._estimate(plus - minus, gains + losses - (gains - losses) ** 2)

    def rough(self, count: int) -> int:
        """The same without a margin, for tables of many numbers."""
        return round(count * self.factor)

    def _estimate(self, count: int, variance: float) -> Estimate:
        """`variance`: of what one lead adds to the count."""
        if not self.is_sample:
            return Estimate(count)
        # A sample of nearly all leads is nearly exact.
        unseen = (self.leads - self.looked_at) / max(self.leads - 1, 1)
        margin = _Z * math.sqrt(variance / self.looked_at * max(unseen, 0)) * self.leads
        # Two figures of the margin are enough; more would only look exact.
        unit = 10 ** max(math.floor(math.log10(margin)) - 1, 0) if margin >= 1 else 1
        return Estimate(round(count * self.factor / unit) * unit, math.ceil(margin / unit) * unit)
