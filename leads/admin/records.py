from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from leads.admin.base import ReadOnlyAdmin, ReadOnlyInline, RoleAdmin, RoleInline
from leads.intake.byhand import derive_company_facts, derive_lead_facts
from leads.lifecycle import begin_lifecycles
from leads.models import (
    Activity,
    ActivityType,
    Asset,
    AttributeKey,
    Campaign,
    CampaignCost,
    ChangeLogEntry,
    Company,
    Lead,
    LeadIdentifier,
    LeadScore,
    Role,
)
from leads.models.fields import EPOCH
from leads.news import tell_leads_changed
from leads.tasks import retype_attribute

MARKETERS = frozenset({Role.MARKETER})


class DerivingForm(ModelForm):  # type: ignore[type-arg]
    """Derives what follows from the facts, and then asks the constraints, which speak of derived columns too."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        self.derive()
        self.instance.fold_texts()
        for check in (self.instance.validate_unique, self.instance.validate_constraints):
            try:
                check()
            except ValidationError as refusal:
                self.add_error(None, refusal.messages)

    def derive(self) -> None:
        """Nothing, for a model that has only folded texts."""


class LeadForm(DerivingForm):
    def clean_created_at(self) -> datetime:
        """As imports take it: not before 1970, and at most a day ahead."""
        created_at: datetime = self.cleaned_data["created_at"]
        if not EPOCH <= created_at.date() <= timezone.now().date() + timedelta(days=1):
            raise ValidationError("A lead is created between 1970 and tomorrow.")
        return created_at

    def derive(self) -> None:
        derive_lead_facts(self.instance)


class CompanyForm(DerivingForm):
    def derive(self) -> None:
        derive_company_facts(self.instance)


class IdentifierInline(ReadOnlyInline):
    model = LeadIdentifier


class ScoredAdmin(RoleAdmin):
    """For what scores are made of."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        tell_leads_changed()


@admin.register(Lead)
class LeadAdmin(ScoredAdmin):
    """Facts of a lead. Its stage and its hold are moved by decisions, not here."""

    form = LeadForm
    writers = MARKETERS
    list_display = ("display_name", "email", "company_name", "stage", "source", "created_at")
    list_filter = ("stage",)
    search_fields = (
        "email_folded__startswith",
        "last_name_folded__startswith",
        "company_name_folded__startswith",
    )
    search_help_text = "The beginning of an e-mail address, last name or company, in small letters."
    autocomplete_fields = ("company", "campaign", "owner")
    readonly_fields = (
        "stage",
        "stage_entered_at",
        "hold_until",
        "evidence_after",
        "email_domain",
        "email_domain_type",
        "created_day",
        "unparsed",
        "attributes_typed",
    )
    inlines: ClassVar = [IdentifierInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # The day of creation is where the lead's history begins: it is set once.
        return (*self.readonly_fields, "created_at") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        if not change:
            obj.stage_entered_at = obj.created_at
        super().save_model(request, obj, form, change)
        if not change:
            begin_lifecycles(ids_sql="%s", params=[obj.pk])


@admin.register(Company)
class CompanyAdmin(ScoredAdmin):
    form = CompanyForm
    writers = MARKETERS
    list_display = ("name", "domain", "industry", "employees", "country", "owner")
    readonly_fields = ("name_key",)
    search_fields = ("name_folded__startswith", "domain__startswith")
    autocomplete_fields = ("owner",)
    ordering = ("pk",)


class CampaignCostInline(RoleInline):
    model = CampaignCost
    writers = MARKETERS
    may_delete = True
    exclude = ("source",)


@admin.register(Campaign)
class CampaignAdmin(ScoredAdmin):
    form = DerivingForm
    writers = MARKETERS
    list_display = ("name", "source", "channel")
    search_fields = ("name_folded",)
    inlines: ClassVar = [CampaignCostInline]


@admin.register(CampaignCost)
class CampaignCostAdmin(RoleAdmin):
    writers = MARKETERS
    may_delete = True
    list_display = ("__str__", "starts_on", "ends_on", "amount", "currency")
    autocomplete_fields = ("campaign",)


@admin.register(ActivityType)
class ActivityTypeAdmin(RoleAdmin):
    writers = MARKETERS
    list_display = ("label", "code", "category")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Rulebooks, published ones too, name types by their code.
        return ("code",) if obj else ()


@admin.register(AttributeKey)
class AttributeKeyAdmin(RoleAdmin):
    writers = MARKETERS
    list_display = ("label", "scope", "key", "type")
    list_filter = ("scope", "type")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("scope", "key") if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "type" in form.changed_data:
            # A broker that is away must not undo the edit; saving again asks again. Not a partial: Django
            # names the function when it logs the failure, and a partial has no name.
            transaction.on_commit(lambda: retype_attribute.delay(obj.pk), robust=True)
            messages.info(request, "Values that are there already are being converted to the new type.")


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    list_display = ("name",)
    search_fields = ("name_folded__startswith",)


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("lead", "type", "occurred_at", "asset", "campaign")
    list_select_related = ("lead", "type", "asset", "campaign")
    ordering = ("-pk",)


@admin.register(LeadScore)
class LeadScoreAdmin(ReadOnlyAdmin):
    list_display = ("lead", "grade", "total", "fit", "engagement", "qualified", "rulebook_version", "day")
    list_select_related = ("lead",)
    ordering = ("pk",)


@admin.register(ChangeLogEntry)
class ChangeLogEntryAdmin(ReadOnlyAdmin):
    list_display = ("pk", "lead_id")
    ordering = ("pk",)
