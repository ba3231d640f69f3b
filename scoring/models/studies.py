from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.fields import DayField
from scoring.models.rulebook import Rulebook


class Study(models.Model):
    """A computation about a rulebook that takes longer than a page: it looks, and changes no score.

    A ledger as ScoringRun is one: a message carries no more than "work on study N". It is of one revision of a
    draft, and says so when the draft has moved on.
    """

    class Kind(models.TextChoices):
        EFFECT = "effect", "Effect on all leads"
        BACKTEST = "backtest", "Backtest"
        WEIGHTS = "weights", "Suggested weights"

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    rulebook = models.ForeignKey(Rulebook, on_delete=models.PROTECT, related_name="studies")
    revision = models.PositiveIntegerField()
    day = DayField()
    asked = models.JSONField(default=dict, blank=True, help_text="What was asked for.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    steps = models.PositiveIntegerField(default=0, help_text="Parts of the work; 0 until that is known.")
    steps_done = models.PositiveIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kept = models.JSONField(
        null=True, blank=True, help_text="What is worked out so far, for the worker that goes on."
    )
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name_plural = "studies"
        indexes: ClassVar = [
            models.Index(
                fields=["id"], condition=Q(state__in=["pending", "running"]), name="scoring_study_active"
            ),
            models.Index(fields=["rulebook", "kind", "-id"], name="scoring_study_latest"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["pending", "running"], ended_at__isnull=True)
                | (~Q(state__in=["pending", "running"]) & Q(ended_at__isnull=False)),
                name="scoring_study_ended_at_when_ended",
                violation_error_message="A study has an end if and only if it has ended.",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False, cancelled_by__isnull=False)
                | (~Q(state="cancelled") & Q(cancelled_at__isnull=True, cancelled_by__isnull=True)),
                name="scoring_study_cancelled_by_somebody",
                violation_error_message="A study says who cancelled it and when if and only if it is cancelled.",
            ),
            models.CheckConstraint(
                condition=Q(state="done", result__isnull=False) | ~Q(state="done"),
                name="scoring_study_result_when_done",
                violation_error_message="A study that is done has a result.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk} of {self.rulebook}"

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.PENDING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        """How much is done, of 100; 0 while nobody knows how much there is."""
        return min(100 * self.steps_done // self.steps, 100) if self.steps else 0
