"""The queue as its screen shows it: a page of rows with their reasons, and how many wait where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models
from django.db.models import Count, Q

from leads.handoff.evidence import Contribution, strongest
from leads.handoff.queue import Band, waiting_queue
from leads.handoff.sla import BusinessClock, Segment
from leads.models import Activity, Handoff, User
from leads.querysets import HandoffQuerySet
from leads.timeline import latest_activities

PAGE_SIZE = 25


class Share(models.TextChoices):
    """Whose handoffs to show."""

    ALL = "all", "All"
    MINE = "mine", "Assigned to me"
    SHARED = "shared", "Shared"

    def of(self, queue: HandoffQuerySet, user: User) -> HandoffQuerySet:
        return queue.filter(self.condition(user))

    def condition(self, user: User) -> Q:
        if self is Share.MINE:
            return Q(assignee=user)
        return Q(assignee__isnull=True) if self is Share.SHARED else Q()


@dataclass(frozen=True)
class StrongReason:
    name: str
    points: int
    matches: int
    asset: str
    latest: date | None


@dataclass(frozen=True)
class QueueRow:
    handoff: Handoff
    band: Band
    reasons: Sequence[StrongReason]
    latest: Activity | None
    can_decide: bool
    opens_band: bool  # the first of its band on this page

    @property
    def about(self) -> str:
        """Who that is in half a line: title, company, size, country, as far as known."""
        lead = self.handoff.lead
        size = "" if lead.employees is None else f"{lead.employees:,} employees"
        return " · ".join(filter(None, (lead.job_title, lead.company_name, size, lead.country)))


@dataclass(frozen=True)
class QueueTab:
    share: Share
    count: int
    is_current: bool


@dataclass(frozen=True)
class QueuePage:
    rows: Sequence[QueueRow]
    tabs: Sequence[QueueTab]
    share: Share
    overdue: int
    waiting: int
    number: int
    has_next: bool

    @property
    def previous_number(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next_number(self) -> int | None:
        return self.number + 1 if self.has_next else None


def queue_page(*, user: User, at: datetime, share: Share, number: int) -> QueuePage:
    """The `number`th page (from 1) of what waits. Four queries, whatever waits.

    By OFFSET: what may wait at once is bounded by the weekly capacity of the teams, not by the number of leads, and
    the order by band changes by the minute, so that a keyset would have nothing to hold on to.
    """
    queue = waiting_queue(user=user, at=at)
    counts = _counts(queue, user, at)
    # The last page may have been decided away meanwhile.
    number = max(1, min(number, -(-counts[share] // PAGE_SIZE)))
    start = (number - 1) * PAGE_SIZE
    handoffs = list(share.of(queue, user)[start : start + PAGE_SIZE])
    return QueuePage(
        rows=_rows(handoffs, can_decide=user.decides_handoffs),
        tabs=[QueueTab(other, counts[other], other is share) for other in Share]
        if user.decides_handoffs
        else (),
        share=share,
        overdue=counts["overdue"],
        waiting=counts[Share.ALL],
        number=number,
        has_next=start + PAGE_SIZE < counts[share],
    )


def _counts(queue: HandoffQuerySet, user: User, at: datetime) -> dict[str, int]:
    by_share = {
        share.value: Count("pk", filter=share.condition(user)) for share in (Share.MINE, Share.SHARED)
    }
    return queue.order_by().aggregate(
        all=Count("pk"), overdue=Count("pk", filter=Q(decide_due_at__lte=at)), **by_share
    )


def _rows(handoffs: Sequence[Handoff], *, can_decide: bool) -> list[QueueRow]:
    latest = latest_activities([handoff.lead_id for handoff in handoffs])
    rows: list[QueueRow] = []
    for handoff in handoffs:
        band = Band(handoff.band)  # type: ignore[attr-defined]  # annotated by waiting_queue
        rows.append(
            QueueRow(
                handoff=handoff,
                band=band,
                reasons=[_reason(contribution) for contribution in strongest(handoff.contributions)],
                latest=latest.get(handoff.lead_id),
                can_decide=can_decide,
                opens_band=not rows or rows[-1].band is not band,
            )
        )
    return rows


def _reason(contribution: Contribution) -> StrongReason:
    latest = contribution["latest"]
    return StrongReason(
        name=contribution["name"],
        points=contribution["points"],
        matches=contribution["matches"],
        asset=contribution["asset"] or "",
        latest=date.fromisoformat(latest) if latest else None,
    )


def counted_segments(handoff: Handoff) -> Sequence[Segment]:
    """The stretches of business time between offer and deadline, by the hours of today.

    Empty without a clock, and where hours were changed since: then they no longer add up to the deadline that holds.
    """
    if handoff.decide_due_at is None:
        return ()
    clock = BusinessClock.of_team(handoff.team)
    minutes = clock.decide_fast_minutes if handoff.fast_tracked else clock.decide_minutes
    segments = clock.segments(start=handoff.offered_at, minutes=minutes)
    return segments if segments and segments[-1].ends_at == handoff.decide_due_at else ()
