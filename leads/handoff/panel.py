"""One handoff as the panel beside the queue shows it: why it was offered, and what is known around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.handoff.evidence import Contribution
from leads.handoff.recent import RecentDecision, undoable_decisions
from leads.handoff.rows import about
from leads.models import Handoff, Lead, LeadScore, User
from leads.permissions import can_decide

EARLIER = 10
COLLEAGUES = 6


@dataclass(frozen=True)
class Colleagues:
    """Other leads of the same company, whoever moved last first."""

    leads: Sequence[Lead]
    has_more: bool


@dataclass(frozen=True)
class HandoffPanel:
    handoff: Handoff
    contributions: Sequence[Contribution]  # as they stood when offered, strongest first
    earlier: Sequence[Handoff]
    colleagues: Colleagues
    can_decide: bool
    last_decision: RecentDecision | None  # by whoever looks, and still to be undone

    @property
    def about(self) -> str:
        return about(self.handoff.lead)

    @property
    def score_now(self) -> LeadScore | None:
        """Today's score, where it is another than the one that was frozen."""
        score: LeadScore | None = getattr(self.handoff.lead, "score", None)
        if score is None or (score.total, score.grade) == (self.handoff.total, self.handoff.grade):
            return None
        return score


def panel_of(*, handoff: Handoff, user: User, at: datetime) -> HandoffPanel:
    """The panel of a handoff that was read `for_panel`. Five queries at most, whatever there is."""
    decides = handoff.is_waiting and user.decides_handoffs
    return HandoffPanel(
        handoff=handoff,
        contributions=sorted(handoff.contributions, key=lambda one: (-one["points"], one["rule"])),
        earlier=_earlier(handoff),
        colleagues=_colleagues(handoff.lead),
        can_decide=decides and can_decide(user, handoff, at=at),
        last_decision=next(iter(undoable_decisions(user=user, at=at)), None)
        if user.decides_handoffs
        else None,
    )


def _earlier(handoff: Handoff) -> Sequence[Handoff]:
    others = Handoff.objects.filter(lead=handoff.lead_id).exclude(pk=handoff.pk)
    return list(others.for_lead_page()[:EARLIER])


def _colleagues(lead: Lead) -> Colleagues:
    if lead.company_id is None:
        return Colleagues((), has_more=False)
    others = Lead.objects.filter(company=lead.company_id).exclude(pk=lead.pk).select_related("owner")
    found = list(others.order_by("-stage_entered_at", "-pk")[: COLLEAGUES + 1])
    return Colleagues(found[:COLLEAGUES], has_more=len(found) > COLLEAGUES)
