from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.lead import Lead
from leads.models.people import User


class Qualification(models.Model):
    """What sales found out about an accepted lead: need, budget, authority and timeline."""

    class Answer(models.TextChoices):
        UNKNOWN = "unknown", "Unknown"
        YES = "yes", "Yes"
        NO = "no", "No"

    lead = models.OneToOneField(
        Lead, on_delete=models.PROTECT, primary_key=True, related_name="qualification"
    )
    need = models.CharField(max_length=7, choices=Answer.choices, default=Answer.UNKNOWN)
    budget = models.CharField(max_length=7, choices=Answer.choices, default=Answer.UNKNOWN)
    authority = models.CharField(max_length=7, choices=Answer.choices, default=Answer.UNKNOWN)
    timeline = models.CharField(max_length=7, choices=Answer.choices, default=Answer.UNKNOWN)
    note = models.TextField(max_length=2000, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    *(Q(**{f"{name}__in": ["unknown", "yes", "no"]}) for name in ("need", "budget")),
                    *(Q(**{f"{name}__in": ["unknown", "yes", "no"]}) for name in ("authority", "timeline")),
                ),
                name="leads_qualification_answers_known",
                violation_error_message="Each answer must be yes, no or unknown.",
            ),
        ]

    def __str__(self) -> str:
        return f"Qualification of {self.lead}"


class NextStep(models.Model):
    """What is to be done next with a lead, and by when. One open at a time; those done stay."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="next_steps", db_index=False)
    what = models.CharField(max_length=200)
    due_on = models.DateField(help_text="In the organisation's time zone.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(done_at__isnull=True),
                name="leads_nextstep_one_open",
                violation_error_message="This lead has a next step already.",
            ),
            models.CheckConstraint(
                condition=Q(done_by__isnull=True) | Q(done_at__isnull=False),
                name="leads_nextstep_done_by_with_at",
                violation_error_message="Who did a step is recorded with when.",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["lead", "created_at"], name="leads_nextstep_lead")]

    def __str__(self) -> str:
        return f"{self.what}, by {self.due_on:%Y-%m-%d}"
