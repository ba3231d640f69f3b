"""What waits for somebody who is away, or has left, is routed anew: by state, so that nothing is lost or moved twice.

The clock of a handoff runs on: it is a promise about the lead, whoever keeps it. What somebody is looking at stays
theirs until their claim has ended. A handoff that is overdue stays with its assignee and is offered to the whole team
beside (HandoffQuerySet.decidable_by); so a breach moves nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from leads.models import Absence, Handoff, HandoffAssignment, Team, User
from leads.models.fields import day_of
from leads.notifications.handoffs import tell_assigned
from leads.querysets import HandoffQuerySet
from leads.routing.assigning import Assigned, Cause, assign, record
from leads.routing.placing import LONGEST, Placement
from leads.routing.seats import away_until

BATCH = 200


def reroute_all(*, at: datetime) -> int:
    """Batch after batch, each a transaction of its own. Returns how many handoffs were given to others."""
    moved = 0
    while found := reroute_batch(at=at):
        moved += found
    return moved


@transaction.atomic
def reroute_batch(*, at: datetime) -> int:
    """A batch of what waits for those who are away or have left. A row that somebody is deciding is left alone."""
    handoffs = list(
        stranded(at=at)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("lead", "assignee")
        .order_by("pk")[:BATCH]
    )
    if not handoffs:
        return 0
    leads = [handoff.lead for handoff in handoffs]
    assigned = assign(leads=leads, scores={handoff.lead_id: handoff for handoff in handoffs}, at=at)
    assigned = Assigned(_with_why(handoffs, assigned, at), assigned.number)
    _move(handoffs, assigned)
    for cause, some in _by_cause(handoffs).items():
        taken = {handoff.pk: handoff.assignee for handoff in some}
        record(handoffs=some, assigned=assigned, cause=cause, at=at, taken_from=taken)
    for handoff in handoffs:
        placement = assigned.placements[handoff.lead_id]
        handoff.team, handoff.assignee = placement.team, placement.assignee
    tell_assigned(handoffs=handoffs, at=at)
    return len(handoffs)


def stranded(*, at: datetime) -> HandoffQuerySet:
    """What waits, unclaimed, for somebody who will not come to it: away today, or no longer here.

    What a manager gave to somebody who was known to be away is where it was meant to be.
    """
    day = day_of(at)
    away = set(Absence.objects.on(day).values_list("user", flat=True))
    gone = set(User.objects.filter(is_active=False).values_list("pk", flat=True))
    meant = HandoffAssignment.objects.filter(
        handoff=OuterRef("pk"),
        assignee=OuterRef("assignee"),
        cause=Cause.HAND,
        day__gte=F("assignee__absences__first_day"),
        at__gte=F("assignee__absences__created_at"),
        assignee__absences__last_day__gte=day,
    )
    waiting = Handoff.objects.waiting().unclaimed(at=at).filter(assignee__in=away | gone)
    return waiting.filter(Q(assignee__in=gone) | ~Q(Exists(meant)))


def _with_why(handoffs: Sequence[Handoff], assigned: Assigned, at: datetime) -> dict[int, Placement]:
    away = away_until(day_of(at))
    found = {}
    for handoff in handoffs:
        assert handoff.assignee is not None
        until = away.get(handoff.assignee.pk)
        why = f"is away until {until.day} {until:%b}" if until and handoff.assignee.is_active else "has left"
        placement = assigned.placements[handoff.lead_id]
        because = f"{handoff.assignee} {why}. {placement.because}"[:LONGEST]
        found[handoff.lead_id] = replace(placement, because=because)
    return found


def _move(handoffs: Sequence[Handoff], assigned: Assigned) -> None:
    """An update for each of the few places and reasons, however many handoffs."""
    groups: dict[tuple[Team | None, User | None, str], list[int]] = defaultdict(list)
    for handoff in handoffs:
        placement = assigned.placements[handoff.lead_id]
        groups[placement.team, placement.assignee, placement.because].append(handoff.pk)
    for (team, assignee, because), pks in groups.items():
        _give(pks, team, assignee, because)


def _give(pks: Collection[int], team: Team | None, assignee: User | None, because: str) -> None:
    Handoff.objects.waiting().filter(pk__in=pks).update(
        team=team, assignee=assignee, assigned_because=because, claimed_by=None, claimed_until=None
    )


def _by_cause(handoffs: Sequence[Handoff]) -> dict[Cause, list[Handoff]]:
    found: dict[Cause, list[Handoff]] = defaultdict(list)
    for handoff in handoffs:
        assert handoff.assignee is not None
        found[Cause.AWAY if handoff.assignee.is_active else Cause.LEFT].append(handoff)
    return found
