"""Shares with their 95 % intervals, and the difference between two of them.

Wilson's interval for one share, and Newcombe's for a difference, which is made of two of Wilson's (his method 10):
both stay within 0 and 1 and hold with small counts, where the ones from school do not. R. G. Newcombe, Statistics in
Medicine 17 (1998), pages 857-872 and 873-890.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import hypot, sqrt
from statistics import NormalDist

Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Interval:
    low: float
    high: float

    @property
    def percent(self) -> str:
        """For example: 26–31 %."""
        return f"{self.low * 100:.0f}–{self.high * 100:.0f} %"

    @property
    def points(self) -> str:
        """As a difference: −45 to −36."""
        return f"{_signed(self.low)} to {_signed(self.high)}"


@dataclass(frozen=True)
class Share:
    """`count` of `of`. Of nobody there is no share: None."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        return self.count / self.of if self.of else None

    @property
    def percent(self) -> str:
        """For example: 28 %; of nobody "–"."""
        return "–" if self.share is None else f"{self.share * 100:.0f} %"

    @cached_property
    def interval(self) -> Interval:
        """Where the true share lies, with 95 % confidence (Wilson). Of nobody: anywhere."""
        if not self.of:
            return Interval(0.0, 1.0)
        share, square = self.count / self.of, Z95**2
        centre = share + square / (2 * self.of)
        reach = Z95 * sqrt(share * (1 - share) / self.of + square / (4 * self.of**2))
        divisor = 1 + square / self.of
        # Exact at the ends, where rounding would leave 0.0000000000000001.
        low = 0.0 if not self.count else (centre - reach) / divisor
        high = 1.0 if self.count == self.of else (centre + reach) / divisor
        return Interval(low, high)


@dataclass(frozen=True)
class Difference:
    """The share `with_` minus the share `without`."""

    with_: Share
    without: Share

    @property
    def value(self) -> float | None:
        if self.with_.share is None or self.without.share is None:
            return None
        return self.with_.share - self.without.share

    @property
    def points(self) -> str:
        """In percentage points: −40."""
        return "–" if self.value is None else _signed(self.value)

    @cached_property
    def interval(self) -> Interval:
        """Where the true difference lies, with 95 % confidence (Newcombe). With nobody on a side: anywhere."""
        first, second = self.with_, self.without
        if first.share is None or second.share is None:
            return Interval(-1.0, 1.0)
        value = first.share - second.share
        below = hypot(first.share - first.interval.low, second.interval.high - second.share)
        above = hypot(first.interval.high - first.share, second.share - second.interval.low)
        return Interval(value - below, value + above)


def _signed(share: float) -> str:
    whole = round(share * 100)
    return f"{whole:+d}".replace("-", "−") if whole else "0"
