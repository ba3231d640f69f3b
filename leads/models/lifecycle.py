from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from leads.models.fields import DayField
from leads.models.lead import Lead
from leads.models.people import User
from leads.models.stage import Stage
from leads.querysets import StageChangeQuerySet


class Reason(models.Model):
    """Why sales gave a lead back, and what follows from that."""

    class LeadsTo(models.TextChoices):
        RECYCLED = "recycled", "Recycled"
        DISQUALIFIED = "disqualified", "Disqualified"

    key = models.SlugField(max_length=50, unique=True)
    label = models.CharField(max_length=100)
    leads_to = models.CharField(max_length=12, choices=LeadsTo.choices)
    cooldown_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(3650)],
        help_text="At most 3650; only where it leads to recycled.",
    )
    note_required = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "label"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(leads_to="recycled", cooldown_days__isnull=False)
                | Q(leads_to="disqualified", cooldown_days__isnull=True),
                name="leads_reason_cooldown_with_recycled",
                violation_error_message="A reason that recycles has a cool-down; one that disqualifies has none.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def recycles(self) -> bool:
        return self.leads_to == self.LeadsTo.RECYCLED


class ReasonChange(models.Model):
    """What a manager changed about a reason. Append-only."""

    reason = models.ForeignKey(Reason, on_delete=models.PROTECT, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    what = models.CharField(max_length=500)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.what


class StageChange(models.Model):
    """One move of a lead. Append-only: triggers refuse all but setting `undone`.

    The order is (occurred_at, to_position, id); visits are derived from `to_stage` in this order.
    `from_stage` is what the recorder saw, never used for numbers.
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="stage_changes", db_index=False)
    from_stage = models.CharField(max_length=12, choices=Stage.choices, blank=True, default="")
    to_stage = models.CharField(max_length=12, choices=Stage.choices)
    to_position = models.PositiveSmallIntegerField()
    occurred_at = models.DateTimeField()
    day = DayField()
    recorded_at = models.DateTimeField(default=timezone.now)
    actor_user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    actor = models.CharField(
        max_length=200, blank=True, default="", help_text="Who it was in another system."
    )
    run = models.BigIntegerField(null=True, blank=True, help_text="The scoring run that made it.")
    reason = models.ForeignKey(
        Reason, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    note = models.TextField(blank=True, default="")
    rulebook_version = models.PositiveIntegerField(null=True, blank=True)
    total = models.BigIntegerField(null=True, blank=True, help_text="The lead's total at that moment.")
    imported = models.BooleanField(default=False)
    undone = models.BooleanField(default=False)

    objects = StageChangeQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["lead", "occurred_at", "to_position", "id"], name="leads_stagechange_order"),
            models.Index(fields=["to_stage", "day"], name="leads_stagechange_stage_day"),
            # Few moves have one; asked before a reason may be renamed.
            models.Index(
                fields=["reason"], condition=Q(reason__isnull=False), name="leads_stagechange_reason"
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(to_stage__in=Stage.values) & Q(from_stage__in=["", *Stage.values]),
                name="leads_stagechange_stages_known",
                violation_error_message="The stage must be one of: " + ", ".join(Stage.values) + ".",
            ),
            models.CheckConstraint(
                condition=Q(
                    *[Q(to_stage=stage.value, to_position=stage.position) for stage in Stage], _connector=Q.OR
                ),
                name="leads_stagechange_position_of_stage",
                violation_error_message="The position must be that of the stage.",
            ),
            models.CheckConstraint(
                condition=Q(imported=True) | Q(undone=True) | ~Q(from_stage=F("to_stage")),
                name="leads_stagechange_moves",
                violation_error_message="A move must lead to another stage.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_stage or '–'} → {self.to_stage} {self.occurred_at:%Y-%m-%d}"
