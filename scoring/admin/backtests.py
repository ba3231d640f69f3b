from __future__ import annotations

from django.contrib import admin

from leads.admin.base import ReadOnlyAdmin
from scoring.models import BacktestHandoff


@admin.register(BacktestHandoff)
class BacktestHandoffAdmin(ReadOnlyAdmin):
    list_display = ("lead", "study", "side", "kind", "day", "offered_on", "outcome", "is_won")
    list_filter = ("side", "kind", "outcome")
    list_select_related = ("lead", "study__rulebook")
    ordering = ("-pk",)
