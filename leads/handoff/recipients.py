"""Whom a manager may give work to, with what they have on their desk and whether they are away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import Count, F

from leads.handoff.reassigning import Recipient
from leads.models import Absence, Handoff, Team, User
from leads.models.fields import day_of


@dataclass(frozen=True)
class Candidate:
    """`key` is how a form names it: `shared`, `team:3`, `user:12`."""

    key: str
    label: str
    group: str  # the team
    to: Recipient


def candidates_for(
    by: User, *, at: datetime, with_queues: bool = True, everybody: bool = False
) -> Sequence[Candidate]:
    """The shared queue first, then people by team and name. At most four queries, whatever waits.

    `with_queues`: handoffs go to shared queues, too; leads that are worked do not. `everybody`: of all teams.
    """
    people = list(people_under(None if everybody else by.team_id))
    teams = Team.objects.filter(is_active=True) if by.team_id is None else Team.objects.none()
    waiting = waiting_by_assignee([user.pk for user in people])
    away = absences_on(day_of(at), [user.pk for user in people])
    queues = [
        Candidate("shared", "Shared queue of its team", "Queues", None),
        *(Candidate(f"team:{team.pk}", f"Shared queue of {team}", "Queues", team) for team in teams),
    ]
    return [
        *(queues if with_queues else ()),
        *(
            Candidate(f"user:{user.pk}", _label(user, waiting, away), str(user.team or "No team"), user)
            for user in people
        ),
    ]


def choices_of(candidates: Sequence[Candidate]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """As a form's grouped choices."""
    for group, members in groupby(candidates, key=lambda candidate: candidate.group):
        yield group, [(candidate.key, candidate.label) for candidate in members]


def people_under(team: int | None) -> Sequence[User]:
    """Active sales people of a team, or without one of all; by team and name."""
    people = User.objects.in_sales().filter(is_active=True).select_related("team")
    if team is not None:
        people = people.filter(team=team)
    found: Sequence[User] = people.order_by(
        F("team__name").asc(nulls_last=True), "first_name", "last_name", "username"
    )
    return found


def waiting_by_assignee(user_ids: Sequence[int]) -> Mapping[int, int]:
    rows = Handoff.objects.waiting().filter(assignee__in=user_ids).order_by()
    return dict(rows.values_list("assignee").annotate(n=Count("pk")))


def absences_on(day: date, user_ids: Sequence[int]) -> Mapping[int, Absence]:
    """Of each who is away that day, the absence that lasts longest."""
    return {
        absence.user_id: absence
        for absence in Absence.objects.on(day).filter(user__in=user_ids).order_by("last_day")
    }


def _label(user: User, waiting: Mapping[int, int], away: Mapping[int, Absence]) -> str:
    absence = away.get(user.pk)
    until = f", away until {absence.last_day:%a %d %b}" if absence else ""
    return f"{user} ({waiting.get(user.pk, 0)} waiting{until})"
