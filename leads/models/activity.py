from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from leads.folding import fold, folded_digest
from leads.models.campaign import Campaign
from leads.models.fields import DayField, FoldedField, day_of
from leads.models.lead import Lead


class ActivityType(models.Model):
    class Category(models.TextChoices):
        ENGAGEMENT = "engagement", "Engagement"
        INTENT = "intent", "Intent"
        NEGATIVE = "negative", "Negative"

    id = models.SmallAutoField(primary_key=True)
    code = models.SlugField(max_length=50, unique=True)
    label = models.CharField(max_length=100)
    category = models.CharField(max_length=10, choices=Category.choices, default=Category.ENGAGEMENT)

    class Meta:
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.label


class Asset(models.Model):
    """What an activity was about: a page, a paper, a webinar. Rules test these few rows, not the many activities."""

    name = models.CharField(max_length=2000)
    name_folded = FoldedField(max_length=2000)
    digest = models.CharField(
        max_length=32,
        unique=True,
        editable=False,
        help_text="folded_digest(name_folded): the name is too long to index.",
    )

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name_folded = fold(self.name)
        self.digest = folded_digest(self.name_folded)
        super().save(*args, **kwargs)


class Activity(models.Model):
    """Something that a lead did. `day` is the date of `occurred_at` in TIME_ZONE."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="activities", db_index=False)
    type = models.ForeignKey(ActivityType, on_delete=models.PROTECT, related_name="+", db_index=False)
    occurred_at = models.DateTimeField()
    day = DayField(editable=False)
    asset = models.ForeignKey(
        Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    key = models.UUIDField(
        unique=True, editable=False, help_text="128 bits of identity: the same input twice is one."
    )
    known_at = models.DateTimeField(help_text="When it became known here or to the system that it came from.")
    properties = models.JSONField(null=True, blank=True, help_text="Key to text, as they came.")
    properties_typed = models.JSONField(
        null=True, blank=True, editable=False, help_text="The same in their declared types, for rules."
    )

    class Meta:
        verbose_name_plural = "activities"
        indexes: ClassVar = [
            # All in the key: 433 MB for 20,000,000 rows, against 600 to 774 MB with INCLUDE or a timestamp.
            models.Index(fields=["lead", "type", "day"], name="leads_activity_lead_type_day"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.occurred_at:%Y-%m-%d}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.day = day_of(self.occurred_at)
        if self.known_at is None:
            self.known_at = timezone.now()
        super().save(*args, **kwargs)


class ChangeLogEntry(models.Model):
    """A lead whose score may be out of date. Appended by database triggers, deleted by the run that rescores it.

    No foreign key: an append must wait for nobody.
    """

    lead_id = models.BigIntegerField(db_index=True)

    class Meta:
        verbose_name_plural = "change log entries"

    def __str__(self) -> str:
        return f"lead {self.lead_id}"
