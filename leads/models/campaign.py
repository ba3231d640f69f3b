from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from leads.models.fields import DayField, FoldedField
from leads.models.folding import FoldingModel


class Campaign(FoldingModel):
    FOLDED = ("name",)

    name = models.CharField(max_length=200)
    name_folded = FoldedField(max_length=200, unique=True)
    source = models.CharField(max_length=200, blank=True, default="")
    channel = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["name_folded"]

    def __str__(self) -> str:
        return self.name


class CampaignCost(FoldingModel):
    """Money spent on a campaign, or on a source as a whole, spread evenly over its days."""

    FOLDED = ("source",)

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, null=True, blank=True, related_name="costs"
    )
    source = models.CharField(max_length=200, blank=True, default="")
    source_folded = FoldedField(max_length=200)
    starts_on = DayField()
    ends_on = DayField(help_text="Last day, included.")
    amount = models.DecimalField(max_digits=15, decimal_places=2)
    currency = models.CharField(max_length=3)

    class Meta:
        ordering: ClassVar = ["-starts_on", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on")),
                name="leads_campaigncost_starts_before_end",
                violation_error_message="A cost must start before it ends.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="leads_campaigncost_amount_not_negative",
                violation_error_message="A cost cannot be negative.",
            ),
            models.CheckConstraint(
                condition=Q(campaign__isnull=False, source="") | (Q(campaign__isnull=True) & ~Q(source="")),
                name="leads_campaigncost_campaign_or_source",
                violation_error_message="A cost belongs to a campaign or to a source: fill exactly one.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign or self.source} {self.amount} {self.currency}"
