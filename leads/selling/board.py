"""My work by stage: a column each for accepted leads, open deals, and what was won or lost of late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import models
from django.db.models import Exists, F, OuterRef, Subquery

from leads.models import Deal, Lead, LeadScore, Stage, StageChange, User
from leads.querysets import LeadQuerySet
from leads.selling.work import Band, with_due

COLUMN_SIZE = 20
RECENT = timedelta(days=30)
OUT = (Stage.RECYCLED, Stage.DISQUALIFIED)


class Place(models.TextChoices):
    """A column of the board, and where a card can be moved to."""

    SQL = "sql", "SQL"
    OPPORTUNITY = "opportunity", "Opportunity"
    WON = "won", "Won"
    LOST = "lost", "Lost or given back"

    @property
    def is_past(self) -> bool:
        return self in (Place.WON, Place.LOST)


# What a menu of a card offers, in words; all other moves are refused (leads.selling.moves).
OFFERS: dict[Place, Sequence[tuple[Place, str]]] = {
    Place.SQL: ((Place.OPPORTUNITY, "Open a deal"), (Place.WON, "Won"), (Place.LOST, "Give back")),
    Place.OPPORTUNITY: ((Place.WON, "Won"), (Place.LOST, "Lost")),
    Place.WON: ((Place.OPPORTUNITY, "Another deal"),),
    Place.LOST: (),
}


@dataclass(frozen=True)
class Card:
    lead: Lead
    score: LeadScore | None
    band: Band
    step: str
    step_due_on: date | None
    first_touch_due_at: datetime | None
    deals: Sequence[Deal]  # open ones; in the last two columns those that were closed of late
    because: str
    is_mine: bool


@dataclass(frozen=True)
class BoardColumn:
    place: Place
    cards: Sequence[Card]
    count: int
    offers: Sequence[tuple[Place, str]]

    @property
    def more(self) -> int:
        return self.count - len(self.cards)


@dataclass(frozen=True)
class Board:
    columns: Sequence[BoardColumn]
    is_team: bool


def board_of(*, user: User, at: datetime, of_team: bool) -> Board:
    """Nine queries, whatever is worked on. `of_team`: a manager's whole team, without one everybody."""
    is_team = of_team and user.is_manager
    columns = [(place, _leads(place, user, at, is_team)) for place in Place]
    found = [(place, list(leads[:COLUMN_SIZE]), leads.order_by().count()) for place, leads in columns]
    deals = _deals([lead.pk for _, leads, _ in found for lead in leads])
    return Board(
        columns=[
            BoardColumn(
                place, [_card(lead, place, deals[lead.pk], user, at) for lead in leads], count, OFFERS[place]
            )
            for place, leads, count in found
        ],
        is_team=is_team,
    )


def place_of(lead: Lead) -> Place | None:
    """The column in which the lead stands; None where sales does not work it."""
    if lead.stage in OUT:
        return Place.LOST
    return {
        Stage.SQL: Place.SQL,
        Stage.OPPORTUNITY: Place.OPPORTUNITY,
        Stage.CUSTOMER: Place.WON,
    }.get(Stage(lead.stage))


def _owned(user: User, is_team: bool) -> LeadQuerySet:
    leads: LeadQuerySet = Lead.objects.all()
    if not is_team:
        return leads.filter(owner=user)
    return (
        leads.filter(owner__isnull=False) if user.team_id is None else leads.filter(owner__team=user.team_id)
    )


def _leads(place: Place, user: User, at: datetime, is_team: bool) -> LeadQuerySet:
    owned = _owned(user, is_team).select_related("score", "owner")
    if place is Place.SQL or place is Place.OPPORTUNITY:
        stage = Stage.SQL if place is Place.SQL else Stage.OPPORTUNITY
        return with_due(owned.in_stage(stage), at).order_by(
            "band", F("step_due").asc(nulls_last=True), F("score__total").desc(nulls_last=True), "pk"
        )
    recent = owned.filter(stage_entered_at__gte=at - RECENT)
    if place is Place.WON:
        won = Deal.objects.filter(lead=OuterRef("pk"), state=Deal.State.WON, closed_at__gte=at - RECENT)
        recent = recent.in_stage(Stage.CUSTOMER).filter(Exists(won))
    else:
        back = StageChange.objects.counted().filter(
            lead=OuterRef("pk"),
            occurred_at=OuterRef("stage_entered_at"),
            from_stage__in=(Stage.SQL, Stage.OPPORTUNITY),
        )
        recent = recent.in_stage(*OUT).filter(Exists(back))
        recent = recent.annotate(because=Subquery(back.values("reason__label")[:1]))
    return recent.order_by("-stage_entered_at", "-pk")


def _deals(lead_ids: Sequence[int]) -> dict[int, list[Deal]]:
    found: dict[int, list[Deal]] = defaultdict(list)
    for deal in Deal.objects.filter(lead__in=lead_ids).order_by("-opened_at", "-pk"):
        found[deal.lead_id].append(deal)
    return found


_DEALS_OF = {Place.WON: Deal.State.WON, Place.LOST: Deal.State.LOST}


def _card(lead: Lead, place: Place, deals: Sequence[Deal], user: User, at: datetime) -> Card:
    wanted = _DEALS_OF.get(place, Deal.State.OPEN)
    since = at - RECENT
    return Card(
        lead=lead,
        score=getattr(lead, "score", None),
        band=Band(getattr(lead, "band", Band.LATER)),
        step=getattr(lead, "step_what", None) or "",
        step_due_on=getattr(lead, "step_due", None),
        first_touch_due_at=getattr(lead, "first_touch_due", None),
        deals=[
            deal
            for deal in deals
            if deal.state == wanted and (deal.closed_at is None or deal.closed_at >= since)
        ],
        because=getattr(lead, "because", None) or "",
        is_mine=lead.owner_id == user.pk,
    )


def open_deals_of(lead: Lead) -> Sequence[Deal]:
    return list(lead.deals.filter(state=Deal.State.OPEN).order_by("opened_at", "pk"))
