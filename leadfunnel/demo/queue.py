"""Today's run over the invented leads: it scores them all and offers those that are ready."""

from __future__ import annotations

from django.utils import timezone

from leads.models import Handoff
from scoring.models import ScoringRun
from scoring.runs import request_run, work_on


def offer_todays_leads() -> int:
    """Score all leads as of today, by the engine; the number of leads that this offered to sales."""
    run = request_run(kind=ScoringRun.Kind.MANUAL, at=timezone.now())
    work_on(run.pk)
    return Handoff.objects.filter(run=run.pk).count()
