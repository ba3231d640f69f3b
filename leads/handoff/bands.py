"""How urgent a waiting handoff is."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

DUE_SOON = timedelta(hours=1)


class Band(models.IntegerChoices):
    """Imported handoffs have no clock, and a band of their own."""

    OVERDUE = 0, "Overdue"
    DUE_SOON = 1, "Due within the hour"
    DUE = 2, "In time"
    NO_CLOCK = 3, "Imported, no clock"

    def span(self, at: datetime) -> tuple[datetime | None, datetime | None]:
        """Deadlines later than the first and no later than the second are in this band; None is open."""
        soon = at + DUE_SOON
        return {Band.OVERDUE: (None, at), Band.DUE_SOON: (at, soon), Band.DUE: (soon, None)}[self]
