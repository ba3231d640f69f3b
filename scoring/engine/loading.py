"""Leads as rules see them, loaded for the explainer: four queries for any number of leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, cast

from leads.conditions import Field, fact_of
from leads.conditions.fields import TypedKey
from leads.conditions.testing import Fact
from leads.models import Activity, Asset, Campaign, Lead
from leads.models.fields import day_number
from scoring.engine.history import ActivityFacts, LeadFacts
from scoring.rulebook.form import EngagementRule, Form


def load_leads(form: Form, lead_ids: Iterable[int]) -> Iterator[LeadFacts]:
    """The leads with these ids, in the order of ids, with the facts that the rulebook asks about."""
    ids = list(lead_ids)
    activities = _activities(form, ids)
    for lead in Lead.objects.filter(pk__in=ids).select_related("company", "campaign").order_by("pk"):
        facts = {field.name: fact_of(lead, field) for field in form.asked_fields}
        yield LeadFacts(
            lead.pk, day_number(cast("date", lead.created_day)), facts, activities.get(lead.pk, [])
        )


_COLUMNS = (
    "lead_id",
    "pk",
    "type__code",
    "occurred_at",
    "day",
    "asset_id",
    "asset__name",
    "asset__name_folded",
    "campaign_id",
    "campaign__name_folded",
)


def _activities(form: Form, lead_ids: list[int]) -> dict[int, list[ActivityFacts]]:
    """As tuples rather than model instances: a lead may have 100,000 of them (measured: a third of the time)."""
    asked = _asked_of_activities(form)
    properties = ("properties_typed",) if any(isinstance(item.source, TypedKey) for item in asked) else ()
    rows = Activity.objects.filter(lead_id__in=lead_ids).order_by("occurred_at", "pk")
    found: dict[int, list[ActivityFacts]] = defaultdict(list)
    known: dict[object, Mapping[str, Fact]] = {}
    for row in rows.values_list(*_COLUMNS, *properties).iterator(chunk_size=5000):
        lead_id, pk, code, occurred_at, day, asset_id, name, asset, campaign_id, campaign, *rest = row
        of = (asset_id, campaign_id)
        facts = known.get(of)
        if facts is None or any(rest):
            facts = _facts(asked, asset, campaign, *rest)
            if not any(rest):
                known[of] = facts  # most activities are about the same few assets
        found[lead_id].append(
            ActivityFacts(pk, code, occurred_at, day_number(cast("date", day)), asset_id, name or "", facts)
        )
    return found


def _facts(
    asked: Iterable[Field],
    asset: str | None,
    campaign: str | None,
    properties: Mapping[str, Any] | None = None,
) -> Mapping[str, Fact]:
    activity = Activity(
        asset=None if asset is None else Asset(name_folded=asset),
        campaign=None if campaign is None else Campaign(name_folded=campaign),
        properties_typed=properties,
    )
    return {field.name: fact_of(activity, field) for field in asked}


def _asked_of_activities(form: Form) -> tuple[Field, ...]:
    rules = (rule for rule in form.enabled_rules if isinstance(rule, EngagementRule))
    return tuple(dict.fromkeys(condition.field for rule in rules for condition in rule.conditions))
