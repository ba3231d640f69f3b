from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from leads.admin.base import ReadOnlyAdmin, ReadOnlyInline, RoleAdmin
from leads.models import (
    Deal,
    FeedbackAnswer,
    Handoff,
    HandoffDecision,
    HandOver,
    NextStep,
    OwnerChange,
    Qualification,
    QueueTally,
    Reason,
    ReasonChange,
    RepeatSignal,
    Role,
    SavedView,
    Snooze,
    StageChange,
    TeamChange,
    Touch,
)

MANAGERS = frozenset({Role.MANAGER})


@admin.register(Reason)
class ReasonAdmin(ReadOnlyAdmin):
    """Edited on their own page (leads.reasons), which keeps what was decided as it was."""

    list_display = ("label", "leads_to", "cooldown_days", "note_required", "is_active", "position")


@admin.register(ReasonChange)
class ReasonChangeAdmin(ReadOnlyAdmin):
    list_display = ("reason", "what", "by", "at")
    list_select_related = ("reason", "by")
    ordering = ("-pk",)


@admin.register(TeamChange)
class TeamChangeAdmin(ReadOnlyAdmin):
    list_display = ("team", "what", "by", "at")
    list_select_related = ("team", "by")
    ordering = ("-pk",)


@admin.register(StageChange)
class StageChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "lead",
        "from_stage",
        "to_stage",
        "occurred_at",
        "actor_user",
        "reason",
        "imported",
        "undone",
    )
    list_select_related = ("lead", "actor_user", "reason")
    ordering = ("-pk",)


class HandoffDecisionInline(ReadOnlyInline):
    model = HandoffDecision
    fk_name = "handoff"


@admin.register(Handoff)
class HandoffAdmin(ReadOnlyAdmin):
    list_display = ("lead", "state", "origin", "offered_at", "team", "assignee", "decided_by", "reason")
    list_filter = ("state", "origin", "team")
    list_select_related = ("lead", "team", "assignee", "decided_by", "reason")
    inlines: ClassVar = [HandoffDecisionInline]
    ordering = ("-pk",)


@admin.register(HandoffDecision)
class HandoffDecisionAdmin(ReadOnlyAdmin):
    list_display = ("handoff", "action", "by", "at", "reason")
    list_select_related = ("handoff__lead", "by", "reason")
    ordering = ("-pk",)


@admin.register(OwnerChange)
class OwnerChangeAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "at", "by", "why")
    list_select_related = ("lead", "company", "from_user", "to_user", "by")
    ordering = ("-pk",)


@admin.register(Deal)
class DealAdmin(RoleAdmin):
    """Winning and losing move the lead and are not done here."""

    writers = MANAGERS
    may_add = False
    list_display = ("lead", "state", "amount", "currency", "owner", "closed_at")
    list_filter = ("state",)
    list_select_related = ("lead", "owner")
    readonly_fields = ("lead", "state", "opened_at", "closed_at", "lost_reason", "imported", "owner_actor")
    ordering = ("-pk",)


@admin.register(FeedbackAnswer)
class FeedbackAnswerAdmin(ReadOnlyAdmin):
    list_display = ("text", "stage_change", "deal", "by", "at")
    list_select_related = ("stage_change", "deal__lead", "by")
    ordering = ("-pk",)


@admin.register(RepeatSignal)
class RepeatSignalAdmin(ReadOnlyAdmin):
    list_display = ("lead", "at", "grade", "total", "closed_at", "closed_by", "is_dismissed")
    list_select_related = ("lead", "closed_by")
    ordering = ("-pk",)


@admin.register(Touch)
class TouchAdmin(RoleAdmin):
    writers = MANAGERS
    list_display = ("lead", "kind", "at", "by")
    list_select_related = ("lead", "by")
    autocomplete_fields = ("lead", "by")
    ordering = ("-pk",)


@admin.register(NextStep)
class NextStepAdmin(ReadOnlyAdmin):
    list_display = ("lead", "what", "due_on", "created_by", "done_at", "done_by")
    list_select_related = ("lead", "created_by", "done_by")
    ordering = ("-pk",)


@admin.register(Qualification)
class QualificationAdmin(ReadOnlyAdmin):
    list_display = ("lead", "need", "budget", "authority", "timeline")
    list_select_related = ("lead",)
    ordering = ("-pk",)


@admin.register(HandOver)
class HandOverAdmin(ReadOnlyAdmin):
    list_display = ("of", "at", "by", "handoffs", "leads", "deals", "companies", "deactivated")
    list_select_related = ("of", "by")
    ordering = ("-pk",)


@admin.register(Snooze)
class SnoozeAdmin(ReadOnlyAdmin):
    list_display = ("user", "handoff", "until")
    list_select_related = ("user", "handoff__lead")
    ordering = ("-pk",)


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ("name", "page", "owner", "is_shared")
    list_select_related = ("owner",)
    ordering = ("-pk",)


@admin.register(QueueTally)
class QueueTallyAdmin(ReadOnlyAdmin):
    """What waits, as triggers keep it; `queue_counts` compares it with the truth."""

    list_display = ("team_id", "assignee_id", "waiting")
    ordering = ("pk",)
