"""Notifications are kept for 90 days."""

from __future__ import annotations

from datetime import datetime, timedelta

from leads.models import Notification

KEPT_FOR = timedelta(days=90)
# A minute's work; nobody waits for it.
BATCH = 1000


def forget(*, at: datetime) -> int:
    """Delete the oldest of those that are too old."""
    old = Notification.objects.filter(created_at__lt=at - KEPT_FOR).order_by("created_at")
    deleted, _ = Notification.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BATCH])).delete()
    return deleted
