"""Routing: the rules by which leads find their people, what each of them was given, and whose turn it is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.fields import DayField
from leads.models.handoff import Handoff
from leads.models.organisation import Team
from leads.models.people import User


def no_rules() -> dict[str, list[object]]:
    return {"rules": []}


class RoutingRules(models.Model):
    """A list of assignment rules: one draft, which managers work on, one in force, and those before it.

    The document is read and written by leads.routing.document alone.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_FORCE = "in_force", "In force"
        RETIRED = "retired", "Retired"

    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    number = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: a draft has none.")
    document = models.JSONField(default=no_rules)
    revision = models.PositiveIntegerField(default=0, help_text="Counts the edits of a draft.")
    created_at = models.DateTimeField(default=timezone.now)
    in_force_at = models.DateTimeField(null=True, blank=True)
    in_force_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    note = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        verbose_name_plural = "routing rules"
        ordering: ClassVar = ["-number", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="draft"),
                name="leads_routingrules_one_draft",
                violation_error_message="There is a draft of the rules already.",
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="in_force"),
                name="leads_routingrules_one_in_force",
                violation_error_message="There are rules in force already.",
            ),
            models.UniqueConstraint(
                fields=["number"],
                name="leads_routingrules_number_unique",
                violation_error_message="There are rules of this number already.",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", number__isnull=True, in_force_at__isnull=True)
                | (~Q(state="draft") & Q(number__isnull=False, in_force_at__isnull=False)),
                name="leads_routingrules_number_when_in_force",
                violation_error_message="Rules have a number and a time from when they are put in force.",
            ),
            models.CheckConstraint(
                condition=Q(in_force_by__isnull=True) | Q(in_force_at__isnull=False),
                name="leads_routingrules_in_force_by_with_at",
                violation_error_message="Who put rules in force is recorded with when.",
            ),
        ]

    def __str__(self) -> str:
        return f"Rules {self.number}" if self.number else "Draft of the rules"


class RoutingEdit(models.Model):
    """One edit of a draft: who, when, what, and the rules before and after, for the way back. Append-only."""

    rules = models.ForeignKey(RoutingRules, on_delete=models.PROTECT, related_name="edits")
    revision = models.PositiveIntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    what = models.CharField(max_length=300)
    before = models.JSONField()
    after = models.JSONField()

    class Meta:
        ordering: ClassVar = ["-revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rules", "revision"],
                name="leads_routingedit_one_a_revision",
                violation_error_message="There is an edit of this revision already.",
            ),
        ]

    def __str__(self) -> str:
        return self.what


class HandoffAssignment(models.Model):
    """Each time a handoff was given to somebody, or to a shared queue: by what rule, and why. Append-only."""

    class Cause(models.TextChoices):
        OFFERED = "offered", "Offered"
        AWAY = "away", "Assignee away"
        LEFT = "left", "Assignee left"
        HAND = "hand", "By hand"

    class Way(models.TextChoices):
        OWNER = "owner", "Owns the company"
        USER = "user", "Named by the rule"
        ROTATION = "rotation", "By turns"
        LEAST_OPEN = "least_open", "Least open work"
        QUEUE = "queue", "Shared queue"
        HAND = "hand", "By hand"

    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="assignments")
    cause = models.CharField(max_length=8, choices=Cause.choices)
    way = models.CharField(max_length=10, choices=Way.choices)
    at = models.DateTimeField()
    day = DayField()
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    assignee = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    taken_from = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    rules_number = models.PositiveIntegerField(null=True, blank=True, help_text="Which list of rules.")
    rule_key = models.CharField(max_length=50, blank=True, default="")
    rule_name = models.CharField(max_length=100, blank=True, default="")
    because = models.CharField(max_length=300)

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["assignee", "day"], name="leads_assignment_assignee"),
            models.Index(
                fields=["taken_from", "day"],
                condition=Q(taken_from__isnull=False),
                name="leads_assignment_taken",
            ),
            # Asked by each page of shares: how were the leads of these days given?
            models.Index(fields=["day", "way"], name="leads_assignment_day"),
        ]

    def __str__(self) -> str:
        return self.because


class RotationShare(models.Model):
    """What a team owes a member who takes turns: expected less given, in 10^-9 of a lead. Kept, never counted.

    Only those who could take a lead expect a part of it; so nobody owes anything to who was away.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    owed = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "user"],
                name="leads_rotationshare_unique",
                violation_error_message="The team has a share for this member already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class RotationDay(models.Model):
    """What a member of a rotation expected and was given on one day, and what passed them by."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = DayField()
    expected = models.BigIntegerField(default=0, help_text="In 10^-9 of a lead.")
    given = models.PositiveIntegerField(default=0)
    passed_away = models.PositiveIntegerField(
        default=0, help_text="Leads that came by while the member was away."
    )
    passed_full = models.PositiveIntegerField(
        default=0, help_text="Leads that came by while the member was at the cap."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "team", "user"],
                name="leads_rotationday_unique",
                violation_error_message="The member has a line for this day already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} on {self.day}"
