"""A customer who qualifies again is news to its owner: not offered to anybody, since somebody sells to it already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from leads.errors import LeadError
from leads.handoff.evidence import Contribution, Evidence, strongest
from leads.models import Lead, Notification, RepeatSignal, Stage, User
from leads.notifications.telling import Message, line, notify_each
from leads.selling.rights import check_worker

# More than anybody looks through; the newest come first.
SHOWN = 10


class SignalClosed(LeadError):
    """Somebody dismissed it, or opened a deal; nothing was changed."""


@dataclass(frozen=True)
class SignalRow:
    signal: RepeatSignal
    reasons: Sequence[Contribution]


@transaction.atomic
def raise_signals(
    *, evidence: Mapping[int, Evidence], run: int | None, at: datetime
) -> Sequence[RepeatSignal]:
    """Tell the owners of these customers (ids, with their evidence). Asked twice, or twice at once, it tells once."""
    leads = {
        lead.pk: lead
        for lead in Lead.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=list(evidence), stage=Stage.CUSTOMER)
        .select_related("owner")
        .order_by("pk")
    }
    known = set(RepeatSignal.objects.filter(lead__in=leads, closed_at=None).values_list("lead_id", flat=True))
    signals = RepeatSignal.objects.bulk_create(
        [
            RepeatSignal(
                lead=lead,
                at=at,
                run=run,
                grade=evidence[pk].grade,
                total=evidence[pk].total,
                fast_tracked=evidence[pk].fast_tracked,
                rulebook_version=evidence[pk].rulebook_version,
                contributions=list(evidence[pk].contributions),
            )
            for pk, lead in leads.items()
            if pk not in known
        ]
    )
    notify_each(
        messages=[(signal.lead.owner, _message(signal)) for signal in signals if signal.lead.owner], at=at
    )
    return signals


def dismiss(*, signal: RepeatSignal, by: User, at: datetime) -> None:
    """It leads to nothing this time; what the customer does from now on may raise another.

    Raises NotYourLead, NotWorked, SignalClosed.
    """
    check_worker(signal.lead, by)
    closed = RepeatSignal.objects.filter(pk=signal.pk, closed_at=None).update(
        closed_at=at, closed_by=by, is_dismissed=True
    )
    if not closed:
        signal.refresh_from_db()
        what = "dismissed" if signal.is_dismissed else "answered with a deal"
        raise SignalClosed(f"This signal of {signal.lead} was {what} already; nothing was changed.")


def signals_for(user: User) -> Sequence[SignalRow]:
    """Open ones of the user's customers; a manager's, too, where nobody owns them. One query."""
    whose = Q(lead__owner=user)
    if user.is_manager:
        whose |= Q(lead__owner=None)
    found = RepeatSignal.objects.filter(whose, closed_at=None).select_related("lead").order_by("-at", "-pk")
    return [SignalRow(signal, strongest(signal.contributions)) for signal in found[:SHOWN]]


def _message(signal: RepeatSignal) -> Message:
    why = ", ".join(reason["name"] for reason in strongest(signal.contributions))
    return Message(
        kind=Notification.Kind.REPEAT,
        title=f"{signal.lead} qualifies again: {signal.grade}, {signal.total} points",
        lines=[line(why)] if why else (),
        link=reverse("leads:work"),
        key=f"repeat:{signal.pk}",
    )
