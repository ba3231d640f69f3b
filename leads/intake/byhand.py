"""What intake derives from facts, for what is edited by hand: leads, companies, and types of attributes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from leads.folding import fold
from leads.intake.domains import domain_type
from leads.intake.facts import typed_json
from leads.intake.values import company_key, seniority_of_title
from leads.models import Activity, AttributeKey, Company, Lead

BATCH = 2000


def derive_lead_facts(lead: Lead) -> None:
    """Set, without saving, what follows from the facts of the lead: mail domain, seniority, typed attributes."""
    lead.email_domain = fold(lead.email).rpartition("@")[2]
    lead.email_domain_type = domain_type(lead.email_domain)
    if lead.job_title and not lead.seniority:
        lead.seniority = seniority_of_title(lead.job_title)
    keys = AttributeKey.objects.filter(scope=AttributeKey.Scope.LEAD, key__in=list(lead.attributes))
    types = dict(keys.values_list("key", "type"))
    lead.attributes_typed = {}
    for key, raw in lead.attributes.items():
        _set(
            lead.attributes_typed,
            key,
            typed_json(str(raw), types.get(key, AttributeKey.Type.TEXT), order=None),
        )


def derive_company_facts(company: Company) -> None:
    """Set, without saving, by what imports find the company."""
    company.domain = fold(company.domain).strip()
    company.name_key = company_key(company.name)


def retype(key: AttributeKey) -> int:
    """Convert what is kept under a key to its present type. Returns how many leads or activities have the key.

    A text that does not read as the type stays in the raw record and becomes unknown to rules.
    """
    raw, typed = _columns(key)
    changed = 0
    for rows in _batches(key, raw):
        for row in rows:
            values = dict(getattr(row, typed) or {})
            values.pop(key.key, None)
            _set(values, key.key, typed_json(str(getattr(row, raw)[key.key]), key.type, order=None))
            setattr(row, typed, values)
        type(rows[0])._default_manager.bulk_update(rows, [typed], batch_size=500)
        changed += len(rows)
    return changed


def _columns(key: AttributeKey) -> tuple[str, str]:
    return (
        ("attributes", "attributes_typed")
        if key.scope == AttributeKey.Scope.LEAD
        else ("properties", "properties_typed")
    )


def _batches(key: AttributeKey, raw: str) -> Iterator[list[Any]]:
    """The rows that have the key, by ascending id, each batch in a transaction of its own."""
    model: Any = Lead if key.scope == AttributeKey.Scope.LEAD else Activity
    having: QuerySet[Any] = model._default_manager.filter(**{f"{raw}__has_key": key.key}).order_by("pk")
    last = 0
    while True:
        with transaction.atomic():
            rows = list(having.filter(pk__gt=last).select_for_update(of=("self",), no_key=True)[:BATCH])
            if not rows:
                return
            yield rows
        last = rows[-1].pk


def _set(values: dict[str, Any], key: str, text: str) -> None:
    if text:
        values[key] = json.loads(text)
