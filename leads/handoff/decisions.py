"""Decisions on handoffs. Each is atomic and happens once: the row decides, not the page that somebody saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from leads.errors import LeadError
from leads.handoff.sla import BusinessClock
from leads.lifecycle import Mover, change_stage, change_stages
from leads.models import Handoff, HandoffDecision, Lead, Reason, Snooze, Stage, StageChange, User
from leads.models.fields import day_of
from leads.notifications.handoffs import concerned_with, tell_demoted, tell_gone
from leads.permissions import can_decide, can_withdraw

WITHDRAWAL_HOLD_DAYS = 30
DECIDERS = "Handoffs are decided by sales reps and sales managers; your role decides none."


class AlreadyDecided(LeadError):
    """Somebody else was faster. `handoff` is as it stands now."""

    def __init__(self, handoff: Handoff) -> None:
        self.handoff = handoff
        who = handoff.decided_by or handoff.decided_by_actor or "scoring"
        when = f" at {handoff.decided_at:%Y-%m-%d %H:%M %Z}" if handoff.decided_at else ""
        because = f" ({handoff.reason})" if handoff.reason else ""
        super().__init__(
            f"{handoff.lead} was {handoff.get_state_display().lower()} by {who}{when}{because}; nothing was changed."
        )


class NotYours(LeadError):
    """The user may see the handoff but not decide it."""


class ReasonRefused(LeadError):
    """The rejection lacks what its reason asks for."""


@transaction.atomic
def accept(*, handoff: Handoff, by: User, at: datetime, note: str = "") -> StageChange:
    """The lead becomes an SQL of `by`, and its first-touch clock starts. Raises NotYours, AlreadyDecided."""
    check_decider(handoff, by, at)
    deadline = None
    if handoff.origin != Handoff.Origin.IMPORT:
        deadline = BusinessClock.of_team(by.team or handoff.team).to_touch(start=at)
    clock = {
        "first_touch_due_at": deadline.due_at if deadline else None,
        "touch_escalate_at": deadline.due_at if deadline else None,
        "touch_remind_at": deadline.remind_at if deadline else None,
    }
    _decide(handoff, Handoff.State.ACCEPTED, by=by, at=at, note=note, **clock)
    lead = Lead.objects.select_for_update(of=("self",), no_key=True).get(pk=handoff.lead_id)
    decision = _record(handoff, lead, HandoffDecision.Action.ACCEPT, by=by, at=at, note=note)
    lead.owner = by
    lead.save(update_fields=["owner"])
    return _move(handoff, lead, decision, to=Stage.SQL, by=by, at=at, note=note)


@transaction.atomic
def reject(*, handoff: Handoff, reason: Reason, by: User, at: datetime, note: str = "") -> StageChange:
    """The lead is recycled (on hold for the reason's cool-down) or disqualified, as the reason says.

    Raises NotYours, AlreadyDecided, ReasonRefused.
    """
    note = note.strip()
    check_reason(reason, note)
    check_decider(handoff, by, at)
    _decide(handoff, Handoff.State.REJECTED, by=by, at=at, note=note, reason=reason)
    lead = Lead.objects.select_for_update(of=("self",), no_key=True).get(pk=handoff.lead_id)
    decision = _record(handoff, lead, HandoffDecision.Action.REJECT, by=by, at=at, note=note, reason=reason)
    if reason.leads_to == Reason.LeadsTo.RECYCLED:
        hold(lead, at=at, days=reason.cooldown_days or 0)
    return _move(handoff, lead, decision, to=Stage(reason.leads_to), by=by, at=at, note=note, reason=reason)


@transaction.atomic
def withdraw(*, handoff: Handoff, by: User, at: datetime, note: str) -> StageChange:
    """A marketer takes an offer back: the lead returns to `lead`, on hold for 30 days.

    Raises NotYours, AlreadyDecided.
    """
    if not can_withdraw(by):
        raise NotYours("Only a marketer can withdraw a handoff.")
    _decide(handoff, Handoff.State.WITHDRAWN, by=by, at=at, note=note)
    lead = Lead.objects.select_for_update(of=("self",), no_key=True).get(pk=handoff.lead_id)
    decision = _record(handoff, lead, HandoffDecision.Action.WITHDRAW, by=by, at=at, note=note)
    hold(lead, at=at, days=WITHDRAWAL_HOLD_DAYS)
    return _move(handoff, lead, decision, to=Stage.LEAD, by=by, at=at, note=note)


@transaction.atomic
def demote(*, handoff_ids: Sequence[int], at: datetime, run: int, note: str) -> int:
    """Scoring takes back offers of leads that fell below the line: waiting, unclaimed, and made by scoring.

    Set-based. Those decided or claimed meanwhile are left alone; the number withdrawn is returned.
    """
    handoffs = list(
        Handoff.objects.select_for_update(of=("self",))
        .select_related("lead", "assignee")
        .waiting()
        .unclaimed(at=at)
        .filter(pk__in=handoff_ids, origin=Handoff.Origin.SCORING)
        .order_by("pk")
    )
    Handoff.objects.filter(pk__in=[handoff.pk for handoff in handoffs]).update(
        state=Handoff.State.WITHDRAWN, decided_at=at, note=note
    )
    Snooze.objects.filter(handoff__in=handoffs).delete()
    HandoffDecision.objects.bulk_create(
        [
            HandoffDecision(
                handoff=handoff, action=HandoffDecision.Action.WITHDRAW, at=at, run=run, note=note
            )
            for handoff in handoffs
        ],
        batch_size=500,
    )
    tell_demoted(handoffs=handoffs, at=at)
    leads = list(
        Lead.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=[handoff.lead_id for handoff in handoffs])
        .order_by("pk")
    )
    return change_stages(leads=leads, to=Stage.LEAD, mover=Mover.SCORING, at=at, run=run, note=note)


def check_reason(reason: Reason, note: str) -> None:
    """Raise ReasonRefused where the reason is out of use, or lacks the note that it asks for."""
    if not reason.is_active:
        raise ReasonRefused(f"“{reason}” is no longer in use; choose another reason.")
    if reason.note_required and not note.strip():
        raise ReasonRefused(f"“{reason}” needs a note that says more.")


def hold(lead: Lead, *, at: datetime, days: int) -> None:
    """Keep the lead from sales for so many days, unless it shows new evidence of its own."""
    lead.hold_until = day_of(at) + timedelta(days=days)
    lead.evidence_after = at
    lead.save(update_fields=["hold_until", "evidence_after"])


def check_decider(handoff: Handoff, by: User, at: datetime) -> None:
    if not by.decides_handoffs:
        raise NotYours(DECIDERS)
    if not can_decide(by, handoff, at=at):
        raise NotYours(f"{handoff.lead} is offered to others; you cannot decide it.")


def _decide(
    handoff: Handoff, state: Handoff.State, *, by: User, at: datetime, note: str, **also: object
) -> None:
    concerned = concerned_with(handoff, at=at)
    changes = {
        "state": state,
        "decided_by": by,
        "decided_at": at,
        "note": note,
        "claimed_by": None,
        "claimed_until": None,
        **also,
    }
    while not Handoff.objects.waiting().filter(pk=handoff.pk).update(**changes):
        handoff.refresh_from_db()
        # Else somebody decided it and took that back in this very moment: it waits again.
        if not handoff.is_waiting:
            raise AlreadyDecided(handoff)
    for name, value in changes.items():
        setattr(handoff, name, value)
    Snooze.objects.filter(handoff=handoff).delete()
    tell_gone(handoff=handoff, concerned=concerned, at=at)


def _record(
    handoff: Handoff,
    lead: Lead,
    action: HandoffDecision.Action,
    *,
    by: User,
    at: datetime,
    note: str,
    reason: Reason | None = None,
) -> HandoffDecision:
    """The row of the ledger, not yet saved, with what an undo must restore."""
    return HandoffDecision(
        handoff=handoff,
        action=action,
        by=by,
        at=at,
        note=note,
        reason=reason,
        previous_owner_id=lead.owner_id,
        previous_hold_until=lead.hold_until,
        previous_evidence_after=lead.evidence_after,
    )


def _move(
    handoff: Handoff,
    lead: Lead,
    decision: HandoffDecision,
    *,
    to: Stage,
    by: User,
    at: datetime,
    note: str,
    reason: Reason | None = None,
) -> StageChange:
    handoff.lead = lead  # as it is from here on
    seller = Mover.MANAGER if by.is_manager else Mover.REP
    change = change_stage(
        lead=lead,
        to=to,
        mover=Mover.MARKETER if to is Stage.LEAD else seller,
        at=at,
        by=by,
        reason=reason,
        note=note,
        rulebook_version=handoff.rulebook_version,
        total=handoff.total,
    )
    decision.stage_change = change.pk
    decision.save()
    return change
