"""Snoozing: a handoff leaves one's own list for a while and comes back by itself. Its clock runs on; others see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import models, transaction

from leads.errors import LeadError
from leads.handoff.decisions import AlreadyDecided, check_decider
from leads.handoff.sla import BusinessClock
from leads.models import Handoff, Snooze, User

AFTERNOON = time(14)
MONDAY = 0
MOST = 200


class Nap(models.TextChoices):
    HOUR = "hour", "In an hour"
    AFTERNOON = "afternoon", "This afternoon"
    TOMORROW = "tomorrow", "Tomorrow morning"
    MONDAY = "monday", "Next Monday"


class NoSuchNap(LeadError):
    """What was asked for is not among what can be chosen at this time of day."""


@dataclass(frozen=True)
class NapChoice:
    nap: Nap
    label: str
    until: datetime
    is_past_due: bool  # the handoff will be overdue by then


def nap_choices(*, handoff: Handoff, by: User, at: datetime) -> list[NapChoice]:
    """How long the handoff may be snoozed for, soonest first. Each ends in the business hours of the user's team.

    What ends outside them is left out, "this afternoon" also once it is near; two that end at once are one.
    """
    choices: list[NapChoice] = []
    due = handoff.decide_due_at
    for nap, label, until in _naps(BusinessClock.of_team(by.team or handoff.team), at):
        if until not in {choice.until for choice in choices}:
            choices.append(NapChoice(nap, label, until, is_past_due=due is not None and until >= due > at))
    return sorted(choices, key=lambda choice: choice.until)


def _naps(clock: BusinessClock, at: datetime) -> Iterator[tuple[Nap, str, datetime]]:
    local = at.astimezone(clock.zone)
    hour = at + timedelta(hours=1)
    if clock.next_open(hour) == hour:
        yield Nap.HOUR, Nap.HOUR.label, hour
    afternoon = datetime.combine(local, AFTERNOON, tzinfo=clock.zone)
    if at < afternoon - timedelta(minutes=30) and clock.next_open(afternoon) == afternoon:
        yield Nap.AFTERNOON, Nap.AFTERNOON.label, afternoon
    morning = clock.next_open(_midnight(local, days=1))
    is_tomorrow = morning.astimezone(clock.zone).date() == local.date() + timedelta(days=1)
    yield Nap.TOMORROW, Nap.TOMORROW.label if is_tomorrow else "Next working morning", morning
    monday = clock.next_open(_midnight(local, days=7 - local.weekday()))
    is_monday = monday.astimezone(clock.zone).weekday() == MONDAY
    yield Nap.MONDAY, Nap.MONDAY.label if is_monday else "Next week", monday


def _midnight(local: datetime, *, days: int) -> datetime:
    return datetime.combine(local.date() + timedelta(days=days), time.min, tzinfo=local.tzinfo)


@transaction.atomic
def snooze(*, handoff: Handoff, nap: str, by: User, at: datetime) -> Snooze:
    """Out of the user's own list until then; anew, until another time. Raises NotYours, AlreadyDecided, NoSuchNap."""
    check_decider(handoff, by, at)
    ends = {each.value: until for each, _, until in _naps(BusinessClock.of_team(by.team or handoff.team), at)}
    if nap not in ends:
        names = ", ".join(choice.label.lower() for choice in nap_choices(handoff=handoff, by=by, at=at))
        raise NoSuchNap(f"Choose until when to snooze {handoff.lead}: {names}.")
    # Locked, so that none is left behind by a decision at the same moment.
    waiting = Handoff.objects.select_for_update(of=("self",), no_key=True).waiting().filter(pk=handoff.pk)
    while not waiting.exists():
        handoff.refresh_from_db()
        # As in decisions: taken back in this very moment, it waits again.
        if not handoff.is_waiting:
            raise AlreadyDecided(handoff)
    until = {"until": ends[nap], "created_at": at}
    snoozed, _ = Snooze.objects.update_or_create(user=by, handoff=handoff, defaults=until)
    return snoozed


def wake(*, handoff: Handoff, by: User) -> None:
    """Back into the user's list at once; of what is not snoozed, nothing is changed."""
    Snooze.objects.filter(user=by, handoff=handoff).delete()


def asleep(*, user: User, at: datetime) -> frozenset[int]:
    """The handoffs that the user has put off and that still wait. One query over the user's own few."""
    sleeping = Snooze.objects.of_sleeping(user, at=at)
    return frozenset(sleeping.values_list("handoff", flat=True)) if user.decides_handoffs else frozenset()


def snoozed_by(*, user: User, at: datetime) -> Sequence[Snooze]:
    """What the user has snoozed and still waits, whichever comes back first."""
    sleeping = Snooze.objects.of_sleeping(user, at=at)
    return list(
        sleeping.select_related("handoff__lead__company", "handoff__team").order_by("until", "pk")[:MOST]
    )
