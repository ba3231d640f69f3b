"""What changed between two periods, and which part of what is counted it comes from. Computed, never guessed.

A change that chance alone may explain is no change: what these functions return for it is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from scoring.evidence.proportions import Difference, Share

# A part of the whole is named where it makes so much of the change, so much more than its share of the whole, and is
# not nearly the whole itself. Of fewer than so many nothing is said.
LEAST_OF_CHANGE, LEAST_BEYOND_SIZE, LARGEST_PART, FEWEST_COUNTED = 0.4, 0.2, 0.8, 20


class Direction(Enum):
    ROSE = "rose"
    FELL = "fell"

    @property
    def noun(self) -> str:
        return "rise" if self is Direction.ROSE else "fall"

    @classmethod
    def of(cls, change: float) -> Direction:
        return cls.ROSE if change > 0 else cls.FELL


@dataclass(frozen=True)
class Driver:
    """A value of a dimension from which `of_change` of a change comes: 0.7 is 70 %, above 1 more than all of it."""

    dimension: str
    value: str
    of_change: float
    beyond_size: float


@dataclass(frozen=True)
class RateChange:
    before: Share
    now: Share
    direction: Direction


@dataclass(frozen=True)
class CountChange:
    before: int
    now: int
    direction: Direction


def rate_change(before: Share, now: Share) -> RateChange | None:
    """None where the 95 % interval of the difference (Newcombe) holds zero, or where a side has few."""
    difference = Difference(with_=now, without=before)
    low, high = difference.interval.low, difference.interval.high
    if min(before.of, now.of) < FEWEST_COUNTED or difference.value is None or low <= 0 <= high:
        return None
    return RateChange(before, now, Direction.of(difference.value))


def count_change(before: int, now: int, *, days_before: int, days_now: int) -> CountChange | None:
    """Of things that happen one by one. None where the 95 % interval of the share of now among both holds its days'."""
    interval = Share(now, before + now).interval
    expected = days_now / (days_before + days_now)
    if interval.low <= expected <= interval.high:
        return None
    return CountChange(before, now, Direction.ROSE if interval.low > expected else Direction.FELL)


def drivers_of_rate(dimension: str, before: Mapping[str, Share], now: Mapping[str, Share]) -> list[Driver]:
    """How much of the change of a rate comes from each value of a dimension: the parts add up to 1.

    A value gives by its own rate (its share of the whole now, times the change of its rate) and by its size (the
    change of its share, times how far its rate was from that of all). Values new or gone have no rate of their own
    on one side: they count by size, with the rate of the other side.
    """
    all_before, all_now = _whole(before), _whole(now)
    if not all_before.of or not all_now.of or all_before.share == all_now.share:
        return []
    rate_before, rate_now = all_before.count / all_before.of, all_now.count / all_now.of
    found = []
    for value in {*before, *now}:
        old, new = before.get(value, Share(0, 0)), now.get(value, Share(0, 0))
        part_before, part_now = old.of / all_before.of, new.of / all_now.of
        own_now = new.count / new.of if new.of else old.count / old.of
        own_before = old.count / old.of if old.of else own_now
        change = part_now * (own_now - own_before) + (part_now - part_before) * (own_before - rate_before)
        part = max(part_before, part_now)
        if old.of + new.of >= FEWEST_COUNTED:
            found.append(_driver(dimension, value, change / (rate_now - rate_before), part))
    return found


def drivers_of_count(
    dimension: str, before: Mapping[str, int], now: Mapping[str, int], *, days_before: int, days_now: int
) -> list[Driver]:
    """How much of the change of a count comes from each value of a dimension, a longer period scaled to the other."""
    scale = days_now / days_before
    all_before, all_now = sum(before.values()) * scale, sum(now.values())
    if all_before == all_now:
        return []
    found = []
    for value in {*before, *now}:
        old, new = before.get(value, 0), now.get(value, 0)
        part = max(old * scale / all_before if all_before else 0, new / all_now if all_now else 0)
        if old + new >= FEWEST_COUNTED:
            found.append(_driver(dimension, value, (new - old * scale) / (all_now - all_before), part))
    return found


def main_driver(drivers: list[Driver]) -> Driver | None:
    """The one that explains most beyond its size; None where none explains enough to be named."""
    named = [
        driver
        for driver in drivers
        if driver.of_change >= LEAST_OF_CHANGE
        and driver.beyond_size >= LEAST_BEYOND_SIZE
        and driver.of_change - driver.beyond_size <= LARGEST_PART
    ]
    return max(named, key=lambda driver: (driver.beyond_size, driver.dimension, driver.value), default=None)


def _driver(dimension: str, value: str, of_change: float, part: float) -> Driver:
    return Driver(dimension, value, of_change, of_change - part)


def _whole(parts: Mapping[str, Share]) -> Share:
    return Share(sum(part.count for part in parts.values()), sum(part.of for part in parts.values()))
