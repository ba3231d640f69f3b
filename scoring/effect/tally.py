"""What was counted of two rulebooks over some leads. Tallies of other leads add up: a sample and all are one."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, TypeVar

from scoring.engine.outcomes import RuleSum

# As many of those who enter, and of those who leave, are kept by name; the counts are of all.
KEPT = 500
Key = TypeVar("Key")


class Mover(NamedTuple):
    """A lead that only one of the two rulebooks qualifies."""

    lead_id: int
    fit_before: int
    engagement_before: int
    grade_before: str  # empty where no rulebook is in force
    fit_after: int
    engagement_after: int
    grade_after: str

    @property
    def total_before(self) -> int:
        return self.fit_before + self.engagement_before

    @property
    def total_after(self) -> int:
        return self.fit_after + self.engagement_after


@dataclass(frozen=True)
class SideTally:
    """What one rulebook makes of the leads.

    `offered`: qualified and free to be offered to sales at once. `fresh`: see scoring.effect.load.
    """

    qualified: int = 0
    offered: int = 0
    fresh: int = 0
    totals: Mapping[int, int] = field(default_factory=dict)
    grades: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[str, RuleSum] = field(default_factory=dict)

    def __add__(self, other: SideTally) -> SideTally:
        none = RuleSum()
        return SideTally(
            self.qualified + other.qualified,
            self.offered + other.offered,
            self.fresh + other.fresh,
            _added(self.totals, other.totals),
            _added(self.grades, other.grades),
            {
                key: RuleSum(
                    *map(sum, zip(self.rules.get(key, none), other.rules.get(key, none), strict=True))
                )
                for key in self.rules.keys() | other.rules.keys()
            },
        )


def _added(one: Mapping[Key, int], other: Mapping[Key, int]) -> dict[Key, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in one.keys() | other.keys()}


@dataclass(frozen=True)
class Tally:
    """Both rulebooks over the same leads: how many they were, and who differs.

    `regraded`: leads whose grade differs. The lists hold those with the highest totals, of the rulebook that
    qualifies them.
    """

    leads: int = 0
    before: SideTally = SideTally()
    after: SideTally = SideTally()
    entering: int = 0
    leaving: int = 0
    regraded: int = 0
    enter: tuple[Mover, ...] = ()
    leave: tuple[Mover, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.leads + other.leads,
            self.before + other.before,
            self.after + other.after,
            self.entering + other.entering,
            self.leaving + other.leaving,
            self.regraded + other.regraded,
            highest(self.enter + other.enter, "total_after"),
            highest(self.leave + other.leave, "total_before"),
        )


def highest(movers: tuple[Mover, ...] | list[Mover], by: str) -> tuple[Mover, ...]:
    """Those that are kept, the highest total first."""
    return tuple(heapq.nsmallest(KEPT, movers, key=lambda mover: (-getattr(mover, by), mover.lead_id)))


# Kept as JSON ------------------------------------------------------------------------------------------


def document_of(tally: Tally) -> dict[str, Any]:
    return asdict(tally)


def tally_of(document: Mapping[str, Any]) -> Tally:
    """The tally that the document says; JSON knows neither numbers as keys nor tuples."""
    return Tally(
        **{
            **document,
            "before": _side_of(document["before"]),
            "after": _side_of(document["after"]),
            "enter": tuple(Mover(*mover) for mover in document["enter"]),
            "leave": tuple(Mover(*mover) for mover in document["leave"]),
        }
    )


def _side_of(document: Mapping[str, Any]) -> SideTally:
    return SideTally(
        **{
            **document,
            "totals": {int(total): leads for total, leads in document["totals"].items()},
            "rules": {key: RuleSum(*points) for key, points in document["rules"].items()},
        }
    )
