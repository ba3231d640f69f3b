from __future__ import annotations

from datetime import time
from typing import ClassVar
from zoneinfo import ZoneInfo

import holidays
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q


def validate_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValidationError(
            f"“{name}” is not a time zone; write one such as Europe/Berlin or UTC."
        ) from None


def validate_holiday_country(code: str) -> None:
    if code not in holidays.list_supported_countries():
        raise ValidationError(
            f"“{code}” is not a country whose holidays are known; write one such as DE or US."
        )


# At least a minute, at most 50 days of eight hours.
MINUTES = [MinValueValidator(1), MaxValueValidator(24_000)]


class Team(models.Model):
    """Sales people who share a queue, working hours and holidays."""

    name = models.CharField(max_length=100, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    holiday_country = models.CharField(
        max_length=2,
        blank=True,
        default="",
        validators=[validate_holiday_country],
        help_text="Two letters; its public holidays are outside business hours. Blank: none.",
    )
    decide_minutes = models.PositiveIntegerField(
        validators=MINUTES, default=240, help_text="Business minutes to decide a handoff."
    )
    decide_fast_minutes = models.PositiveIntegerField(
        validators=MINUTES, default=60, help_text="The same for fast-tracked leads."
    )
    first_touch_minutes = models.PositiveIntegerField(
        validators=MINUTES, default=480, help_text="Business minutes from acceptance to the first touch."
    )
    weekly_capacity = models.PositiveIntegerField(
        default=50, help_text="Handoffs that the team can decide in a working week."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class WorkingHours(models.Model):
    """A range of business hours on one weekday, in the team's time zone."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0
        TUESDAY = 1
        WEDNESDAY = 2
        THURSDAY = 3
        FRIDAY = 4
        SATURDAY = 5
        SUNDAY = 6

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="working_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    opens_at = models.TimeField(default=time(9))
    closes_at = models.TimeField(default=time(17))

    class Meta:
        ordering: ClassVar = ["team", "weekday", "opens_at"]
        verbose_name_plural = "working hours"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at")),
                name="leads_workinghours_opens_before_closing",
                violation_error_message="Working hours must open before they close.",
            ),
            models.CheckConstraint(
                condition=Q(weekday__lte=6),
                name="leads_workinghours_weekday_known",
                violation_error_message="The weekday must be 0 (Monday) to 6 (Sunday).",
            ),
            models.UniqueConstraint(
                fields=["team", "weekday", "opens_at"],
                name="leads_workinghours_unique",
                violation_error_message="The team has such hours already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens_at:%H:%M}–{self.closes_at:%H:%M}"


class Organisation(models.Model):
    """The settings that belong to the data rather than to the machine: one row, pk 1."""

    time_zone = models.CharField(max_length=64, editable=False)
    default_team = models.ForeignKey(
        Team,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Gets what nothing else routes. Blank: any rep may decide it.",
    )
    nightly_hour = models.PositiveSmallIntegerField(
        default=2, help_text="Hour of the nightly rescore, 0 to 23."
    )
    promotion_limit = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Most handoffs that one run may offer. Blank: one working week of all teams' capacity.",
    )
    needs_sales_signature = models.BooleanField(
        default=True, help_text="Whether a rulebook is published only once sales has signed it, too."
    )
    review_months = models.PositiveSmallIntegerField(
        default=3, help_text="Months after which the published rulebook is due for a review."
    )

    class Meta:
        verbose_name_plural = "organisation"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(pk=1),
                name="leads_organisation_single",
                violation_error_message="There is only one organisation.",
            ),
            models.CheckConstraint(
                condition=Q(nightly_hour__lte=23),
                name="leads_organisation_nightly_hour",
                violation_error_message="The nightly hour must be 0 to 23.",
            ),
            models.CheckConstraint(
                condition=Q(review_months__gte=1, review_months__lte=60),
                name="leads_organisation_review_months",
                violation_error_message="The months to the next review must be 1 to 60.",
            ),
        ]

    def __str__(self) -> str:
        return "Organisation"

    @classmethod
    def current(cls) -> Organisation:
        return cls.objects.select_related("default_team").get(pk=1)

    def effective_promotion_limit(self) -> int | None:
        """How many handoffs one run may offer; None (no limit) while there is no active team."""
        if self.promotion_limit is not None:
            return self.promotion_limit
        capacity = Team.objects.filter(is_active=True).aggregate(total=models.Sum("weekly_capacity"))["total"]
        return None if capacity is None else int(capacity)
