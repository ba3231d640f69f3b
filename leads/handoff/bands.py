"""How urgent a waiting handoff is."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

DUE_SOON = timedelta(hours=1)


class Band(models.IntegerChoices):
    """Imported handoffs have no clock, and a band of their own."""

    OVERDUE = 0, "Overdue"
    DUE_SOON = 1, "Due within the hour"
    DUE = 2, "In time"
    NO_CLOCK = 3, "Imported, no clock"

    def at(self, at: datetime) -> Q:
        """The handoffs that are in this band at an instant."""
        return {
            Band.OVERDUE: Q(decide_due_at__lte=at),
            Band.DUE_SOON: Q(decide_due_at__gt=at, decide_due_at__lte=at + DUE_SOON),
            Band.DUE: Q(decide_due_at__gt=at + DUE_SOON),
            Band.NO_CLOCK: Q(decide_due_at__isnull=True),
        }[self]
