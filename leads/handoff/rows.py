"""The queue as its screen shows it: a page of rows with their reasons, and how many wait where."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from leads.handoff.bands import Band
from leads.handoff.evidence import Contribution, strongest
from leads.handoff.place import Cursor, Place, Share, shares_of
from leads.handoff.queue import Position, Selection, Stretch, arrived_up_to, moving, stretch
from leads.handoff.snoozing import asleep
from leads.handoff.tally import Waiting, counted_for, waiting_for
from leads.models import Handoff, Lead, Stage, StageChange, User
from leads.querysets import HandoffQuerySet
from leads.timeline import LastActivity, last_activities

PAGE_SIZE = 25
MOST_COUNTED = 100  # of what the clock alone changes; beyond it says "99+"


@dataclass(frozen=True)
class StrongReason:
    name: str
    points: int
    matches: int
    asset: str
    latest: date | None


@dataclass(frozen=True)
class Recycling:
    """That sales had the lead before and gave it back, the last time."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class QueueRow:
    handoff: Handoff
    band: Band
    reasons: Sequence[StrongReason]
    activities: Sequence[LastActivity]  # the last three
    recycling: Recycling | None
    can_decide: bool
    opens_band: bool  # the first of its band on this page

    @property
    def about(self) -> str:
        return about(self.handoff.lead)

    @property
    def source(self) -> str:
        """Where the lead came from: source and campaign, as far as known."""
        source = self.handoff.lead.source
        campaign = self.handoff.campaign.name if self.handoff.campaign else ""
        if source and campaign.lower().startswith(source.lower()):
            return campaign
        return " · ".join(filter(None, (source, campaign)))


@dataclass(frozen=True)
class QueueTab:
    share: Share
    count: int
    has_more: bool  # than the count says
    is_current: bool
    query: str


@dataclass(frozen=True)
class QueuePage:
    """`previous` and `next` are the queries of the pages beside this one, None where there is none."""

    rows: Sequence[QueueRow]
    tabs: Sequence[QueueTab]
    place: Place
    overdue: int
    waiting: int
    arrived: int
    snoozed: int  # by the user, wherever they stood
    previous: str | None
    next: str | None


def about(lead: Lead) -> str:
    """Who that is in half a line: title, company and its size, country, as far as known."""
    employees = lead.employees
    if employees is None and lead.company is not None:
        employees = lead.company.employees
    size = "" if employees is None else f"{employees:,} employees"
    return " · ".join(filter(None, (lead.job_title, lead.company_name, size, lead.country)))


def queue_page(*, user: User, at: datetime, place: Place, among: HandoffQuerySet) -> QueuePage:
    """The page at a place, of the handoffs `among`: all, or what the place's filters leave.

    As many queries, whatever waits.
    """
    put_off = asleep(user=user, at=at)
    selection = Selection(user, place.at, place.share, among, put_off)
    found = stretch(selection, cursor=place.cursor, count=PAGE_SIZE)
    if not found.positions and place.at < at:
        # All of the frozen list is decided: whoever got that far wants what has arrived since.
        place = place.read_anew(at)
        selection = replace(selection, at=at)
        found = stretch(selection, cursor=None, count=PAGE_SIZE)
    rows = _rows(found.positions, can_decide=user.decides_handoffs)
    previous, following = _beside(place, found, rows)
    changing = moving(
        replace(selection, at=at, share=shares_of(user)[0]), selection, at=at, most=MOST_COUNTED
    )
    tabs = _tabs(user, place, _waiting(user, place, among, put_off), changing.escalated)
    return QueuePage(
        rows=rows,
        tabs=tabs,
        place=place,
        overdue=changing.overdue,
        waiting=tabs[0].count,
        arrived=changing.arrived,
        snoozed=len(put_off),
        previous=previous,
        next=following,
    )


def arrived(*, user: User, at: datetime, place: Place, among: HandoffQuerySet) -> int:
    """How many would join the list at a place if it were read anew, up to MOST_COUNTED."""
    if place.at >= at:
        return 0
    selection = Selection(user, place.at, place.share, among, asleep(user=user, at=at))
    return arrived_up_to(selection, at=at, most=MOST_COUNTED)


def _waiting(user: User, place: Place, among: HandoffQuerySet, put_off: Collection[int]) -> Waiting:
    """What the tabs count, less what the user has put off: kept, or counted of what the filters leave."""
    if place.filters:
        return counted_for(user, among.exclude(pk__in=put_off))
    kept = waiting_for(user)
    return kept.without(counted_for(user, among.filter(pk__in=put_off))) if put_off else kept


def _tabs(user: User, place: Place, waiting: Waiting, escalated: int) -> list[QueueTab]:
    counts = {
        Share.ALL: waiting.all,
        Share.TEAM: waiting.all if user.is_manager else waiting.mine + waiting.shared + escalated,
        Share.MINE: waiting.mine,
        Share.UNASSIGNED: waiting.shared,
    }
    if user.is_rep and not user.is_manager:
        counts[Share.ALL] = counts[Share.TEAM]
    return [
        QueueTab(
            share=share,
            count=counts[share],
            has_more=share in (Share.ALL, Share.TEAM) and escalated >= MOST_COUNTED,
            is_current=share is place.share,
            query=place.to(share).lasting_query,
        )
        for share in shares_of(user)
    ]


def _beside(place: Place, found: Stretch, rows: Sequence[QueueRow]) -> tuple[str | None, str | None]:
    if not rows:
        return None, None
    first, last = (_cursor(rows[index], is_backward=not index) for index in (0, -1))
    return (
        place.at_cursor(first).query if found.has_before else None,
        place.at_cursor(last).query if found.has_after else None,
    )


def _cursor(row: QueueRow, *, is_backward: bool) -> Cursor:
    handoff = row.handoff
    return Cursor(row.band, handoff.queue_score, handoff.offered_at, handoff.pk, is_backward)


def _rows(positions: Sequence[Position], *, can_decide: bool) -> list[QueueRow]:
    handoffs = Handoff.objects.waiting().for_queue().in_bulk([position.pk for position in positions])
    lead_ids = [handoff.lead_id for handoff in handoffs.values()]
    activities = last_activities(lead_ids, count=3)
    recyclings = _recyclings(lead_ids)
    rows: list[QueueRow] = []
    for position in positions:
        # It may have been decided between the two statements.
        if (handoff := handoffs.get(position.pk)) is None:
            continue
        rows.append(
            QueueRow(
                handoff=handoff,
                band=position.band,
                reasons=[_reason(contribution) for contribution in strongest(handoff.contributions)],
                activities=activities.get(handoff.lead_id, ()),
                recycling=recyclings.get(handoff.lead_id),
                can_decide=can_decide,
                opens_band=not rows or rows[-1].band is not position.band,
            )
        )
    return rows


def _recyclings(lead_ids: Sequence[int]) -> dict[int, Recycling]:
    """The last time that each lead was given back."""
    changes = StageChange.objects.counted().filter(lead__in=lead_ids, to_stage=Stage.RECYCLED).in_order()
    found = changes.values_list("lead_id", "occurred_at", "reason__label")
    return {lead_id: Recycling(at, reason or "") for lead_id, at, reason in found}


def _reason(contribution: Contribution) -> StrongReason:
    latest = contribution["latest"]
    return StrongReason(
        name=contribution["name"],
        points=contribution["points"],
        matches=contribution["matches"],
        asset=contribution["asset"] or "",
        latest=date.fromisoformat(latest) if latest else None,
    )
