from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from leads.admin.base import ReadOnlyAdmin, ReadOnlyInline
from scoring.models import ScoreChange, ScoredRange, ScoringChunk, ScoringRun


class ScoringChunkInline(ReadOnlyInline):
    model = ScoringChunk


@admin.register(ScoringRun)
class ScoringRunAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "state", "rulebook", "scored", "changed", "promoted", "started_at", "ended_at")
    list_filter = ("kind", "state")
    list_select_related = ("rulebook",)
    inlines: ClassVar = [ScoringChunkInline]


@admin.register(ScoringChunk)
class ScoringChunkAdmin(ReadOnlyAdmin):
    list_display = ("run", "first_lead", "last_lead", "state", "attempts", "scored", "changed")
    list_filter = ("state",)
    ordering = ("-run", "first_lead")


@admin.register(ScoredRange)
class ScoredRangeAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "valid_until", "rulebook_version", "day")
    ordering = ("first_lead",)


@admin.register(ScoreChange)
class ScoreChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "lead",
        "day",
        "total_before",
        "total_after",
        "qualified_before",
        "qualified_after",
        "run",
    )
    list_select_related = ("lead", "run")
    ordering = ("-pk",)
