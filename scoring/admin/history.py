from __future__ import annotations

from django.contrib import admin

from leads.admin.base import ReadOnlyAdmin
from scoring.models import DraftVisit, HandoffRules, RulebookEvent, Study


@admin.register(RulebookEvent)
class RulebookEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "rulebook", "kind", "what", "by", "origin")
    list_filter = ("kind",)
    list_select_related = ("rulebook", "by")
    ordering = ("-pk",)


@admin.register(Study)
class StudyAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "state", "revision", "requested_by", "started_at", "ended_at")
    list_filter = ("kind", "state")
    list_select_related = ("rulebook", "requested_by")


@admin.register(DraftVisit)
class DraftVisitAdmin(ReadOnlyAdmin):
    list_display = ("rulebook", "user", "seen_at")
    list_select_related = ("rulebook", "user")


@admin.register(HandoffRules)
class HandoffRulesAdmin(ReadOnlyAdmin):
    list_display = ("handoff_id", "rulebook_version")
    ordering = ("-pk",)
