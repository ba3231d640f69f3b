"""Teams and who is in them. What is changed here holds for what is offered from now on; running clocks stay."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from leads.errors import LeadError
from leads.models import Handoff, Organisation, Team, User, WorkingHours
from leads.permissions import can_keep_team, can_move_people
from leads.teams.changes import Hours, differences, hours_of, record


class NotYourTeam(LeadError):
    """Somebody else looks after this team."""


class TeamRefused(LeadError):
    """The change would leave leads with nobody."""


@transaction.atomic
def create_team(*, name: str, by: User, at: datetime) -> Team:
    """Raises NotYourTeam."""
    if not can_move_people(by):
        raise NotYourTeam(
            "Teams are made by administrators and by sales managers who are in no team themselves."
        )
    team = Team.objects.create(name=name)
    record(team, f"New: {name}", by=by, at=at)
    return team


@transaction.atomic
def save_team(*, team: Team, hours: Hours, by: User, at: datetime) -> None:
    """Write the team, which was changed, and its hours. Raises NotYourTeam, TeamRefused."""
    check_keeper(by, team)
    if not team.is_active:
        _check_unused(team)
    before = Team.objects.select_for_update().get(pk=team.pk)
    record(team, differences(before, team, hours_of(team), hours), by=by, at=at)
    team.save()
    WorkingHours.objects.filter(team=team).delete()
    WorkingHours.objects.bulk_create(
        WorkingHours(team=team, weekday=weekday, opens_at=opens, closes_at=closes)
        for weekday, ranges in hours.items()
        for opens, closes in ranges
    )


@transaction.atomic
def move_person(*, person: User, team: Team | None, by: User, at: datetime) -> None:
    """Into the team, or out of all. What waits for them and what they work stays theirs. Raises NotYourTeam.

    Whoever could take a manager out of a team, would make somebody who looks after all teams.
    """
    if not can_move_people(by):
        raise NotYourTeam(
            "People are moved by administrators and by sales managers who are in no team themselves."
        )
    if team is not None and not team.is_active:
        raise TeamRefused(f"{team} is no longer in use; choose another team.")
    before = User.objects.select_for_update(of=("self",)).select_related("team").get(pk=person.pk).team
    if before != team:
        if before is not None:
            record(before, f"{person} went to {team or 'no team'}", by=by, at=at)
        if team is not None:
            record(team, f"{person} came from {before or 'no team'}", by=by, at=at)
    User.objects.filter(pk=person.pk).update(team=team)
    person.team = team


@transaction.atomic
def set_share(*, person: User, weight: int, cap: int | None, by: User, at: datetime) -> None:
    """How much of what their team is given they get, and with how much waiting nothing more. Raises NotYourTeam."""
    if person.team is None and not can_move_people(by):
        raise NotYourTeam(f"{person} is in no team; administrators set their share.")
    if person.team is not None:
        check_keeper(by, person.team)
        record(person.team, _share_words(person, weight, cap), by=by, at=at)
    User.objects.filter(pk=person.pk).update(routing_weight=weight, open_cap=cap)


def _share_words(person: User, weight: int, cap: int | None) -> str:
    before = User.objects.select_for_update(of=("self",)).get(pk=person.pk)
    said = []
    if before.routing_weight != weight:
        said.append(f"share from {before.routing_weight} % to {weight} %")
    if before.open_cap != cap:
        said.append(f"most open from {before.open_cap or 'no limit'} to {cap or 'no limit'}")
    return f"{person}: {', '.join(said)}" if said else ""


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
