"""How long stays last while some are still running: the estimate of E. L. Kaplan and P. Meier.

Journal of the American Statistical Association 53 (1958), pages 457-481. Leaving out the running ones would make stays
look shorter than they are, since it is the long ones that are still running. SciPy has this too, and would load a
second's worth of libraries into each web process.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter

from reports.metrics.quantiles import Histogram

# Shares are products of fractions: half is half also where its last bit was rounded.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Survival:
    """`steps`: (length, share that lasts longer), falling, one for each length at which a stay ended."""

    steps: tuple[tuple[int, float], ...]
    ended: int
    running: int

    @property
    def median(self) -> int | None:
        """The length that at most half outlast; None where more than half are still running at the last end."""
        return next((length for length, share in self.steps if share <= 0.5 + ROUNDING), None)

    def share_after(self, length: int) -> float:
        """Share of the stays that last longer than `length`."""
        place = bisect_right(self.steps, length, key=itemgetter(0))
        return self.steps[place - 1][1] if place else 1.0


def kaplan_meier(*, ended: Histogram, running: Histogram) -> Survival:
    """Stays that ended, by their length, and those still running, by how long they have lasted so far.

    One that still runs at a length counts among those that could have ended at that length.
    """
    share, steps = 1.0, []
    at_risk = sum(ended.values()) + sum(running.values())
    for length in sorted({*ended, *running}):
        if ends := ended.get(length, 0):
            share *= 1 - ends / at_risk
            steps.append((length, share))
        at_risk -= ends + running.get(length, 0)
    return Survival(tuple(steps), sum(ended.values()), sum(running.values()))
