"""A card moved on the board is one of the acts of selling: a deal opened, won or lost, or a lead given back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from leads.errors import LeadError
from leads.models import Deal, Lead, Stage, User
from leads.selling.board import OFFERS, Place, place_of
from leads.selling.deals import open_deal, win
from leads.selling.rights import check_worker


class MoveRefused(LeadError):
    """A card cannot go there."""


def check_place(*, lead: Lead, to: Place, by: User) -> None:
    """Raise MoveRefused, NotYourLead or NotWorked unless the user may move the lead to this column."""
    start = place_of(lead)
    stage = Stage(lead.stage).label
    if start is Place.LOST:
        raise MoveRefused(
            f"{lead} is {stage}: it left sales with that, and comes back when it qualifies anew."
        )
    check_worker(lead, by)
    assert start is not None  # check_worker: it is worked
    if to is start:
        raise MoveRefused(f"{lead} is in {to.label} already.")
    if to not in [place for place, _ in OFFERS[start]]:
        if start is Place.OPPORTUNITY:
            hint = "win or lose its deal; a lost one can be followed by another."
        else:
            hint = f"from here it may go to {' or '.join(place.label for place, _ in OFFERS[start])}."
        raise MoveRefused(f"{lead} cannot be moved from {start.label} to {to.label}: {hint}")


@transaction.atomic
def win_at_once(*, lead: Lead, amount: Decimal | None, currency: str, by: User, at: datetime) -> Deal:
    """A deal opened and won in one act, for an SQL that bought. Raises NotYourLead, NotWorked."""
    deal = open_deal(lead=lead, amount=amount, currency=currency, expected_close_on=None, by=by, at=at)
    win(deal=deal, by=by, at=at)
    return deal
