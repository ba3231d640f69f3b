"""A suggestion as its page shows it, from what the ledger keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from scoring.evidence.proportions import Share
from scoring.models import Study

_FATES = {
    "kept": "Kept, as you asked",
    "few": "Too few handoffs with it, or without",
    "held": "Decisions say the opposite: the least that its sign allows",
}


@dataclass(frozen=True)
class RuleLine:
    key: str
    name: str
    points: int
    to: int
    given: int
    effect: float
    fate: str

    @property
    def is_changed(self) -> bool:
        return self.to != self.points

    @property
    def is_lowered(self) -> bool:
        return abs(self.to) < abs(self.points)

    @property
    def why(self) -> str:
        """For example: odds of acceptance × 2.9."""
        return _FATES.get(self.fate) or f"odds of acceptance × {exp(max(-9.0, min(9.0, self.effect))):.2g}"


@dataclass(frozen=True)
class VolumeLine:
    """Precision and recall at so many offers, the highest totals first."""

    percent: int
    offers: int
    now: tuple[Share, Share]
    then: tuple[Share, Share]

    @property
    def more(self) -> int:
        """Accepted ones more than with the present points."""
        return self.then[0].count - self.now[0].count


@dataclass(frozen=True)
class Suggested:
    decided: int
    accepted: int
    train: int
    test: int
    now_average: int
    then_average: int
    rules: Sequence[RuleLine]
    volumes: Sequence[VolumeLine]

    @property
    def changed(self) -> int:
        return sum(rule.is_changed for rule in self.rules)


def suggested_by(study: Study) -> Suggested | None:
    """None while there is no result."""
    result: dict[str, Any] | None = study.result
    if result is None:
        return None
    fields = RuleLine.__dataclass_fields__
    lines = [RuleLine(**{name: rule[name] for name in fields}) for rule in result["rules"]]
    return Suggested(
        decided=result["decided"],
        accepted=result["accepted"],
        train=result["train"],
        test=result["test"],
        now_average=round(result["average"]["now"]),
        then_average=round(result["average"]["then"]),
        rules=sorted(lines, key=lambda line: (not line.is_changed, -abs(line.to - line.points))),
        volumes=[_volume(row, result["test_accepted"]) for row in result["volumes"]],
    )


def _volume(row: dict[str, Any], accepted: int) -> VolumeLine:
    def shares(name: str) -> tuple[Share, Share]:
        # Of equal totals at the end of the line a share is taken, so that this may be a fraction.
        taken = round(row[name]["accepted"])
        return Share(taken, row["offers"]), Share(taken, accepted)

    return VolumeLine(round(row["share"] * 100), row["offers"], shares("now"), shares("then"))
