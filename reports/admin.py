"""Money is kept in the admin, too; what reports keep by themselves is only to look at."""

from __future__ import annotations

from django.contrib import admin

from leads.admin.base import ReadOnlyAdmin, RoleAdmin
from leads.models import Role
from reports.models import ExchangeRate, ScoreSnapshot


@admin.register(ExchangeRate)
class ExchangeRateAdmin(RoleAdmin):
    writers = frozenset({Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR})
    may_delete = True
    list_display = ("currency", "day", "rate")
    list_filter = ("currency",)


@admin.register(ScoreSnapshot)
class ScoreSnapshotAdmin(ReadOnlyAdmin):
    list_display = ("day", "grade", "band", "count")
    ordering = ("-day", "grade", "band")
