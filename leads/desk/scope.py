"""What a manager looks after: the people and queues of one team, or without a team of their own, of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.models import Team, User
from leads.querysets import HandoffQuerySet


@dataclass(frozen=True)
class Scope:
    """`team` is the one that is looked at; None: all of them."""

    team: Team | None
    teams: Sequence[Team]  # those to choose from
    members: Sequence[User]  # also those who have left: what they had must not be forgotten

    @property
    def member_ids(self) -> list[int]:
        return [user.pk for user in self.members]

    def handoffs(self, handoffs: HandoffQuerySet) -> HandoffQuerySet:
        """Those that are offered to the team, to somebody of it, or to no team."""
        return handoffs if self.team is None else handoffs.offered_within(self.team)


def scope_of(user: User, *, team: int | None = None) -> Scope:
    """What this manager looks after; one without a team may look at one of them. Two queries."""
    teams = list(Team.objects.filter(is_active=True))
    if user.team_id is not None:
        teams = [one for one in teams if one.pk == user.team_id] or [user.team]  # type: ignore[list-item]
        team = user.team_id
    chosen = next((one for one in teams if one.pk == team), None)
    members = User.objects.in_sales().select_related("team")
    if chosen is not None:
        members = members.filter(team=chosen)
    return Scope(chosen, teams, list(members.order_by("team__name", "first_name", "last_name", "username")))
