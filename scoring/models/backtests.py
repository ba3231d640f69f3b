from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from leads.models import Handoff, Lead, Reason
from leads.models.fields import DayField
from scoring.models.studies import Study


class BacktestHandoff(models.Model):
    """One line of a backtest: a handoff that was really made, or one that a rulebook would have made.

    Each real handoff of the period has a line for each rulebook that was tried. Decision and reason are as they
    stood when the backtest ran. All numbers of the result are counts of these lines.
    """

    class Side(models.TextChoices):
        DRAFT = "draft", "This rulebook"
        PUBLISHED = "published", "Published version"

    class Kind(models.TextChoices):
        SAME = "same", "Also made"
        MISSED = "missed", "Not made"
        NEW = "new", "New"
        START = "start", "Qualified from the start"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="handoffs", db_index=False)
    side = models.CharField(max_length=9, choices=Side.choices)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    # No foreign key: an import may take back a handoff that, with more history, never was one.
    handoff = models.BigIntegerField(null=True, blank=True, help_text="The id of the real one.")
    day = DayField(null=True, blank=True, help_text="On which the rulebook would have handed the lead over.")
    counted_on = DayField(null=True, blank=True, help_text="In whose week it counts. Empty: in none.")
    offered_on = DayField(null=True, blank=True, help_text="On which it was really offered.")
    days_later = models.IntegerField(null=True, blank=True, help_text="Than the real one; negative: earlier.")
    handed_before = DayField(
        null=True, blank=True, help_text="Handed over by the rulebook on that day, too early to be compared."
    )
    outcome = models.CharField(max_length=9, choices=Handoff.State.choices, blank=True, default="")
    is_won = models.BooleanField(default=False)
    reason = models.ForeignKey(
        Reason, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["study", "side", "kind", "id"], name="scoring_backtest_lines"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "side", "handoff"],
                condition=Q(handoff__isnull=False),
                name="scoring_backtesthandoff_judged_once",
                violation_error_message="This handoff is judged already.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["same", "missed"], handoff__isnull=False)
                | Q(kind__in=["new", "start"], handoff__isnull=True),
                name="scoring_backtesthandoff_real_or_new",
                violation_error_message="A handoff is compared with a real one or new, not both.",
            ),
            models.CheckConstraint(
                condition=Q(kind="missed", day__isnull=True) | (~Q(kind="missed") & Q(day__isnull=False)),
                name="scoring_backtesthandoff_day_when_made",
                violation_error_message="What would have been made has a day; what would not has none.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.lead}"
