from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.handoff import Handoff
from leads.models.people import User
from leads.querysets import SnoozeQuerySet


class Snooze(models.Model):
    """“Not now, but at nine tomorrow”: keeps a waiting handoff out of one user's own list. Its clock runs on."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="snoozes", db_index=False)
    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="snoozes")
    until = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    objects = SnoozeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "handoff"],
                name="leads_snooze_unique",
                violation_error_message="This handoff is snoozed already.",
            ),
            models.CheckConstraint(
                condition=Q(until__gt=models.F("created_at")),
                name="leads_snooze_ends_later",
                violation_error_message="A snooze must end after it begins.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handoff} snoozed until {self.until:%Y-%m-%d %H:%M}"
