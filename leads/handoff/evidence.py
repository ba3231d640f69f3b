"""What a handoff freezes of the score that made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict


class Contribution(TypedDict):
    """What one rule gave. `latest` is the date (YYYY-MM-DD) of the newest match, `asset` what it was about."""

    rule: str
    name: str
    kind: str
    group: str
    dimension: str
    points: int
    matches: int
    latest: str | None
    asset: str | None


@dataclass(frozen=True)
class Evidence:
    fit: int
    engagement: int
    grade: str
    fast_tracked: bool
    rulebook_version: int
    known_facts: int
    asked_facts: int
    contributions: Sequence[Contribution]

    @property
    def total(self) -> int:
        return self.fit + self.engagement


def strongest(contributions: Sequence[Contribution], *, count: int = 3) -> list[Contribution]:
    """The contributions that did most to qualify the lead, strongest first."""
    helping = [contribution for contribution in contributions if contribution["points"] > 0]
    return sorted(helping, key=lambda contribution: (-contribution["points"], contribution["rule"]))[:count]
