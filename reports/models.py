"""What reports read: derived from what happened, kept up by `reports.store`, and never edited by hand.

A `Visit` is one stay of a lead in a stage and a `Journey` what became of a lead; a `Cell` counts them by day and one
fact. Everything here can be thrown away and made anew (`manage.py rollups`).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import Lead
from leads.models.fields import DayField, FoldedField


class Counted(models.Model):
    """What a row can be filtered and broken down by (reports.dimensions). "" and null: not recorded, or none."""

    # The lead's present facts.
    source = models.CharField(max_length=200, blank=True, default="", help_text="Folded.")
    channel = models.CharField(max_length=200, blank=True, default="", help_text="Folded.")
    campaign = models.BigIntegerField(null=True, help_text="Id of the campaign.")
    country = models.CharField(max_length=2, blank=True, default="")
    industry = models.CharField(max_length=200, blank=True, default="", help_text="Folded.")
    size = models.CharField(
        max_length=12, blank=True, default="", help_text="Class of the number of employees."
    )
    # Those of a handoff.
    handoff = models.BigIntegerField(null=True, help_text="Id of the handoff.")
    grade = models.CharField(max_length=2, blank=True, default="")
    band = models.IntegerField(null=True, help_text="Lower bound of the score band of the total.")
    version = models.PositiveIntegerField(null=True, help_text="Number of the rulebook.")
    team = models.BigIntegerField(null=True, help_text="Id of the team.")
    rep = models.CharField(
        max_length=201,
        blank=True,
        default="",
        help_text="Who decided, or while it waits the assignee: the user's id, or ~ and a name in another system.",
    )

    class Meta:
        abstract = True


class Visit(Counted):
    """One stay of a lead in a stage. Undone changes do not exist; a stage reported twice in a row is one stay.

    The handoff of a visit to `mql` is the latest one offered by its end; of any other the latest offered before it
    began.
    """

    lead = models.ForeignKey(
        Lead, on_delete=models.DO_NOTHING, related_name="visits", db_index=False, db_constraint=False
    )
    position = models.PositiveSmallIntegerField(help_text="Of the stage: Stage.position.")
    entered_at = models.DateTimeField()
    entered_day = DayField()
    previous_day = DayField(
        null=True, help_text="On which the same lead entered the same stage the time before."
    )
    left_at = models.DateTimeField(null=True, help_text="Empty: it is still there.")
    left_day = DayField(null=True)
    next_position = models.PositiveSmallIntegerField(null=True, help_text="Of the stage that followed.")
    hours = models.PositiveIntegerField(null=True, help_text="From entering to leaving, whole, rounded down.")
    begun_days = models.PositiveIntegerField(null=True, help_text="The same in days of 24 hours, rounded up.")
    won_day = DayField(
        null=True, help_text="On which the lead became a customer, in this visit or the first time after."
    )
    reason = models.BigIntegerField(null=True, help_text="Id of the reason given when it ended.")
    due_at = models.DateTimeField(null=True, help_text="Of an MQL: by when it was to be decided.")
    minutes = models.PositiveIntegerField(
        null=True,
        help_text="Of a decided MQL: business minutes from offer to decision, on the clock of its team.",
    )
    touch_due_at = models.DateTimeField(
        null=True, help_text="Of an accepted MQL: by when the first touch was to follow."
    )
    touched_at = models.DateTimeField(null=True, help_text="Of such a one: when it did. A note is no touch.")
    touch_minutes = models.PositiveIntegerField(
        null=True,
        help_text="Business minutes from acceptance to first touch, on the clock of whoever accepted.",
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["lead", "entered_at"], name="reports_visit_lead"),
            models.Index(fields=["position", "entered_day"], name="reports_visit_entered"),
            models.Index(fields=["position", "left_day"], name="reports_visit_left"),
            # What stands in a stage now.
            models.Index(fields=["position"], condition=Q(left_day__isnull=True), name="reports_visit_open"),
            # Which of those that wait for a decision are overdue.
            models.Index(
                fields=["entered_day", "due_at"],
                condition=Q(left_day__isnull=True, due_at__isnull=False),
                name="reports_visit_undecided",
            ),
            # Whose first touch is still to come: those not due yet are few, and the latest.
            models.Index(
                fields=["touch_due_at"],
                condition=Q(touched_at__isnull=True, touch_due_at__isnull=False),
                name="reports_visit_untouched",
            ),
        ]

    def __str__(self) -> str:
        return f"lead {self.lead_id} in {self.position} from {self.entered_day}"


class Journey(Counted):
    """How far a lead came: on which day it had first reached at least a stage of the success path.

    The handoff is its latest one.
    """

    lead = models.OneToOneField(
        Lead, on_delete=models.DO_NOTHING, primary_key=True, related_name="journey", db_constraint=False
    )
    created_day = DayField()
    reached_mql = DayField(null=True)
    reached_sql = DayField(null=True)
    reached_opportunity = DayField(null=True)
    reached_customer = DayField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["created_day"], name="reports_journey_created"),
            models.Index(
                fields=["reached_customer"],
                condition=Q(reached_customer__isnull=False),
                name="reports_journey_won",
            ),
        ]

    def __str__(self) -> str:
        return f"lead {self.pk} of {self.created_day}"


class Cell(models.Model):
    """How many rows of a measure (reports.measures) fall on a day and have one value of one dimension."""

    pk = models.CompositePrimaryKey("measure", "dimension", "value", "day", "position", "a", "b")
    measure = models.SmallIntegerField()
    dimension = models.SmallIntegerField()
    value = FoldedField(max_length=201)
    day = DayField()
    position = models.SmallIntegerField()
    a = models.IntegerField(help_text="What the measure says; -1: nothing.")
    b = models.IntegerField()
    count = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            # All values in some days; the key begins with those of one value.
            models.Index(fields=["measure", "dimension", "day"], name="reports_cell_day"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(count__gt=0),
                name="reports_cell_counts_something",
                violation_error_message="A cell counts at least one row.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure}.{self.dimension} {self.value} {self.day}: {self.count}"


class SeenValue(models.Model):
    """A value that a dimension has somewhere, and for texts how its first lead spells it. Never empty."""

    dimension = models.SmallIntegerField()
    value = FoldedField(max_length=201)
    spelling = models.CharField(max_length=201, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dimension", "value"],
                name="reports_seenvalue_unique",
                violation_error_message="This value is known already.",
            ),
        ]

    def __str__(self) -> str:
        return self.spelling or self.value


class StaleLead(models.Model):
    """A lead of which something changed since its visits were derived. Appended by triggers; folding deletes."""

    lead = models.BigIntegerField()

    def __str__(self) -> str:
        return f"lead {self.lead}"


class StoreState(models.Model):
    """One row: when all of this was last brought up to date. Empty: never built."""

    built_at = models.DateTimeField(null=True)
    folded_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"as of {self.folded_at}"


class ExchangeRate(models.Model):
    """What one unit of a currency is worth in the organisation's (CURRENCY), from a day on until its next rate."""

    currency = models.CharField(max_length=3)
    day = models.DateField(help_text="From this day on.")
    rate = models.DecimalField(max_digits=18, decimal_places=8)

    class Meta:
        ordering: ClassVar = ["currency", "-day"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["currency", "day"],
                name="reports_exchangerate_one_a_day",
                violation_error_message="This currency has a rate from that day on already.",
            ),
            models.CheckConstraint(
                condition=Q(rate__gt=0),
                name="reports_exchangerate_above_zero",
                violation_error_message="A rate must be above 0.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} from {self.day}"


class ScoreSnapshot(models.Model):
    """How many leads had a grade and a score in a band, as last counted on a day: after its last run."""

    day = DayField()
    grade = models.CharField(max_length=2)
    band = models.IntegerField(help_text="Lower bound of the band of the total.")
    count = models.PositiveIntegerField()
    taken_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "grade", "band"],
                name="reports_scoresnapshot_unique",
                violation_error_message="This grade and band of the day are counted already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.grade} {self.band}: {self.count}"
