from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.lead import Lead
from leads.models.lifecycle import Reason
from leads.models.people import User


class Deal(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="deals")
    state = models.CharField(max_length=4, choices=State.choices, default=State.OPEN)
    amount = models.DecimalField(
        max_digits=15, decimal_places=2, null=True, blank=True, help_text="Blank: unknown. 0 is 0."
    )
    currency = models.CharField(max_length=3, blank=True, default="")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="deals")
    owner_actor = models.CharField(
        max_length=200, blank=True, default="", help_text="Who it was in another system."
    )
    opened_at = models.DateTimeField(default=timezone.now)
    expected_close_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    lost_reason = models.ForeignKey(Reason, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True, default="")
    imported = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="leads_deal_closed_at_when_closed",
                violation_error_message="A deal has a closing time if and only if it is won or lost.",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0),
                name="leads_deal_amount_not_negative",
                violation_error_message="An amount cannot be negative.",
            ),
            models.CheckConstraint(
                condition=Q(state="lost") | Q(lost_reason__isnull=True),
                name="leads_deal_reason_only_when_lost",
                violation_error_message="Only a lost deal has a reason.",
            ),
            models.UniqueConstraint(
                fields=["lead", "closed_at"],
                condition=Q(imported=True),
                name="leads_deal_imported_once",
                violation_error_message="This deal was imported already.",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "closed_at"], name="leads_deal_closed")]

    def __str__(self) -> str:
        return f"{self.lead}: {self.get_state_display()}"


class RepeatSignal(models.Model):
    """A customer qualified again: news to its owner, who opens a deal or dismisses it. No handoff, no MQL."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="repeat_signals", db_index=False)
    at = models.DateTimeField()
    run = models.BigIntegerField(null=True, blank=True, help_text="The scoring run that noticed it.")
    grade = models.CharField(max_length=2)
    total = models.BigIntegerField()
    fast_tracked = models.BooleanField()
    rulebook_version = models.PositiveIntegerField()
    contributions = models.JSONField(default=list, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    is_dismissed = models.BooleanField(default=False, help_text="Closed without a deal.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(closed_at__isnull=True),
                name="leads_repeatsignal_one_open",
                violation_error_message="This customer has such a signal already.",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False) | Q(closed_by__isnull=True, is_dismissed=False),
                name="leads_repeatsignal_closed_by_with_at",
                violation_error_message="Who closed a signal is recorded with when.",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["lead", "-at"], name="leads_repeatsignal_lead")]

    def __str__(self) -> str:
        return f"{self.lead} qualified again {self.at:%Y-%m-%d}"


class Touch(models.Model):
    """Something that sales did with a lead, logged by hand. Never an activity: it does not score."""

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        EMAIL = "email", "E-mail"
        MEETING = "meeting", "Meeting"
        NOTE = "note", "Note"

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="touches", db_index=False)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="touches")
    note = models.TextField(blank=True, default="")

    class Meta:
        verbose_name_plural = "touches"
        indexes: ClassVar = [models.Index(fields=["lead", "at"], name="leads_touch_lead_at")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"
