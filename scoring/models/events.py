from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from scoring.models.rulebook import Rulebook


class RulebookEvent(models.Model):
    """What somebody did to a rulebook. Append-only: edits, sign-offs and publication are told from here.

    An edit keeps the part of the interchange document that it changed (`path`, such as `rules.pricing.points`),
    before and after, so that it can be shown, undone, and compared with what another editor saw.
    """

    class Kind(models.TextChoices):
        CREATED = "created", "Created"
        EDITED = "edited", "Edited"
        SIGNED = "signed", "Signed"
        WITHDRAWN = "withdrawn", "Sign-off withdrawn"
        COMMENTED = "commented", "Comment"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"
        DISCARDED = "discarded", "Discarded"
        RESTORED = "restored", "Restored"
        REVIEWED = "reviewed", "Reviewed"
        REMINDED = "reminded", "Reminder"

    rulebook = models.ForeignKey(Rulebook, on_delete=models.PROTECT, related_name="events")
    revision = models.PositiveIntegerField(help_text="Of the rulebook, after it happened.")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    origin = models.CharField(
        max_length=100, blank=True, default="", help_text="By what, where no user of the site did it."
    )
    what = models.CharField(max_length=2000, help_text="In words: “Points of Pricing page: 20 to 10”.")
    path = models.CharField(max_length=200, blank=True, default="")
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    undoes = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="undone_by",
        help_text="The edit that this one takes back: nothing is taken back twice.",
    )

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(fields=["rulebook", "revision"], name="scoring_rulebookevent_revision")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(by__isnull=False) | ~Q(origin=""),
                name="scoring_rulebookevent_by_somebody",
                violation_error_message="An event says who or what did it.",
            ),
            models.UniqueConstraint(
                fields=["rulebook", "revision"],
                condition=Q(kind="edited"),
                name="scoring_rulebookevent_one_edit_a_revision",
                violation_error_message="Somebody else has edited the rulebook at this moment.",
            ),
            # A reminder's path is the day that it reminds of.
            models.UniqueConstraint(
                fields=["rulebook", "path"],
                condition=Q(kind="reminded"),
                name="scoring_rulebookevent_reminded_once",
                violation_error_message="Everybody was reminded of this review already.",
            ),
        ]

    def __str__(self) -> str:
        return self.what


class DraftVisit(models.Model):
    """Who has the editor of a draft open, by the last sign of it."""

    rulebook = models.ForeignKey(Rulebook, on_delete=models.CASCADE, related_name="visits")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rulebook", "user"],
                name="scoring_draftvisit_unique",
                violation_error_message="This user is noted as a visitor of this draft already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.rulebook}"
