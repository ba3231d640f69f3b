"""Teams and who is in them. What is changed here holds for what is offered from now on; running clocks stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

from django.db import transaction

from leads.errors import LeadError
from leads.models import Handoff, Organisation, Team, User, WorkingHours
from leads.permissions import can_keep_team, can_move_people


class NotYourTeam(LeadError):
    """Somebody else looks after this team."""


class TeamRefused(LeadError):
    """The change would leave leads with nobody."""


@transaction.atomic
def create_team(*, name: str, by: User) -> Team:
    """Raises NotYourTeam."""
    if not can_move_people(by):
        raise NotYourTeam(
            "Teams are made by administrators and by sales managers who are in no team themselves."
        )
    return Team.objects.create(name=name)


@transaction.atomic
def save_team(*, team: Team, hours: Mapping[int, tuple[tuple[time, time], ...]], by: User) -> None:
    """Write the team, which was changed, and its hours. Raises NotYourTeam, TeamRefused."""
    check_keeper(by, team)
    if not team.is_active:
        _check_unused(team)
    team.save()
    WorkingHours.objects.filter(team=team).delete()
    WorkingHours.objects.bulk_create(
        WorkingHours(team=team, weekday=weekday, opens_at=opens, closes_at=closes)
        for weekday, ranges in hours.items()
        for opens, closes in ranges
    )


@transaction.atomic
def move_person(*, person: User, team: Team | None, by: User) -> None:
    """Into the team, or out of all. What waits for them and what they work stays theirs. Raises NotYourTeam.

    Whoever could take a manager out of a team, would make somebody who looks after all teams.
    """
    if not can_move_people(by):
        raise NotYourTeam(
            "People are moved by administrators and by sales managers who are in no team themselves."
        )
    if team is not None and not team.is_active:
        raise TeamRefused(f"{team} is no longer in use; choose another team.")
    User.objects.filter(pk=person.pk).update(team=team)
    person.team = team


def set_share(*, person: User, weight: int, cap: int | None, by: User) -> None:
    """How much of what their team is given they get, and with how much waiting nothing more. Raises NotYourTeam."""
    if person.team is None and not can_move_people(by):
        raise NotYourTeam(f"{person} is in no team; administrators set their share.")
    if person.team is not None:
        check_keeper(by, person.team)
    User.objects.filter(pk=person.pk).update(routing_weight=weight, open_cap=cap)


def check_keeper(by: User, team: Team) -> None:
    if not can_keep_team(by, team):
        raise NotYourTeam(f"{team} is looked after by its sales managers and by administrators.")


def _check_unused(team: Team) -> None:
    if Organisation.objects.filter(default_team=team).exists():
        raise TeamRefused(
            f"{team} gets what nothing else routes; an administrator must choose another default team first."
        )
    if team.members.filter(is_active=True).exists():
        raise TeamRefused(f"Somebody is still in {team}; move its members first.")
    waiting = Handoff.objects.waiting().filter(team=team).count()
    if waiting:
        raise TeamRefused(f"{waiting:,} handoffs wait in {team}; give them to another team first.")
