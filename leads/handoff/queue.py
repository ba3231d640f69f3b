"""The handoff queue as sales reads it: by SLA band, then score, then age."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Case, F, IntegerField, Value, When

from leads.models import Handoff, User
from leads.querysets import HandoffQuerySet

DUE_SOON = timedelta(hours=1)


class Band(models.IntegerChoices):
    """How urgent a waiting handoff is. Imported ones have no clock, and a band of their own."""

    OVERDUE = 0, "Overdue"
    DUE_SOON = 1, "Due within the hour"
    DUE = 2, "In time"
    NO_CLOCK = 3, "Imported, no clock"


def band_at(at: datetime) -> Case:
    """The band of a handoff at an instant, as an expression over Handoff."""
    return Case(
        When(decide_due_at__isnull=True, then=Value(Band.NO_CLOCK.value)),
        When(decide_due_at__lte=at, then=Value(Band.OVERDUE.value)),
        When(decide_due_at__lte=at + DUE_SOON, then=Value(Band.DUE_SOON.value)),
        default=Value(Band.DUE.value),
        output_field=IntegerField(),
    )


def waiting_queue(*, user: User, at: datetime) -> HandoffQuerySet:
    """What waits for a decision and this user may see there, most urgent first, annotated with `band`.

    Those who decide see what they may decide; all others see everything that waits.
    """
    queue: HandoffQuerySet = (
        Handoff.objects.waiting()
        .visible_in_queue_of(user, at=at)
        .annotate(band=band_at(at))
        .select_related("lead__company", "team", "assignee", "campaign")
        .order_by("band", F("total").desc(nulls_last=True), "offered_at", "pk")
    )
    return queue
