"""Taking a decision back: within five minutes, by whoever made it, while nothing further has happened.

The handoff waits again as it did, with its clocks; owner and hold are what they were. Both moves of the lead are
marked undone, so that no number knows of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from leads.errors import LeadError
from leads.lifecycle import Mover, change_stage
from leads.models import Handoff, HandoffDecision, Lead, Stage, StageChange, User

UNDO_WINDOW = timedelta(minutes=5)
STATE_OF = {
    HandoffDecision.Action.ACCEPT: Handoff.State.ACCEPTED,
    HandoffDecision.Action.REJECT: Handoff.State.REJECTED,
}


class CannotUndo(LeadError):
    """It is too late, it was somebody else, or something has happened since."""


@transaction.atomic
def undo(*, handoff: Handoff, by: User, at: datetime) -> StageChange:
    """Put the handoff back into the queue as it stood before the user's decision. Raises CannotUndo."""
    decision = _last_decision(handoff, by, at)
    _reopen(handoff, decision)
    lead = Lead.objects.select_for_update(of=("self",)).get(pk=handoff.lead_id)
    _check_nothing_happened(lead, decision)
    lead.owner = decision.previous_owner
    lead.hold_until, lead.evidence_after = decision.previous_hold_until, decision.previous_evidence_after
    lead.save(update_fields=["owner", "hold_until", "evidence_after"])
    StageChange.objects.filter(pk__in=[decision.stage_change]).update(undone=True)
    change = change_stage(lead=lead, to=Stage.MQL, mover=Mover.UNDO, at=at, by=by)
    # It has been an MQL since it was offered: for the history that counts, nothing has happened in between.
    since = lead.stage_changes.counted().in_order().last()
    assert since is not None  # the row of its offer
    lead.stage_entered_at = since.occurred_at
    lead.save(update_fields=["stage_entered_at"])
    HandoffDecision.objects.create(
        handoff=handoff,
        action=HandoffDecision.Action.UNDO,
        by=by,
        at=at,
        previous_owner=decision.previous_owner,
        stage_change=change.pk,
    )
    return change


def _last_decision(handoff: Handoff, by: User, at: datetime) -> HandoffDecision:
    decision = handoff.decisions.select_related("by").order_by("-at", "-pk").first()
    if decision is None or decision.action not in STATE_OF:
        raise CannotUndo(f"There is no decision on {handoff.lead} to undo; nothing was changed.")
    if decision.by != by:
        who = decision.by or decision.actor or "scoring"
        raise CannotUndo(f"{handoff.lead} was decided by {who}; only they can undo that.")
    if at - decision.at > UNDO_WINDOW:
        minutes = UNDO_WINDOW.seconds // 60
        raise CannotUndo(
            f"A decision can be undone for {minutes} minutes; this one is older. Nothing was changed."
        )
    return decision


def _reopen(handoff: Handoff, decision: HandoffDecision) -> None:
    """Waiting again, unless another undo was faster, or the lead has been offered anew."""
    decided = Handoff.objects.filter(
        pk=handoff.pk,
        state=STATE_OF[HandoffDecision.Action(decision.action)],
        decided_by=decision.by,
        decided_at=decision.at,
    )
    try:
        with transaction.atomic():
            reopened = decided.update(
                state=Handoff.State.WAITING,
                decided_by=None,
                decided_at=None,
                reason=None,
                note="",
                first_touch_due_at=None,
                touch_remind_at=None,
                touch_escalate_at=None,
            )
    except IntegrityError:  # one waiting handoff a lead: it raised its hand meanwhile, and is in the queue
        raise CannotUndo(f"{handoff.lead} was offered anew since; it waits in the queue.") from None
    handoff.refresh_from_db()
    if not reopened:
        raise CannotUndo(f"{handoff.lead} is {handoff.get_state_display().lower()}: nothing was changed.")


def _check_nothing_happened(lead: Lead, decision: HandoffDecision) -> None:
    last = lead.stage_changes.counted().in_order().last()
    if last is None or last.pk != decision.stage_change:
        raise CannotUndo(f"{lead} has moved on to {Stage(lead.stage).label} since; nothing was changed.")
    if decision.action != HandoffDecision.Action.ACCEPT:
        return
    if lead.owner_id != decision.by_id:
        raise CannotUndo(f"{lead} was given to {lead.owner or 'nobody'} since; nothing was changed.")
    if (
        lead.touches.filter(at__gte=decision.at).exists()
        or lead.deals.filter(opened_at__gte=decision.at).exists()
    ):
        raise CannotUndo(f"{lead} has been worked on since; give it back instead.")
