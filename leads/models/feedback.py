from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from leads.models.lifecycle import StageChange
from leads.models.people import User
from leads.models.sales import Deal


class FeedbackAnswer(models.Model):
    """What marketing answers to a lead that sales rejected, gave back or lost a deal with. Append-only."""

    stage_change = models.ForeignKey(
        StageChange, on_delete=models.PROTECT, null=True, blank=True, related_name="answers"
    )
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, null=True, blank=True, related_name="answers")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(db_index=True)
    text = models.TextField(max_length=2000)
    # Rulebooks are rows of an app above this one: id, number (none for a draft) and what it was called then.
    rulebook = models.BigIntegerField(null=True, blank=True)
    rulebook_version = models.PositiveIntegerField(null=True, blank=True)
    rulebook_name = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(stage_change__isnull=True) ^ Q(deal__isnull=True),
                name="leads_feedbackanswer_to_one",
                violation_error_message="An answer is to a move or to a lost deal, and to one of them only.",
            ),
        ]

    def __str__(self) -> str:
        return self.text
