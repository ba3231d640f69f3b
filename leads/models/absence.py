from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from leads.models.fields import DayField
from leads.models.people import User


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def on(self, day: date) -> AbsenceQuerySet:
        """Those that cover the day."""
        return self.filter(first_day__lte=day, last_day__gte=day)

    def ending_from(self, day: date) -> AbsenceQuerySet:
        """Those that are not over by the day: running or still to come."""
        return self.filter(last_day__gte=day)


class Absence(models.Model):
    """Days on which somebody is offered nothing, in the organisation's time zone. Two of them may overlap."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    first_day = DayField()
    last_day = DayField(help_text="The last day away, not the first one back.")
    note = models.CharField(max_length=200, blank=True, default="")
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["first_day", "last_day", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(first_day__lte=F("last_day")),
                name="leads_absence_begins_before_end",
                violation_error_message="An absence must begin before it ends.",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["last_day", "first_day"], name="leads_absence_days")]

    def __str__(self) -> str:
        return f"{self.user} away {self.first_day} to {self.last_day}"
