"""Leads as rules see them, loaded for the explainer: four queries for any number of leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import cast

from leads.conditions import Field, fact_of
from leads.models import Activity, Lead
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


def _activities(form: Form, lead_ids: list[int]) -> dict[int, list[ActivityFacts]]:
    asked = _asked_of_activities(form)
    found: dict[int, list[ActivityFacts]] = defaultdict(list)
    rows = Activity.objects.filter(lead_id__in=lead_ids).select_related("type", "asset", "campaign")
    for activity in rows.order_by("occurred_at", "pk").iterator(chunk_size=5000):
        found[activity.lead_id].append(
            ActivityFacts(
                pk=activity.pk,
                type=activity.type.code,
                occurred_at=activity.occurred_at,
                day=day_number(cast("date", activity.day)),
                asset_id=activity.asset_id,
                asset=activity.asset.name if activity.asset else "",
                facts={field.name: fact_of(activity, field) for field in asked},
            )
        )
    return found


def _asked_of_activities(form: Form) -> tuple[Field, ...]:
    rules = (rule for rule in form.enabled_rules if isinstance(rule, EngagementRule))
    return tuple(dict.fromkeys(condition.field for rule in rules for condition in rule.conditions))
