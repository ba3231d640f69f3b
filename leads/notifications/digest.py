"""The morning mail: what waits, what is overdue, today's steps, and what was decided on the last workday.

Written once a user and local day, when their team opens; the unique key of the notification is what keeps two workers,
a clock change or an outage from writing a second one. A day on which no worker ran is not made up for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, QuerySet
from django.urls import reverse

from leads.handoff.sla import BusinessClock
from leads.models import Handoff, Lead, NextStep, Notification, NotificationPreference, Stage, Team, User
from leads.models.fields import day_of
from leads.notifications.telling import Line, Message, line, notify
from leads.notifications.wording import about, lead_link, time_words
from leads.querysets import HandoffQuerySet
from leads.selling.first_touch import awaiting_first_touch

# More than these of a section are counted, not listed.
LISTED = 5
# A minute's work; the others follow a minute later.
BATCH = 50
Kind = Notification.Kind


def write_due(*, at: datetime) -> int:
    """Write the digests of this morning that are not written yet; how many. Safe to run twice, and twice at once."""
    written = 0
    for team in [*Team.objects.prefetch_related("working_hours"), None]:
        clock = BusinessClock.of_team(team)
        if clock.is_open(at):
            for user in _subscribers(team, at, clock)[: BATCH - written]:
                _write(user, clock, at)
                written += 1
    return written


def _subscribers(team: Team | None, at: datetime, clock: BusinessClock) -> Sequence[User]:
    """Those of the team who want it, are here today, and have none of this day."""
    wanted = NotificationPreference.objects.filter(user=OuterRef("pk"), kind=Kind.DIGEST, email=True)
    written = Notification.objects.filter(user=OuterRef("pk"), key=_key(at, clock.zone))
    people = User.objects.available(on=day_of(at)).in_sales().filter(Exists(wanted), ~Exists(written))
    return list(people.filter(team=team).exclude(email="").select_related("team").order_by("pk")[:BATCH])


def _key(at: datetime, zone: ZoneInfo) -> str:
    return f"digest:{at.astimezone(zone).date().isoformat()}"


def _write(user: User, clock: BusinessClock, at: datetime) -> None:
    lines = digest_lines(user=user, clock=clock, at=at)
    today = at.astimezone(clock.zone).date()
    message = Message(
        Kind.DIGEST,
        f"Your {today:%A}, {today.day} {today:%B}",
        # A mail that says nothing is soon read by nobody; that there was nothing is a fact, too.
        lines=lines or [line("Nothing waits for you, and nothing is overdue. Have a good day.")],
        link=reverse("leads:queue"),
        key=_key(at, clock.zone),
    )
    notify(users=[user], message=message, at=at)


def digest_lines(*, user: User, clock: BusinessClock, at: datetime) -> list[Line]:
    """The sections that have something in them. Eight queries, whatever waits."""
    today = at.astimezone(clock.zone).date()
    waiting = Handoff.objects.waiting().decidable_by(user, at=at).select_related("lead", "team")
    waiting = waiting.order_by(F("decide_due_at").asc(nulls_last=True), "pk")
    mine = waiting if user.is_manager else waiting.filter(assignee=user)
    shared = waiting.none() if user.is_manager else waiting.filter(assignee=None)
    owned = Lead.objects.in_stage(Stage.SQL, Stage.OPPORTUNITY).filter(owner=user)
    of_team = Lead.objects.in_stage(Stage.SQL, Stage.OPPORTUNITY).filter(owner__in=_people(user))
    untouched = awaiting_first_touch().filter(lead__in=of_team, first_touch_due_at__lte=at)
    steps = (
        NextStep.objects.filter(done_at=None, lead__in=owned).select_related("lead").order_by("due_on", "pk")
    )
    since = _last_workday(clock, today)
    decided = Handoff.objects.decided().filter(
        decided_by__in=_people(user),
        decided_at__gte=_midnight(since, clock),
        decided_at__lt=_midnight(today, clock),
    )
    day = "yesterday" if since == today - timedelta(days=1) else f"since {since:%A}"
    return [
        *_handoffs("Waiting in your team" if user.is_manager else "Waiting for you", mine),
        *_handoffs("Shared in your team", shared),
        *_touches("First touch overdue", untouched),
        *_steps("Next steps overdue", steps.filter(due_on__lt=today)),
        *_steps("Next steps today", steps.filter(due_on=today)),
        *_decisions(f"Decided {day}", decided),
    ]


def _people(user: User) -> QuerySet[User]:
    """Whose doings concern the user: their own; a manager's team, or everybody's without one."""
    people: QuerySet[User] = User.objects.all()
    if not user.is_manager:
        return people.filter(pk=user.pk)
    return people if user.team_id is None else people.filter(team=user.team_id)


def _last_workday(clock: BusinessClock, today: date) -> date:
    """The day before today on which the team was open last: on a Monday that is Friday."""
    for days in range(1, 15):
        day = today - timedelta(days=days)
        if clock.is_workday(day):
            return day
    return today - timedelta(days=1)


def _midnight(day: date, clock: BusinessClock) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.zone)


def _handoffs(title: str, handoffs: HandoffQuerySet) -> list[Line]:
    found = list(handoffs.defer("contributions")[:LISTED])
    return _section(title, [_handoff(each) for each in found], handoffs.count() if found else 0)


def _handoff(handoff: Handoff) -> Line:
    due = f"decide by {time_words(handoff.decide_due_at, handoff.team)}" if handoff.decide_due_at else ""
    words = " · ".join(filter(None, (str(handoff.lead), about(handoff), due)))
    return line(words, lead_link(handoff.lead))


def _touches(title: str, handoffs: HandoffQuerySet) -> list[Line]:
    found = list(handoffs.select_related("lead", "team").defer("contributions")[:LISTED])
    lines = [
        line(f"{each.lead} · was due {time_words(each.first_touch_due_at, each.team)}", lead_link(each.lead))
        for each in found
    ]
    return _section(title, lines, handoffs.count() if found else 0)


def _steps(title: str, steps: QuerySet[NextStep]) -> list[Line]:
    found = list(steps[:LISTED])
    lines = [
        line(f"{step.what}: {step.lead}, by {step.due_on:%a} {step.due_on.day}", lead_link(step.lead))
        for step in found
    ]
    return _section(title, lines, steps.count() if found else 0)


def _decisions(title: str, handoffs: HandoffQuerySet) -> list[Line]:
    """Accepted and rejected are enough: the leads themselves are known to whoever decided."""
    states = list(handoffs.order_by().values_list("state", flat=True))
    counts = [
        f"{states.count(state.value)} {state.label.lower()}"
        for state in (Handoff.State.ACCEPTED, Handoff.State.REJECTED)
        if state.value in states
    ]
    return _section(title, [line(", ".join(counts))], 1) if counts else []


def _section(title: str, lines: list[Line], count: int) -> list[Line]:
    if not lines:
        return []
    more = [line(f"and {count - LISTED} more")] if count > LISTED else []
    return [line(f"{title} ({count})" if count > 1 else title, head=True), *lines, *more]
