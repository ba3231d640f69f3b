"""Some customers of long ago ask for a demo again: what today's run makes of it is news to their owners."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone

from leadfunnel.demo.logins import USERNAMES
from leads.models import Activity, ActivityType, Lead, Role, Stage
from leads.models.fields import day_of

# So many of the first rep's customers, and so many of others.
MINE, OTHERS = 2, 3
ACTS = (("pricing_view", 3), ("pricing_view", 1), ("demo_request", 1))
QUIET = timedelta(days=60)


def wake_customers() -> int:
    """The number of customers who were given something to do in the last days."""
    now = timezone.now()
    old = Lead.objects.in_stage(Stage.CUSTOMER).filter(stage_entered_at__lt=now - QUIET, owner__isnull=False)
    rep = USERNAMES[Role.REP]
    mine, others = old.filter(owner__username=rep), old.exclude(owner__username=rep)
    chosen = [*mine.order_by("pk")[:MINE], *others.order_by("pk")[:OTHERS]]
    types = ActivityType.objects.in_bulk([code for code, _ in ACTS], field_name="code")
    rows = []
    for lead in chosen:
        for code, days in ACTS:
            at = now - timedelta(days=days, hours=lead.pk % 5)
            key = uuid.uuid5(uuid.NAMESPACE_URL, f"leadfunnel-demo/{lead.pk}/{code}/{days}")
            rows.append(
                Activity(lead=lead, type=types[code], occurred_at=at, day=day_of(at), known_at=at, key=key)
            )
    Activity.objects.bulk_create(rows)
    return len(chosen)
