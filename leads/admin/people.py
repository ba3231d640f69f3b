from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import models
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest

from leads.admin.base import RoleAdmin, RoleInline, RolePermissions
from leads.models import Organisation, Role, Team, User, WorkingHours

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
TEAM_KEEPERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})

# Roles are groups with fixed names and meanings; they are given to users, not edited.
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(RolePermissions, DjangoUserAdmin):  # type: ignore[type-arg]
    """Users are switched off, not deleted: their decisions stay theirs."""

    writers = ADMINISTRATORS
    list_display = ("username", "first_name", "last_name", "email", "team", "is_active")
    list_filter = ("groups", "team", "is_active")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Work", {"fields": ("groups", "team", "routing_weight", "open_cap", "is_active")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {"fields": ("username", "email", "usable_password", "password1", "password2", "groups", "team")},
        ),
    )

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "groups":
            field.label, field.help_text = "Roles", "What the user may do."
        return field


class WorkingHoursInline(RoleInline):
    model = WorkingHours
    writers = TEAM_KEEPERS
    may_delete = True


@admin.register(Team)
class TeamAdmin(RoleAdmin):
    writers = TEAM_KEEPERS
    list_display = (
        "name",
        "time_zone",
        "decide_minutes",
        "decide_fast_minutes",
        "weekly_capacity",
        "is_active",
    )
    inlines: ClassVar = [WorkingHoursInline]


@admin.register(Organisation)
class OrganisationAdmin(RoleAdmin):
    writers = ADMINISTRATORS
    may_add = False
    list_display = ("__str__", "time_zone", "nightly_hour", "default_team", "promotion_limit")
    readonly_fields = ("time_zone",)
