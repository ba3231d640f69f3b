"""Drafts are edited here until the rulebook editor: a rulebook with its groups, and each rule with its conditions.

A draft is checked as a whole by the same code that reads a rulebook file. What it refuses is rolled back and shown in
the form.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from leads.admin.base import RoleAdmin, RoleInline
from leads.conditions import Operator, activity_fields, lead_fields
from leads.models import ActivityType, Role
from scoring.models import Condition, Rule, Rulebook, RuleGroup
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of

MARKETERS = frozenset({Role.MARKETER})


class LinesField(forms.CharField):
    """A list of values, one a line."""

    widget = forms.Textarea(attrs={"rows": 2, "cols": 40})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(item) for item in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool([str(item) for item in initial or []] != self.to_python(data))


class CheckedForm(forms.ModelForm):  # type: ignore[type-arg]
    """Shows what the check of the whole draft has found, once it has."""

    mistakes: ClassVar[tuple[str, ...]] = ()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for mistake in self.mistakes:
            self.add_error(None, mistake)
        return cleaned


class RuleForm(CheckedForm):
    activity_types = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "activity_types" in self.fields:
            self.fields["activity_types"].choices = [  # type: ignore[attr-defined]
                (type_.code, type_.label) for type_ in ActivityType.objects.order_by("label")
            ]
        if "group" in self.fields and (self.instance.rulebook_id or self.initial.get("rulebook")):
            book = self.instance.rulebook_id or self.initial["rulebook"]
            self.fields["group"].queryset = RuleGroup.objects.filter(rulebook=book)  # type: ignore[attr-defined]


class ConditionForm(forms.ModelForm):  # type: ignore[type-arg]
    field = forms.ChoiceField()
    operator = forms.ChoiceField(
        choices=[
            ("", "---------"),
            *((operator.value, operator.value.replace("_", " ")) for operator in Operator),
        ]
    )
    values = LinesField(required=False, help_text="One a line.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # An untouched blank row must stay blank, and is then passed over: hence the empty choices.
        self.fields["field"].choices = [  # type: ignore[attr-defined]
            ("", "---------"),
            (
                "Facts of the lead, for fit rules",
                [(field.name, field.name) for field in lead_fields().values()],
            ),
            (
                "Of the activity, for engagement rules",
                [(field.name, field.name) for field in activity_fields().values()],
            ),
        ]


class DraftsOnly(RoleAdmin):
    """Marketers edit drafts; what is published or retired is to look at."""

    writers = MARKETERS

    def rulebook_of(self, obj: Any) -> Rulebook | None:
        raise NotImplementedError

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Without an object it is asked for the bulk action, which would pass over the state of each.
        return obj is not None and self._writes(request) and self._is_draft(obj)

    def _is_draft(self, obj: Any) -> bool:
        book = None if obj is None else self.rulebook_of(obj)
        return book is None or book.is_draft

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"mistakes": getattr(request, "rulebook_mistakes", ())})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            with transaction.atomic():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except RulebookError as error:
            # Rolled back; the same data once more, now with the mistakes to show in the form.
            request.rulebook_mistakes = error.mistakes  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        book = self.rulebook_of(form.instance)
        if book is not None:
            check_draft(book)


def check_draft(book: Rulebook) -> None:
    """Raise RulebookError, naming rules and groups by their names, unless the draft could be compiled."""
    try:
        form_of(book)
    except RulebookError as error:
        names = {
            "rules": list(book.rules.order_by("position", "pk").values_list("name", flat=True)),
            "groups": list(book.groups.order_by("position", "pk").values_list("name", flat=True)),
        }

        def name(found: re.Match[str]) -> str:
            known = names[found[1]]
            index = int(found[2])
            return f"{found[1][:-1].capitalize()} “{known[index]}” " if index < len(known) else found[0]

        raise RulebookError(
            *(re.sub(r"^\$\.(rules|groups)\[(\d+)\]\.?", name, mistake) for mistake in error.mistakes)
        ) from error


class RuleGroupInline(RoleInline):
    model = RuleGroup
    writers = MARKETERS
    may_delete = True
    extra = 0


class RuleInline(RoleInline):
    """The points at a glance; conditions and the rest are on the rule's own page."""

    model = Rule
    writers = MARKETERS
    may_add = False
    may_delete = True
    show_change_link = True
    fields = ("name", "kind", "group", "points", "max_points", "enabled", "position")
    readonly_fields = ("kind", "group")


class ConditionInline(RoleInline):
    model = Condition
    form = ConditionForm
    writers = MARKETERS
    may_delete = True
    extra = 1
    fields = ("field", "operator", "values", "position")


@admin.register(Rulebook)
class RulebookAdmin(DraftsOnly):
    form = CheckedForm
    list_display = ("__str__", "state", "published_at", "published_by", "note")
    list_filter = ("state",)
    inlines: ClassVar = [RuleGroupInline, RuleInline]
    readonly_fields = (
        "state",
        "number",
        "published_at",
        "published_by",
        "published_from",
        "rule_pages",
        "lint_page",
    )
    fieldsets = (
        (None, {"fields": ("name", "note", "state", "number", "rule_pages", "lint_page")}),
        (
            "What is an MQL",
            {"fields": ("mql_threshold", "mql_min_fit", "mql_min_engagement", "fast_track_min_fit")},
        ),
        ("When it stops to be one", {"fields": ("demote_margin", "demote_after_nights", "reentry_points")}),
        ("Grades", {"fields": ("fit_a", "fit_b", "engagement_1", "engagement_2")}),
        ("Bounds", {"fields": ("fit_min", "fit_max", "engagement_min", "engagement_max")}),
    )

    def rulebook_of(self, obj: Any) -> Rulebook | None:
        return obj if isinstance(obj, Rulebook) else None

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)

    @admin.display(description="Rules")
    def rule_pages(self, obj: Rulebook) -> SafeString | str:
        if obj.pk is None:
            return "Save the rulebook first; then add groups and rules."
        add = reverse("admin:scoring_rule_add")
        link = format_html('<a href="{}?rulebook={}">Add a rule</a>', add, obj.pk) if obj.is_draft else ""
        return format_html_join("", "{}", [(f"{obj.rules.count()} rules. ",), (link,)])

    @admin.display(description="Things to look at")
    def lint_page(self, obj: Rulebook) -> SafeString | str:
        if obj.pk is None:
            return "–"
        return format_html(
            '<a href="{}">What is odd about these rules</a>', reverse("scoring:lint", args=[obj.pk])
        )


@admin.register(Rule)
class RuleAdmin(DraftsOnly):
    form = RuleForm
    list_display = ("name", "rulebook", "kind", "group", "points", "enabled")
    list_filter = ("kind", "rulebook")
    list_select_related = ("rulebook", "group")
    inlines: ClassVar = [ConditionInline]
    fieldsets = (
        (None, {"fields": ("rulebook", "group", "key", "name", "kind", "points", "max_points", "position")}),
        ("Flags", {"fields": ("enabled", "fast_track", "disqualifies")}),
        ("Fit", {"fields": ("match",), "description": "Only for fit rules."}),
        (
            "Engagement",
            {
                "fields": (
                    ("window_days", "count", "max_per_day"),
                    ("min_count", "min_days", "min_assets"),
                    ("decay_kind", "decay_percent", "decay_days"),
                ),
                "description": "Only for engagement rules.",
            },
        ),
        ("Silence", {"fields": ("every_days", "repeats"), "description": "Only for silence rules."}),
        ("Activities", {"fields": ("activity_types",), "description": "For engagement and silence rules."}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("rulebook",) if obj else ()

    def rulebook_of(self, obj: Any) -> Rulebook | None:
        return obj.rulebook if isinstance(obj, Rule) and obj.rulebook_id else None

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "rulebook":
            kwargs["queryset"] = Rulebook.objects.filter(state=Rulebook.State.DRAFT)
        if db_field.name == "group":
            kwargs["queryset"] = RuleGroup.objects.filter(rulebook__state=Rulebook.State.DRAFT)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
