"""“I am looking at this one”: a lease that others see. It ends by itself, and nobody needs one to decide."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from leads.errors import LeadError
from leads.handoff.decisions import AlreadyDecided, check_decider
from leads.models import Handoff, User

CLAIM_TIME = timedelta(minutes=15)


class Claimed(LeadError):
    """Somebody else is looking at it."""


def claim(*, handoff: Handoff, by: User, at: datetime) -> None:
    """Claim the handoff, or renew the claim. Raises NotYours, Claimed, AlreadyDecided."""
    check_decider(handoff, by, at)
    free = Q(claimed_by=None) | Q(claimed_by=by) | Q(claimed_until__lte=at)
    claimed = (
        Handoff.objects.waiting()
        .filter(free, pk=handoff.pk)
        .update(claimed_by=by, claimed_until=at + CLAIM_TIME)
    )
    handoff.refresh_from_db()
    if claimed:
        return
    if not handoff.is_waiting:
        raise AlreadyDecided(handoff)
    raise Claimed(f"{handoff.claimed_by} is looking at {handoff.lead}; you can decide it all the same.")


def release(*, handoff: Handoff, by: User) -> None:
    """End one's own claim; of what is not claimed, or by somebody else, nothing is changed."""
    Handoff.objects.filter(pk=handoff.pk, claimed_by=by).update(claimed_by=None, claimed_until=None)
    handoff.refresh_from_db()
