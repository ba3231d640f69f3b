from __future__ import annotations

from django.contrib import admin

from leads.admin.base import ReadOnlyAdmin
from leads.models import (
    Absence,
    HandoffAssignment,
    RotationDay,
    RotationShare,
    RoutingEdit,
    RoutingRules,
)


@admin.register(Absence)
class AbsenceAdmin(ReadOnlyAdmin):
    list_display = ("user", "first_day", "last_day", "note")
    list_select_related = ("user",)


@admin.register(RoutingRules)
class RoutingRulesAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "state", "in_force_at", "in_force_by", "note")
    list_select_related = ("in_force_by",)


@admin.register(RoutingEdit)
class RoutingEditAdmin(ReadOnlyAdmin):
    list_display = ("rules", "revision", "at", "by", "what")
    list_select_related = (
        "rules",
        "by",
    )


@admin.register(HandoffAssignment)
class HandoffAssignmentAdmin(ReadOnlyAdmin):
    list_display = ("handoff_id", "at", "team", "assignee", "cause", "way", "because")
    list_select_related = (
        "team",
        "assignee",
    )
    ordering = ("-pk",)
    raw_id_fields = ("handoff",)


@admin.register(RotationShare)
class RotationShareAdmin(ReadOnlyAdmin):
    list_display = ("team", "user", "owed")
    list_select_related = (
        "team",
        "user",
    )


@admin.register(RotationDay)
class RotationDayAdmin(ReadOnlyAdmin):
    list_display = ("day", "team", "user", "expected", "given", "passed_away", "passed_full")
    list_select_related = (
        "team",
        "user",
    )
    ordering = (
        "-day",
        "team",
        "user",
    )
