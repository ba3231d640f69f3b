"""Rules in plain language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leads.conditions.wording import condition_wording, upper_first
from leads.models import Team, User
from leads.routing.form import Match, Rule, Target, Way


@dataclass(frozen=True)
class Names:
    """Teams and people by id, as targets name them. Two queries."""

    teams: Mapping[int, Team]
    users: Mapping[int, User]

    @classmethod
    def load(cls) -> Names:
        return cls(Team.objects.in_bulk(), User.objects.in_bulk())

    def target(self, target: Target) -> str:
        """For example: DACH, by turns."""
        if target.way == Way.USER:
            return str(self.users.get(target.user or 0, "somebody who is no longer there"))
        team = str(self.teams.get(target.team or 0, "a team that is no longer there"))
        return {
            Way.ROTATION: f"{team}, by turns",
            Way.LEAST_OPEN: f"{team}, whoever has least open work",
        }.get(target.way, f"{team}, shared queue")


def rule_wording(rule: Rule) -> str:
    """For example: Country is DE or AT, and employees is at least 200."""
    if not rule.written:
        return "Every lead that comes this far."
    joined = " and " if rule.match == Match.ALL else " or "
    words = joined.join(condition_wording(condition) for condition in rule.conditions)
    return f"{upper_first(words)}." if words else "Asks what is no longer known."
