"""Touches, next steps and the checklist of a lead that sales works. Each is a small fact with a name and a time."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from leads.errors import LeadError
from leads.models import Lead, NextStep, Qualification, Touch, User
from leads.selling.rights import check_worker


class BadStep(LeadError):
    """What was entered cannot be meant."""


def log_touch(*, lead: Lead, kind: Touch.Kind, note: str, by: User, at: datetime) -> Touch:
    """Record what somebody did with the lead. The first one after acceptance stops the first-touch clock.

    Raises NotYourLead, NotWorked, BadStep.
    """
    check_worker(lead, by)
    if kind == Touch.Kind.NOTE and not note.strip():
        raise BadStep("A note needs some text.")
    return Touch.objects.create(lead=lead, kind=kind, note=note.strip(), by=by, at=at)


@transaction.atomic
def plan_step(*, lead: Lead, what: str, due_on: date, by: User, at: datetime) -> NextStep:
    """Set the next step; one that is open already is changed, not doubled. Raises NotYourLead, NotWorked, BadStep."""
    check_worker(lead, by)
    if not what.strip():
        raise BadStep("Say what is to be done next.")
    Lead.objects.select_for_update(of=("self",)).get(pk=lead.pk)  # two tabs plan one step
    step, _ = NextStep.objects.update_or_create(
        lead=lead,
        done_at=None,
        defaults={"what": what.strip(), "due_on": due_on},
        create_defaults={"what": what.strip(), "due_on": due_on, "created_by": by, "created_at": at},
    )
    return step


def finish_step(*, lead: Lead, by: User, at: datetime) -> bool:
    """Tick the open step off; False where there was none. Raises NotYourLead, NotWorked."""
    check_worker(lead, by)
    return NextStep.objects.filter(lead=lead, done_at=None).update(done_at=at, done_by=by) > 0


def answer(*, lead: Lead, answers: dict[str, Qualification.Answer], note: str, by: User) -> Qualification:
    """Write the checklist. Raises NotYourLead, NotWorked."""
    check_worker(lead, by)
    qualification, _ = Qualification.objects.update_or_create(
        lead=lead, defaults={**answers, "note": note.strip()}
    )
    return qualification
