"""Rulebooks to look at. They are edited, signed, published and set aside on their own pages, which record it all."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from leads.admin.base import ReadOnlyAdmin, ReadOnlyInline
from scoring.models import Condition, Rule, Rulebook, RuleGroup


class RuleGroupInline(ReadOnlyInline):
    model = RuleGroup


class RuleInline(ReadOnlyInline):
    """The points at a glance; conditions and the rest are on the rule's own page."""

    model = Rule
    show_change_link = True
    fields = ("name", "kind", "group", "points", "max_points", "enabled", "position")


class ConditionInline(ReadOnlyInline):
    model = Condition
    fields = ("field", "operator", "values", "position")


@admin.register(Rulebook)
class RulebookAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "state", "published_at", "published_by", "note", "page")
    list_filter = ("state",)
    list_select_related = ("published_by",)
    inlines: ClassVar = [RuleGroupInline, RuleInline]

    @admin.display(description="Page")
    def page(self, obj: Rulebook) -> SafeString:
        return format_html('<a href="{}">Open</a>', reverse("scoring:version", args=[obj.pk]))


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    list_display = ("name", "rulebook", "kind", "group", "points", "enabled")
    list_filter = ("kind", "rulebook")
    list_select_related = ("rulebook", "group")
    inlines: ClassVar = [ConditionInline]
