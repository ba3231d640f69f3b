from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from leads.admin.base import ReadOnlyAdmin, ReadOnlyInline, RoleAdmin
from leads.models import Deal, Handoff, HandoffDecision, Reason, Role, StageChange, Touch

MANAGERS = frozenset({Role.MANAGER})


@admin.register(Reason)
class ReasonAdmin(RoleAdmin):
    """Reasons are switched off, not deleted: decisions refer to them."""

    writers = MANAGERS
    list_display = ("label", "leads_to", "cooldown_days", "note_required", "is_active", "position")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key",) if obj else ()


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


@admin.register(Touch)
class TouchAdmin(RoleAdmin):
    writers = MANAGERS
    list_display = ("lead", "kind", "at", "by")
    list_select_related = ("lead", "by")
    autocomplete_fields = ("lead", "by")
    ordering = ("-pk",)
