"""Who has how much on the desk now. Everything counted is open work, nothing is history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q

from leads.desk.scope import Scope
from leads.models import Absence, Handoff, Lead, Stage, Team, User
from leads.models.fields import day_of
from leads.querysets import HandoffQuerySet
from leads.selling.first_touch import awaiting_first_touch

COMING = timedelta(days=14)
WEEK = timedelta(days=7)
UNDER_WAY = (Stage.SQL, Stage.OPPORTUNITY)


class Waiting(NamedTuple):
    all: int = 0
    overdue: int = 0


@dataclass(frozen=True)
class MemberLoad:
    user: User
    waiting: Waiting
    worked: int  # SQLs and opportunities
    late_touches: int
    absence: Absence | None  # the one that is on
    coming: Absence | None  # the next one, when it is soon

    @property
    def is_full(self) -> bool:
        return self.user.open_cap is not None and self.waiting.all >= self.user.open_cap

    @property
    def needs_hand_over(self) -> bool:
        """Somebody who is not there has work that waits."""
        gone = not self.user.is_active and (self.waiting.all or self.worked)
        return bool(gone or (self.absence and self.waiting.all))


@dataclass(frozen=True)
class TeamLoad:
    team: Team | None  # None: no team; every rep decides
    members: Sequence[MemberLoad]
    shared: Waiting
    offered_in_week: int


@dataclass(frozen=True)
class Load:
    teams: Sequence[TeamLoad]

    @property
    def members(self) -> Sequence[MemberLoad]:
        return [member for team in self.teams for member in team.members]

    @property
    def overdue(self) -> int:
        return sum(team.shared.overdue for team in self.teams) + sum(
            member.waiting.overdue for member in self.members
        )

    @property
    def late_touches(self) -> int:
        return sum(member.late_touches for member in self.members)

    @property
    def unassigned(self) -> int:
        return sum(team.shared.all for team in self.teams)

    @property
    def away(self) -> Sequence[MemberLoad]:
        return [member for member in self.members if member.absence and member.user.is_active]


def load_of(scope: Scope, *, at: datetime) -> Load:
    """Six queries, whatever waits and whoever works here."""
    shared, offered = _shared(scope, at), _offered_in_week(scope, at)
    members: dict[Team | None, list[MemberLoad]] = {}
    for member in _members(scope, at):
        members.setdefault(member.user.team, []).append(member)
    # Also one that is out of use while somebody is in it, and no team where somebody or something is in none.
    teams: dict[Team | None, None] = dict.fromkeys([scope.team] if scope.team else scope.teams)
    teams |= dict.fromkeys(members)
    if None in shared:
        teams[None] = None
    keys = [(team, team.pk if team else None) for team in teams]
    return Load(
        [
            TeamLoad(team, members.get(team, ()), shared.get(key, Waiting()), offered.get(key, 0))
            for team, key in keys
        ]
    )


def late_first_touches(scope: Scope, *, at: datetime) -> HandoffQuerySet:
    """Accepted without action: nobody was in touch in time with a lead that a member works.

    Only the last acceptance of a lead counts. Begins at the leads under way, not at all that were ever accepted.
    """
    again = Handoff.objects.filter(
        lead=OuterRef("lead"), state=Handoff.State.ACCEPTED, decided_at__gt=OuterRef("decided_at")
    )
    found: HandoffQuerySet = awaiting_first_touch().filter(
        ~Exists(again),
        lead__stage__in=UNDER_WAY,
        lead__owner__in=scope.member_ids,
        first_touch_due_at__lte=at,
    )
    return found


def _members(scope: Scope, at: datetime) -> Iterator[MemberLoad]:
    waiting, worked = _waiting(scope, at), _worked(scope)
    late = dict(
        late_first_touches(scope, at=at).order_by().values_list("lead__owner").annotate(n=Count("pk"))
    )
    today = day_of(at)
    absences: dict[int, list[Absence]] = {}
    soon = Absence.objects.ending_from(today).filter(user__in=scope.member_ids, first_day__lte=today + COMING)
    for absence in soon:
        absences.setdefault(absence.user_id, []).append(absence)
    for user in scope.members:
        mine = absences.get(user.pk, [])
        load = MemberLoad(
            user=user,
            waiting=waiting.get(user.pk, Waiting()),
            worked=worked.get(user.pk, 0),
            late_touches=late.get(user.pk, 0),
            absence=max(
                (one for one in mine if _is_on(one, today)),
                key=lambda one: one.last_day or today,
                default=None,
            ),
            coming=next((one for one in mine if not _is_on(one, today)), None),
        )
        if user.is_active or load.waiting.all or load.worked:
            yield load


def _is_on(absence: Absence, today: date) -> bool:
    """Of those that are not over."""
    return absence.first_day is not None and absence.first_day <= today


def _waiting(scope: Scope, at: datetime) -> Mapping[int, Waiting]:
    rows = Handoff.objects.waiting().filter(assignee__in=scope.member_ids)
    return {row[0]: Waiting(*row[1:]) for row in _counted(rows, "assignee", at)}


def _shared(scope: Scope, at: datetime) -> Mapping[int | None, Waiting]:
    rows = scope.handoffs(Handoff.objects.waiting().filter(assignee__isnull=True))
    return {row[0]: Waiting(*row[1:]) for row in _counted(rows, "team", at)}


def _counted(rows: HandoffQuerySet, by: str, at: datetime) -> HandoffQuerySet:
    overdue = Count("pk", filter=Q(decide_due_at__lte=at))
    counted: HandoffQuerySet = rows.order_by().values_list(by).annotate(n=Count("pk"), overdue=overdue)
    return counted


def _worked(scope: Scope) -> Mapping[int, int]:
    rows = Lead.objects.in_stage(*UNDER_WAY).filter(owner__in=scope.member_ids).order_by()
    return dict(rows.values_list("owner").annotate(n=Count("pk")))


def _offered_in_week(scope: Scope, at: datetime) -> Mapping[int | None, int]:
    rows = scope.handoffs(Handoff.objects.filter(offered_day__gt=day_of(at) - WEEK)).order_by()
    return dict(rows.values_list("team").annotate(n=Count("pk")))
