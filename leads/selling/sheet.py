"""One lead as whoever works it sees it: checklist, next step, touches and deals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.models import Deal, Lead, NextStep, Qualification, Reason, Stage, Touch, User
from leads.selling.first_touch import awaiting_first_touch
from leads.selling.rights import WORKED, can_work

QUESTIONS = (
    ("need", "Need", "Do they have the problem that we solve?"),
    ("budget", "Budget", "Is there money for it?"),
    ("authority", "Authority", "Do we talk to who decides?"),
    ("timeline", "Timeline", "Will it be soon?"),
)


@dataclass(frozen=True)
class Question:
    name: str
    label: str
    help: str
    answer: str


@dataclass(frozen=True)
class WorkSheet:
    lead: Lead
    can_work: bool
    step: NextStep | None
    first_touch_due_at: datetime | None
    questions: Sequence[Question]
    note: str
    touches: Sequence[Touch]
    deals: Sequence[Deal]
    reasons: Sequence[Reason]

    @property
    def has_open_deal(self) -> bool:
        return any(deal.state == Deal.State.OPEN for deal in self.deals)


def is_worked(lead: Lead) -> bool:
    return lead.stage in WORKED


def work_sheet(*, lead: Lead, user: User) -> WorkSheet:
    """Six queries, whatever was done with the lead."""
    qualification = Qualification.objects.filter(lead=lead).first() or Qualification(lead=lead)
    touches = list(lead.touches.select_related("by").order_by("-at", "-pk")[:5])
    return WorkSheet(
        lead=lead,
        can_work=is_worked(lead) and can_work(user, lead),
        step=NextStep.objects.filter(lead=lead, done_at=None).first(),
        first_touch_due_at=_first_touch_due_at(lead),
        questions=[
            Question(name, label, text, getattr(qualification, name)) for name, label, text in QUESTIONS
        ],
        note=qualification.note,
        touches=touches,
        deals=list(lead.deals.select_related("owner", "lost_reason").order_by("-opened_at", "-pk")),
        reasons=list(Reason.objects.filter(is_active=True)),
    )


def _first_touch_due_at(lead: Lead) -> datetime | None:
    if lead.stage not in (Stage.SQL, Stage.OPPORTUNITY):
        return None
    accepted = awaiting_first_touch().filter(lead=lead).first()
    return accepted.first_touch_due_at if accepted else None
