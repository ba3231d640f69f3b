"""What sales did with a lead of a test, beside its history: offers with their clocks, decisions, touches, deals."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from leads.models import Deal, Handoff, Lead, Reason, Touch, User
from leads.models.fields import day_of
from tests.factories import HandoffFactory, TouchFactory
from tests.reports.conftest import instant


def offered(lead: Lead, at: str, *, due: str = "", to: User | None = None, **fields: Any) -> Handoff:
    """A waiting handoff, assigned to somebody."""
    return HandoffFactory(
        lead=lead,
        offered_at=instant(at),
        offered_day=day_of(instant(at)),
        decide_due_at=_maybe(due),
        assignee=to,
        **fields,
    )


def accepted(
    lead: Lead, at: str, decided: str, by: User, *, due: str = "", touch_due: str = "", **fields: Any
) -> Handoff:
    return offered(
        lead,
        at,
        due=due,
        state=Handoff.State.ACCEPTED,
        decided_at=instant(decided),
        decided_by=by,
        first_touch_due_at=_maybe(touch_due),
        **fields,
    )


def rejected(
    lead: Lead, at: str, decided: str, by: User, reason: str, *, due: str = "", **fields: Any
) -> Handoff:
    return offered(
        lead,
        at,
        due=due,
        state=Handoff.State.REJECTED,
        decided_at=instant(decided),
        decided_by=by,
        reason=Reason.objects.get(key=reason),
        **fields,
    )


def touched(lead: Lead, at: str, kind: Touch.Kind = Touch.Kind.CALL) -> Touch:
    return TouchFactory(lead=lead, at=instant(at), kind=kind)


def deal(
    lead: Lead,
    opened: str,
    *,
    won: str = "",
    lost: str = "",
    amount: str | None = None,
    currency: str = "EUR",
    owner: User | None = None,
) -> Deal:
    return Deal.objects.create(
        lead=lead,
        state=Deal.State.WON if won else Deal.State.LOST if lost else Deal.State.OPEN,
        amount=None if amount is None else Decimal(amount),
        currency="" if amount is None else currency,
        owner=owner,
        opened_at=instant(opened),
        closed_at=_maybe(won or lost),
    )


def _maybe(text: str) -> datetime | None:
    return instant(text) if text else None
