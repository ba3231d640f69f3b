"""An assignment rule: which leads it is about, and to whom they go."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from leads.conditions import Condition
from leads.models import HandoffAssignment

Way = HandoffAssignment.Way
# What a rule may say; the other ways are not chosen by rules.
WAYS = (Way.ROTATION, Way.LEAST_OPEN, Way.QUEUE, Way.USER)


class Match(StrEnum):
    ALL = "all"
    ANY = "any"


@dataclass(frozen=True)
class Target:
    """A user, or a team in one of three ways; ids."""

    way: Way
    team: int | None = None
    user: int | None = None

    @property
    def json(self) -> dict[str, Any]:
        return {
            "way": self.way.value,
            **({"user": self.user} if self.way == Way.USER else {"team": self.team}),
        }


@dataclass(frozen=True)
class Rule:
    """`written` are its conditions as they stand in the document; a rule with `problems` is not applied."""

    key: str
    name: str
    enabled: bool
    match: Match
    conditions: tuple[Condition, ...]
    target: Target
    written: tuple[dict[str, Any], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_applied(self) -> bool:
        return self.enabled and not self.problems

    @property
    def json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name,
            "enabled": self.enabled,
            "match": self.match.value,
            "conditions": list(self.written),
            "target": self.target.json,
        }
