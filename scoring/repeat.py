"""Customers who qualify again: found by state, as promotion finds leads, and told to their owners by leads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Subquery

from leads.models import LeadScore, RepeatSignal, Stage
from leads.selling.repeat import raise_signals
from scoring.engine.compiler import CompiledRulebook
from scoring.models import ScoringRun
from scoring.promotion import freeze_evidence, is_released

BATCH = 250


def customers_again(
    *, compiled: CompiledRulebook, version: int, only: Collection[int] | None = None
) -> list[int]:
    """Qualified customers, without an open signal, whose engagement since the purchase is that of one who comes back.

    Since the purchase, or since the last signal was answered: what led to it does not count again, so that there is
    one signal a qualification and not one a night. The rule is that of a recycled lead without a cool-down.
    """
    known = RepeatSignal.objects.filter(lead=OuterRef("lead_id"), closed_at=None)
    answered = RepeatSignal.objects.filter(lead=OuterRef("lead_id")).order_by("-at")
    candidates = LeadScore.objects.filter(
        ~Exists(known), qualified=True, rulebook_version=version, lead__stage=Stage.CUSTOMER
    ).annotate(bought_at=F("lead__stage_entered_at"), answered_at=Subquery(answered.values("closed_at")[:1]))
    if only is not None:
        candidates = candidates.filter(pk__in=only)
    scores = candidates.order_by("lead_id").iterator(chunk_size=2000)
    found: list[int] = []
    while batch := list(islice(scores, 2000)):
        since = {score.lead_id: max(filter(None, (score.bought_at, score.answered_at))) for score in batch}
        done = compiled.reentry(list(since), since=since)
        found += [
            score.lead_id
            for score in batch
            if is_released(compiled, score, done[score.lead_id], hold_until=None)
        ]
    return found


@transaction.atomic
def signal_batch(
    *, run: ScoringRun, compiled: CompiledRulebook, lead_ids: Sequence[int], at: datetime
) -> int:
    """Tell the owners of these customers; says how many are new."""
    scores = list(LeadScore.objects.filter(pk__in=lead_ids).order_by("pk"))
    return len(raise_signals(evidence=freeze_evidence(compiled, scores), run=run.pk, at=at))
