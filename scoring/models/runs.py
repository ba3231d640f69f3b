from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from leads.models import Lead
from leads.models.fields import DayField
from scoring.models.rulebook import Rulebook


class ScoringRun(models.Model):
    """One rescore, as a ledger: Celery only carries "work on run N"; what is done stands here."""

    class Kind(models.TextChoices):
        NIGHTLY = "nightly", "Nightly"
        PUBLISH = "publish", "Publication"
        LIVE = "live", "Live"
        MANUAL = "manual", "By hand"

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        SUPERSEDED = "superseded", "Superseded"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    day = DayField()
    rulebook = models.ForeignKey(Rulebook, on_delete=models.PROTECT, related_name="runs")
    full = models.BooleanField(default=True)
    promotes = models.BooleanField(default=True, help_text="Not where the day is not today.")
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
    scored = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    promoted = models.BigIntegerField(default=0)
    demoted = models.BigIntegerField(default=0)
    left_over = models.BigIntegerField(
        default=0, help_text="Qualified leads that the promotion limit left for later."
    )
    error = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-pk"]
        # Asked for by each tick and by the page of runs, among all the runs that have ended.
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["pending", "running"]),
                name="scoring_scoringrun_active",
            )
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day"],
                condition=Q(kind="nightly"),
                name="scoring_scoringrun_one_nightly_a_day",
                violation_error_message="There is a nightly run for this day already.",
            ),
            # Two people may press the button at once: both get the same run.
            models.UniqueConstraint(
                fields=["kind", "day", "rulebook", "full", "promotes"],
                condition=Q(kind__in=["manual", "publish"], state__in=["pending", "running"]),
                name="scoring_scoringrun_one_at_a_time",
                violation_error_message="Such a run is at work already.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "running"], ended_at__isnull=True)
                | (~Q(state__in=["pending", "running"]) & Q(ended_at__isnull=False)),
                name="scoring_scoringrun_ended_at_when_ended",
                violation_error_message="A run has an end if and only if it has ended.",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False, cancelled_by__isnull=False)
                | (~Q(state="cancelled") & Q(cancelled_at__isnull=True, cancelled_by__isnull=True)),
                name="scoring_scoringrun_cancelled_by_somebody",
                violation_error_message="A run says who cancelled it and when if and only if it is cancelled.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} run {self.pk} of {self.day}"

    @property
    def title(self) -> str:
        """`Nightly run of 21 Nov 2026`."""
        name = {"nightly": "Nightly run", "publish": "Run after publication", "manual": "Run by hand"}
        day = f"{self.day.day} {self.day:%b %Y}" if self.day else "–"
        return f"{name.get(self.kind, 'Live rescoring')} of {day}"

    @property
    def is_live(self) -> bool:
        """The one row of a day for all that was rescored soon after it changed: it has no ranges and no end."""
        return self.kind == self.Kind.LIVE

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.PENDING, self.State.RUNNING)


class ScoringChunk(models.Model):
    """A range of lead ids of a run. A worker takes the next free one by a conditional UPDATE and holds a lease."""

    class State(models.TextChoices):
        FREE = "free", "Free"
        TAKEN = "taken", "Taken"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    run = models.ForeignKey(ScoringRun, on_delete=models.CASCADE, related_name="chunks")
    first_lead = models.BigIntegerField(help_text="Lowest lead id, included.")
    last_lead = models.BigIntegerField(help_text="Highest lead id, included.")
    state = models.CharField(max_length=6, choices=State.choices, default=State.FREE)
    lease_token = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    interruptions = models.PositiveSmallIntegerField(
        default=0,
        help_text="How often the database went away in the middle of it; these attempts do not count.",
    )
    done_at = models.DateTimeField(null=True, blank=True)
    scored = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    error = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["run", "first_lead"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "first_lead"],
                name="scoring_scoringchunk_once",
                violation_error_message="This run has such a chunk already.",
            ),
            models.CheckConstraint(
                condition=Q(first_lead__lte=F("last_lead")),
                name="scoring_scoringchunk_range",
                violation_error_message="A chunk must begin before it ends.",
            ),
            models.CheckConstraint(
                condition=Q(state="taken", lease_token__isnull=False, leased_until__isnull=False)
                | ~Q(state="taken"),
                name="scoring_scoringchunk_lease_when_taken",
                violation_error_message="A taken chunk has a lease.",
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False)
                | (~Q(state="done") & Q(done_at__isnull=True)),
                name="scoring_scoringchunk_done_at_when_done",
                violation_error_message="A chunk has a time of completion if and only if it is done.",
            ),
        ]

    def __str__(self) -> str:
        return f"leads {self.first_lead}–{self.last_lead}"


class ScoredRange(models.Model):
    """What holds for every score of a range of leads, so that a night looks only where somebody may be due.

    Kept by the transactions that write scores, under the lock of the range. Bounds may be wider than need
    be, never narrower; a range without a row is looked at.
    """

    first_lead = models.BigIntegerField(primary_key=True, help_text="Lowest lead id, included.")
    last_lead = models.BigIntegerField(help_text="Highest lead id, included.")
    valid_until = DayField(help_text="No score ends before this day.")
    rulebook_version = models.PositiveIntegerField(help_text="No score is of a lower version.")
    day = DayField(help_text="No score is of a later day.")

    class Meta:
        ordering: ClassVar = ["first_lead"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(first_lead__lte=F("last_lead")),
                name="scoring_scoredrange_range",
                violation_error_message="A range must begin before it ends.",
            ),
        ]

    def __str__(self) -> str:
        return f"leads {self.first_lead}–{self.last_lead}"


class ScoreChange(models.Model):
    """A change of fit, engagement or qualified. Append-only; `before` is empty at the first score."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="score_changes", db_index=False)
    day = DayField()
    run = models.ForeignKey(ScoringRun, on_delete=models.PROTECT, related_name="+", db_index=False)
    rulebook_version = models.PositiveIntegerField()
    fit_before = models.BigIntegerField(null=True, blank=True)
    engagement_before = models.BigIntegerField(null=True, blank=True)
    qualified_before = models.BooleanField(null=True, blank=True)
    fit_after = models.BigIntegerField()
    engagement_after = models.BigIntegerField()
    qualified_after = models.BooleanField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["lead", "id"], name="scoring_scorechange_lead")]

    def __str__(self) -> str:
        return f"{self.total_before if self.fit_before is not None else '–'} → {self.total_after}"

    @property
    def total_before(self) -> int | None:
        if self.fit_before is None or self.engagement_before is None:
            return None
        return self.fit_before + self.engagement_before

    @property
    def total_after(self) -> int:
        return self.fit_after + self.engagement_after

    @property
    def moved_by(self) -> int | None:
        """Points that the total gained or lost; None at the first score."""
        return None if self.total_before is None else self.total_after - self.total_before
