"""Reminders and escalations of the two clocks: at three quarters of the time, and when it is over.

Each handoff carries the instants at which somebody is to be told; telling empties them, in the transaction that writes
the notifications. So it happens once, however many ask at once, and what a crash cut off has not happened at all. It
happens only while the team is open: what became due outside hours, or while no worker ran, is told at the next chance,
in one message.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from leads.handoff.sla import BusinessClock
from leads.models import Handoff, Notification, Role, Stage, Team, User
from leads.models.fields import day_of
from leads.notifications.telling import Message, notify_each
from leads.notifications.wording import about, message_about, time_words
from leads.querysets import HandoffQuerySet
from leads.selling.first_touch import awaiting_first_touch

# More than these at once wait for the next minute.
BATCH = 2000
Kind = Notification.Kind


def remind_due(*, at: datetime) -> int:
    """Tell all who are to be told by now; how many handoffs that was about. Safe to run twice, and twice at once."""
    open_teams = _open_teams(at)
    if not open_teams:
        return 0
    steps = (remind_of_decisions, escalate_decisions, remind_of_touches, escalate_touches)
    return sum(step(at=at, open_teams=open_teams) for step in steps)


@transaction.atomic
def remind_of_decisions(*, at: datetime, open_teams: Collection[int | None]) -> int:
    """The assignee; where there is none, or none who is here, everybody in the team who decides."""
    due = _take(_of_teams(Handoff.objects.waiting(), "team", open_teams), "remind_at", at)
    # Late, as after an outage: the escalation says it all.
    handoffs = [handoff for handoff in due if handoff.decide_due_at and handoff.decide_due_at > at]
    people = _People.of(handoffs, at)
    told = _gathered(handoffs, lambda handoff: people.responsible(handoff))
    notify_each(messages=[(user, _decide_soon(theirs, user)) for user, theirs in told.items()], at=at)
    return len(handoffs)


@transaction.atomic
def escalate_decisions(*, at: datetime, open_teams: Collection[int | None]) -> int:
    """The managers of the team are told, and the whole team that anybody in it may decide now."""
    handoffs = _take(_of_teams(Handoff.objects.waiting(), "team", open_teams), "escalate_at", at)
    people = _People.of(handoffs, at)
    told = _gathered(handoffs, lambda handoff: people.managers(handoff.team_id))
    offered = _gathered(handoffs, lambda handoff: people.whole_team(handoff))
    messages = [(user, _escalated(theirs)) for user, theirs in told.items()]
    messages += [(user, _open_to_all(theirs)) for user, theirs in offered.items() if user not in told]
    notify_each(messages=messages, at=at)
    return len(handoffs)


@transaction.atomic
def remind_of_touches(*, at: datetime, open_teams: Collection[int | None]) -> int:
    """The owner of a lead that was accepted, and that nobody has been in touch with."""
    due = _take_untouched("touch_remind_at", at, open_teams)
    handoffs = [each for each in due if each.first_touch_due_at and each.first_touch_due_at > at]
    told = _gathered(handoffs, lambda handoff: [handoff.lead.owner] if handoff.lead.owner else [])
    notify_each(messages=[(user, _touch_soon(theirs)) for user, theirs in told.items()], at=at)
    return len(handoffs)


@transaction.atomic
def escalate_touches(*, at: datetime, open_teams: Collection[int | None]) -> int:
    """The managers of the owner: acceptance without action."""
    handoffs = _take_untouched("touch_escalate_at", at, open_teams)
    people = _People.of(handoffs, at)
    told = _gathered(handoffs, lambda handoff: people.managers(_owners_team(handoff)))
    notify_each(messages=[(user, _no_action(theirs)) for user, theirs in told.items()], at=at)
    return len(handoffs)


# What is due ---------------------------------------------------------------------------------------------------------


def _open_teams(at: datetime) -> list[int | None]:
    """Ids of the teams whose hours it is; None among them, where it is those of whoever has no team."""
    teams: list[Team] = list(Team.objects.prefetch_related("working_hours"))
    found: list[int | None] = [team.pk for team in teams if BusinessClock.of_team(team).is_open(at)]
    return [*found, None] if BusinessClock.of_team(None).is_open(at) else found


def _of_teams(handoffs: HandoffQuerySet, field: str, open_teams: Collection[int | None]) -> HandoffQuerySet:
    is_open = Q(**{f"{field}__in": [pk for pk in open_teams if pk is not None]})
    return handoffs.filter(is_open | Q(**{f"{field}__isnull": True}) if None in open_teams else is_open)


def _take(handoffs: HandoffQuerySet, column: str, at: datetime) -> list[Handoff]:
    """Those whose instant has come, locked and emptied. One that somebody is just deciding is passed over."""
    taken = list(
        handoffs.filter(**{f"{column}__lte": at})
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("lead__owner__team", "team", "assignee")
        .defer("contributions")
        .order_by(column, "pk")[:BATCH]
    )
    Handoff.objects.filter(pk__in=[handoff.pk for handoff in taken]).update(**{column: None})
    return taken


def _take_untouched(column: str, at: datetime, open_teams: Collection[int | None]) -> list[Handoff]:
    """Accepted, with the same owner or another, still worked, and nobody has been in touch."""
    accepted = Handoff.objects.filter(state=Handoff.State.ACCEPTED)
    taken = _take(_of_teams(accepted, "lead__owner__team", open_teams), column, at)
    still = awaiting_first_touch().filter(
        pk__in=[handoff.pk for handoff in taken], lead__stage__in=[Stage.SQL, Stage.OPPORTUNITY]
    )
    waiting = set(still.order_by().values_list("pk", flat=True))
    return [handoff for handoff in taken if handoff.pk in waiting]


# Whom to tell --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _People:
    """Who decides here, today. Two queries."""

    reps: Sequence[User]
    leaders: Sequence[User]

    @classmethod
    def of(cls, handoffs: Sequence[Handoff], at: datetime) -> _People:
        if not handoffs:
            return cls([], [])
        here = User.objects.available(on=day_of(at)).order_by("pk")
        return cls(list(here.with_role(Role.REP)), list(here.with_role(Role.MANAGER)))

    def managers(self, team: int | None) -> list[User]:
        """Those of the team; where it has none, those without a team, who manage everything."""
        own = [user for user in self.leaders if team is None or user.team_id == team]
        return own or [user for user in self.leaders if user.team_id is None]

    def whole_team(self, handoff: Handoff) -> list[User]:
        return [user for user in self.reps if handoff.team_id is None or user.team_id == handoff.team_id]

    def responsible(self, handoff: Handoff) -> list[User]:
        here = {user.pk for user in (*self.reps, *self.leaders)}
        if handoff.assignee is not None and handoff.assignee_id in here:
            return [handoff.assignee]
        return self.whole_team(handoff) or self.managers(handoff.team_id)


def _owners_team(handoff: Handoff) -> int | None:
    return handoff.lead.owner.team_id if handoff.lead.owner else handoff.team_id


def _gathered(
    handoffs: Iterable[Handoff], people_of: Callable[[Handoff], Iterable[User]]
) -> dict[User, list[Handoff]]:
    """All that each user is to be told, so that it becomes one message."""
    told: dict[User, list[Handoff]] = {}
    for handoff in handoffs:
        for user in people_of(handoff):
            told.setdefault(user, []).append(handoff)
    return told


# What is said --------------------------------------------------------------------------------------------------------


def _decide_soon(handoffs: Sequence[Handoff], user: User) -> Message:
    def one(handoff: Handoff) -> str:
        by = time_words(handoff.decide_due_at, handoff.team)
        if handoff.assignee_id == user.pk:
            return f"Decide on {handoff.lead} by {by}"
        return f"Nobody has taken {handoff.lead}: to be decided by {by}"

    return message_about(
        Kind.REMINDER,
        handoffs,
        one=one,
        many="{} handoffs are to be decided soon",
        detail=lambda each: f"{about(each)}, by {time_words(each.decide_due_at, each.team)}".strip(", "),
        link="leads:queue",
    )


def _open_to_all(handoffs: Sequence[Handoff]) -> Message:
    return message_about(
        Kind.OVERDUE,
        handoffs,
        one=lambda handoff: f"{handoff.lead} is overdue: anybody in {handoff.team or 'sales'} may decide",
        many="{} handoffs are overdue: anybody in the team may decide",
        detail=_was_due,
        link="leads:queue",
    )


def _escalated(handoffs: Sequence[Handoff]) -> Message:
    return message_about(
        Kind.ESCALATION,
        handoffs,
        one=lambda handoff: f"Nobody decided on {handoff.lead} in time",
        many="{} handoffs were not decided in time",
        detail=_was_due,
        link="leads:queue",
    )


def _was_due(handoff: Handoff) -> str:
    due = f"due {time_words(handoff.decide_due_at, handoff.team)}"
    whose = f"of {handoff.assignee}" if handoff.assignee else "shared"
    return ", ".join(filter(None, (about(handoff), whose, due)))


def _touch_soon(handoffs: Sequence[Handoff]) -> Message:
    def by(handoff: Handoff) -> str:
        return time_words(handoff.first_touch_due_at, handoff.lead.owner.team if handoff.lead.owner else None)

    return message_about(
        Kind.TOUCH_REMINDER,
        handoffs,
        one=lambda handoff: f"Get in touch with {handoff.lead} by {by(handoff)}",
        many="{} leads that you accepted wait for a first touch",
        detail=lambda handoff: f"{about(handoff)}, by {by(handoff)}".strip(", "),
        link="leads:work",
    )


def _no_action(handoffs: Sequence[Handoff]) -> Message:
    def detail(handoff: Handoff) -> str:
        team = handoff.lead.owner.team if handoff.lead.owner else None
        due = f"first touch was due {time_words(handoff.first_touch_due_at, team)}"
        return ", ".join(filter(None, (f"of {handoff.lead.owner or 'nobody'}", about(handoff), due)))

    return message_about(
        Kind.TOUCH_OVERDUE,
        handoffs,
        one=lambda handoff: f"{handoff.lead} was accepted, and nobody has been in touch",
        many="{} leads were accepted, and nobody has been in touch",
        detail=detail,
        link="leads:queue",
    )
