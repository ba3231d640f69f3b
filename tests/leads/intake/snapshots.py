"""The whole content of the domain's tables, comparable between two moments and two orders of import."""

from __future__ import annotations

from typing import Any

from django.db import models

from leads.models import (
    Activity,
    ActivityType,
    Asset,
    AttributeKey,
    Campaign,
    ChangeLogEntry,
    Company,
    Deal,
    Handoff,
    HandoffDecision,
    Lead,
    LeadIdentifier,
    StageChange,
)

TABLES: tuple[type[models.Model], ...] = (
    Lead,
    LeadIdentifier,
    Company,
    Campaign,
    AttributeKey,
    Asset,
    ActivityType,
    Activity,
    StageChange,
    Handoff,
    HandoffDecision,
    Deal,
    ChangeLogEntry,
)


def rows_of_all() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, ids included."""
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in TABLES}


def facts_of_leads() -> list[dict[str, Any]]:
    """What is known of each lead, without the numbers that depend on the order of writing."""
    facts = []
    for lead in Lead.objects.select_related("company", "campaign").order_by("pk"):
        row = {
            field.name: getattr(lead, field.attname)
            for field in Lead._meta.concrete_fields
            if field.name not in ("id", "company", "campaign")
        }
        row["company"] = lead.company and (lead.company.name_key, lead.company.domain)
        row["campaign"] = lead.campaign and lead.campaign.name_folded
        row["ids"] = sorted(lead.identifiers.values_list("source_system", "kind", "value"))
        row["stages"] = list(
            lead.stage_changes.order_by("occurred_at", "to_position", "pk").values_list(
                "to_stage", "occurred_at", "imported", "undone"
            )
        )
        row["handoffs"] = list(
            lead.handoffs.order_by("offered_at", "pk").values_list(
                "state", "offered_at", "decided_at", "reason__key", "note", "decided_by_actor"
            )
        )
        row["deals"] = list(
            lead.deals.order_by("closed_at").values_list("amount", "opened_at", "closed_at", "owner_actor")
        )
        facts.append(row)
    return sorted(facts, key=repr)
