"""Today's run over the invented leads: it scores them all and offers those that are ready."""

from __future__ import annotations

from django.utils import timezone

from leadfunnel.demo.logins import USERNAMES
from leads.handoff.saved import QUEUE
from leads.handoff.snoozing import Nap, snooze
from leads.models import Handoff, Role, User
from leads.savedviews.keeping import ViewSheet, save_view
from scoring.models import ScoringRun
from scoring.runs import request_run, work_on


def offer_todays_leads() -> int:
    """Score all leads as of today, by the engine; the number of leads that this offered to sales."""
    run = request_run(kind=ScoringRun.Kind.MANUAL, at=timezone.now())
    work_on(run.pk)
    snooze_one()
    share_a_view()
    return Handoff.objects.filter(run=run.pk).count()


def snooze_one() -> None:
    """Something in the list of snoozed handoffs of whoever signs in as a rep: of what is theirs, the last."""
    rep = User.objects.filter(username=USERNAMES[Role.REP]).first()
    theirs = Handoff.objects.waiting().filter(assignee=rep).order_by("total", "pk").last()
    if rep is not None and theirs is not None:
        snooze(handoff=theirs, nap=Nap.TOMORROW, by=rep, at=timezone.now())


def share_a_view() -> None:
    """A view of the queue that everybody finds there, of the manager, where it shows anything."""
    manager = User.objects.filter(username=USERNAMES[Role.MANAGER]).first()
    if manager is not None and Handoff.objects.waiting().filter(country="DE").exists():
        sheet = ViewSheet("Hot and German", is_shared=True)
        save_view(
            page=QUEUE, query="show=team&grade=A&country=DE", sheet=sheet, by=manager, at=timezone.now()
        )
