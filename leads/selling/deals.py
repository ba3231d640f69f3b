"""Deals, and what they make of the lead: opportunity while one is open, customer once one was won."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from leads.errors import LeadError
from leads.handoff.decisions import ReasonRefused, check_reason, hold
from leads.lifecycle import Mover, change_stage
from leads.models import Deal, Lead, NextStep, Reason, RepeatSignal, Stage, User
from leads.selling.rights import check_worker


class DealClosed(LeadError):
    """The deal was won or lost already; nothing was changed."""


@transaction.atomic
def open_deal(
    *,
    lead: Lead,
    amount: Decimal | None,
    currency: str,
    expected_close_on: date | None,
    by: User,
    at: datetime,
    note: str = "",
) -> Deal:
    """A deal for the lead, which becomes an opportunity. Raises NotYourLead, NotWorked."""
    lead = _locked(lead)
    check_worker(lead, by)
    deal = Deal.objects.create(
        lead=lead,
        amount=amount,
        currency=currency if amount is not None else "",
        expected_close_on=expected_close_on,
        owner=by,
        opened_at=at,
        note=note.strip(),
    )
    # The news that a customer qualified again has led to what it was for.
    RepeatSignal.objects.filter(lead=lead, closed_at=None).update(closed_at=at, closed_by=by)
    if lead.stage != Stage.OPPORTUNITY:
        change_stage(lead=lead, to=Stage.OPPORTUNITY, mover=_mover(by), at=at, by=by)
    return deal


@transaction.atomic
def win(*, deal: Deal, by: User, at: datetime, amount: Decimal | None = None) -> None:
    """The deal is won and its lead a customer. `amount`: what it came to, where that differs. Raises DealClosed."""
    lead = _locked(deal.lead)
    check_worker(lead, by)
    came_to = {} if amount is None else {"amount": amount}
    _close(deal, state=Deal.State.WON, closed_at=at, **came_to)
    if lead.stage != Stage.CUSTOMER:
        change_stage(lead=lead, to=Stage.CUSTOMER, mover=_mover(by), at=at, by=by)


@transaction.atomic
def lose(*, deal: Deal, reason: Reason, by: User, at: datetime, note: str = "") -> None:
    """The deal is lost. Its lead moves only when no other is open: to customer if it ever bought, else by the reason.

    Raises DealClosed, ReasonRefused.
    """
    check_reason(reason, note)
    lead = _locked(deal.lead)
    check_worker(lead, by)
    _close(deal, state=Deal.State.LOST, closed_at=at, lost_reason=reason, note=_with(deal.note, note))
    if lead.deals.filter(state=Deal.State.OPEN).exists():
        return
    if _ever_bought(lead):
        if lead.stage != Stage.CUSTOMER:
            change_stage(lead=lead, to=Stage.CUSTOMER, mover=_mover(by), at=at, by=by)
        return
    _send_back(lead, reason, by=by, at=at, note=note)


@transaction.atomic
def give_back(*, lead: Lead, reason: Reason, by: User, at: datetime, note: str = "") -> None:
    """Sales is done with the lead: it is recycled or disqualified, as the reason says.

    Raises NotYourLead, NotWorked, ReasonRefused (also while a deal is open), InvalidStageMove.
    """
    check_reason(reason, note)
    lead = _locked(lead)
    check_worker(lead, by)
    if lead.deals.filter(state=Deal.State.OPEN).exists():
        raise ReasonRefused(f"{lead} has an open deal; win or lose it first.")
    _send_back(lead, reason, by=by, at=at, note=note)


def _ever_bought(lead: Lead) -> bool:
    """Also where the purchase was imported as history, without a deal."""
    bought = lead.stage_changes.counted().filter(to_stage=Stage.CUSTOMER)
    return lead.deals.filter(state=Deal.State.WON).exists() or bought.exists()


def _send_back(lead: Lead, reason: Reason, *, by: User, at: datetime, note: str) -> None:
    change_stage(
        lead=lead, to=Stage(reason.leads_to), mover=_mover(by), at=at, by=by, reason=reason, note=note.strip()
    )
    if reason.leads_to == Reason.LeadsTo.RECYCLED:
        hold(lead, at=at, days=reason.cooldown_days or 0)
    NextStep.objects.filter(lead=lead, done_at=None).update(done_at=at)


def _close(deal: Deal, **fields: object) -> None:
    """By a conditional UPDATE: of two who close it at once, one does."""
    if not Deal.objects.filter(pk=deal.pk, state=Deal.State.OPEN).update(**fields):
        deal.refresh_from_db()
        raise DealClosed(
            f"This deal of {deal.lead} was {deal.get_state_display().lower()} already; nothing was changed."
        )
    deal.refresh_from_db()


def _with(before: str, note: str) -> str:
    return "\n".join(filter(None, (before, note.strip())))


def _locked(lead: Lead) -> Lead:
    locked: Lead = Lead.objects.select_for_update(of=("self",)).get(pk=lead.pk)
    return locked


def _mover(by: User) -> Mover:
    return Mover.MANAGER if by.is_manager else Mover.REP
