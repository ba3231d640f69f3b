from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.company import Company
from leads.models.lead import Lead
from leads.models.people import User


class OwnerChange(models.Model):
    """A lead that is worked, or a company, was given to somebody else. Append-only; of handoffs: HandoffAssignment."""

    lead = models.ForeignKey(
        Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="owner_changes"
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, blank=True, related_name="owner_changes"
    )
    from_user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    to_user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    why = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(lead__isnull=False, company__isnull=True)
                | Q(lead__isnull=True, company__isnull=False),
                name="leads_ownerchange_of_one_thing",
                violation_error_message="Either a lead or a company changes its owner.",
            ),
        ]

    def __str__(self) -> str:
        what = self.company if self.lead is None else self.lead
        return f"{what}: {self.from_user or 'nobody'} → {self.to_user or 'nobody'}"
