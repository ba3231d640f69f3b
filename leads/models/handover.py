from __future__ import annotations

from typing import ClassVar

from django.db import models

from leads.models.people import User


class HandOver(models.Model):
    """Somebody's work was handed over in one act. Append-only; each thing has its own row, with the same instant."""

    of = models.ForeignKey(User, on_delete=models.PROTECT, related_name="hand_overs")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    why = models.CharField(max_length=200, blank=True, default="")
    handoffs = models.PositiveIntegerField(default=0)
    leads = models.PositiveIntegerField(default=0)
    deals = models.PositiveIntegerField(default=0)
    companies = models.PositiveIntegerField(default=0)
    deactivated = models.BooleanField(default=False, help_text="They cannot sign in since.")

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"Hand-over of {self.of} {self.at:%Y-%m-%d}"
