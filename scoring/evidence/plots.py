"""Where the marks of an interval stand in the little picture of each line; the same scale for all of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from scoring.evidence.verdicts import Line, Verdict

WIDTH = 160
_MARGIN = 6


@dataclass(frozen=True)
class Plot:
    """In units of the picture, 0 to WIDTH: from `low` to `high` with a dot at `value`; no difference is at `zero`."""

    low: float
    high: float
    value: float

    zero: float = WIDTH / 2
    width: int = WIDTH

    @property
    def length(self) -> float:
        return round(self.high - self.low, 1)


@dataclass(frozen=True)
class Scale:
    """`reach`: the difference at the edges, in shares."""

    reach: float

    def plot(self, line: Line) -> Plot | None:
        difference = line.counts.acceptance
        if difference.value is None or line.verdict is Verdict.FEW:
            return None
        interval = difference.interval
        return Plot(self._at(interval.low), self._at(interval.high), self._at(difference.value))

    @property
    def percent(self) -> int:
        return round(self.reach * 100)

    def _at(self, value: float) -> float:
        half = WIDTH / 2 - _MARGIN
        return round(WIDTH / 2 + half * max(-1.0, min(1.0, value / self.reach)), 1)


def scale_of(lines: Sequence[Line]) -> Scale:
    """Wide enough for every interval, in steps of ten percentage points."""
    ends = [
        max(abs(line.counts.acceptance.interval.low), abs(line.counts.acceptance.interval.high))
        for line in lines
        if line.verdict is not Verdict.FEW
    ]
    return Scale(ceil(max(ends, default=0.1) * 10) / 10)
