"""Percentiles of whole numbers that the database has counted by value: exact, and the same on every database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# How many there are of each value.
Histogram = Mapping[int, int]


def percentile(values: Histogram, percent: int) -> float | None:
    """Below which `percent` of the values lie, with linear interpolation between two neighbours; of none: None.

    The p-th percentile of n sorted values x[0] to x[n-1] stands at (n - 1) * p / 100 among them (what NumPy calls
    "linear", and PostgreSQL percentile_cont).
    """
    n = sum(values.values())
    if not n:
        return None
    # Whole numbers throughout, so that nothing is rounded before the last step.
    rank, rest = divmod((n - 1) * percent, 100)
    low = _at(values, rank)
    return low if not rest else low + (_at(values, rank + 1) - low) * rest / 100


def _at(values: Histogram, rank: int) -> int:
    """The value that stands at a rank (from 0) when all are in order."""
    seen = 0
    for value in sorted(values):
        seen += values[value]
        if rank < seen:
            return value
    raise IndexError(rank)


@dataclass(frozen=True)
class Spread:
    """How values are spread. Without any, all but the count is None."""

    count: int
    median: float | None
    p75: float | None
    p90: float | None
    mean: float | None
    shortest: int | None
    longest: int | None

    @classmethod
    def of(cls, values: Histogram) -> Spread:
        count = sum(values.values())
        return cls(
            count=count,
            median=percentile(values, 50),
            p75=percentile(values, 75),
            p90=percentile(values, 90),
            mean=sum(value * times for value, times in values.items()) / count if count else None,
            shortest=min(values, default=None),
            longest=max(values, default=None),
        )
