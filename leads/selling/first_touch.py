"""The second clock: from acceptance to the first touch. A note to oneself is no touch."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from leads.models import Handoff, Touch
from leads.querysets import HandoffQuerySet


def awaiting_first_touch() -> HandoffQuerySet:
    """Accepted handoffs after which nobody has been in touch yet, the latest first."""
    touched = Touch.objects.filter(lead=OuterRef("lead"), at__gte=OuterRef("decided_at")).exclude(
        kind=Touch.Kind.NOTE
    )
    found: HandoffQuerySet = Handoff.objects.filter(
        ~Exists(touched), state=Handoff.State.ACCEPTED, first_touch_due_at__isnull=False
    ).order_by("-decided_at", "-pk")
    return found
