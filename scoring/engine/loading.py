"""Leads as rules see them, loaded for the explainer: a handful of queries for any number of leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from django.db.models import Case, Count, F, JSONField, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from leads.conditions import Field, fact_of
from leads.conditions.testing import Fact
from leads.models import Activity, Asset, Campaign, Lead
from leads.models.fields import day_number
from scoring.engine.history import ActivityFacts, LeadFacts
from scoring.rulebook.form import EngagementRule, Form


def load_leads(
    form: Form, lead_ids: Iterable[int], *, known_by: datetime | None = None
) -> Iterator[LeadFacts]:
    """The leads with these ids, in the order of ids, with the facts that the rulebook asks about.

    `known_by`: with only those activities that were known before this instant.
    """
    ids = list(lead_ids)
    activities = _activities(form, ids, known_by)
    for lead in Lead.objects.filter(pk__in=ids).select_related("company", "campaign").order_by("pk"):
        facts = {field.name: fact_of(lead, field) for field in form.asked_fields}
        yield LeadFacts(
            lead.pk, day_number(cast("date", lead.created_day)), facts, activities.get(lead.pk, [])
        )


def _activities(form: Form, lead_ids: list[int], known_by: datetime | None) -> dict[int, list[ActivityFacts]]:
    activities = Activity.objects.filter(lead_id__in=lead_ids)
    if known_by is not None:
        activities = activities.filter(known_at__lt=known_by)
    rows = list(_told_apart(form, activities))
    about = _About(form, rows)
    found: dict[int, list[ActivityFacts]] = defaultdict(list)
    for row in rows:
        found[row.lead_id].append(
            ActivityFacts(
                row.pk,
                row.code,
                row.occurred_at,
                day_number(row.day),
                row.asset_id,
                about.name_of(row.asset_id),
                about.facts_of(row),
                row.times,
            )
        )
    return found


class _Row(NamedTuple):
    """The latest of `times` activities that no rule can tell apart."""

    lead_id: int
    pk: int
    code: str
    occurred_at: datetime
    day: date
    asset_id: int | None
    campaign_id: int | None
    times: int
    typed: Mapping[str, Any] | None


def _told_apart(form: Form, activities: QuerySet[Activity]) -> Iterator[_Row]:
    """One row for those of a lead, type and day that differ in nothing that rules of this type ask about.

    In the database: a lead may have 100,000 activities, and a score knows nothing smaller than a day.
    """
    asked = {
        column: Case(When(type__code__in=types, then=F(column)))
        for column, types in _asked_columns(form).items()
    }
    alike: list[F | Case] = [F("lead_id"), F("type_id"), F("day"), *asked.values()]
    newest_first = [F("occurred_at").desc(), F("pk").desc()]
    rows = activities.annotate(
        code=F("type__code"),
        place=Window(RowNumber(), partition_by=alike, order_by=newest_first),
        times=Window(Count("*"), partition_by=alike),
        typed=asked.get("properties_typed", Value(None, output_field=JSONField())),
    )
    return map(_Row._make, rows.filter(place=1).order_by("occurred_at", "pk").values_list(*_Row._fields))


def _asked_columns(form: Form) -> Mapping[str, set[str]]:
    """The columns of an activity that rules ask about, and for activities of which types."""
    asked: dict[str, set[str]] = defaultdict(set)
    for rule in _engagement_rules(form):
        for condition in rule.conditions:
            asked[condition.field.source.name].update(rule.activity_types)
        if rule.min_assets is not None:
            asked["asset_id"].update(rule.activity_types)
    return asked


@dataclass(frozen=True)
class _Seen:
    """What `fact_of` looks at in an activity; making the model's own instance costs ten times as much."""

    asset: Asset | None
    campaign: Campaign | None
    properties_typed: Mapping[str, Any] | None


class _About:
    """What activities were about, in words and as facts."""

    def __init__(self, form: Form, rows: Iterable[_Row]) -> None:
        self._asked = _asked_fields(form)
        self._assets = Asset.objects.only("name", "name_folded").in_bulk(
            {row.asset_id for row in rows} - {None}
        )
        # Names of campaigns are shown nowhere, so they are read only where a rule asks for them.
        is_asked = any(field.source.name == "campaign_id" for field in self._asked)
        campaigns = {row.campaign_id for row in rows} - {None} if is_asked else ()
        self._campaigns = Campaign.objects.only("name_folded").in_bulk(campaigns)
        self._known: dict[tuple[int | None, int | None], Mapping[str, Fact]] = {}

    def name_of(self, asset_id: int | None) -> str:
        return "" if asset_id is None else self._assets[asset_id].name

    def facts_of(self, row: _Row) -> Mapping[str, Fact]:
        if row.typed:
            return self._facts(row.asset_id, row.campaign_id, row.typed)
        key = row.asset_id, row.campaign_id
        if key not in self._known:  # most activities are about the same few assets
            self._known[key] = self._facts(*key, None)
        return self._known[key]

    def _facts(
        self, asset_id: int | None, campaign_id: int | None, properties: Mapping[str, Any] | None
    ) -> Mapping[str, Fact]:
        asset = None if asset_id is None else self._assets[asset_id]
        campaign = None if campaign_id is None else self._campaigns.get(campaign_id)
        seen = cast("Activity", _Seen(asset, campaign, properties))
        return {field.name: fact_of(seen, field) for field in self._asked}


def _asked_fields(form: Form) -> tuple[Field, ...]:
    return tuple(dict.fromkeys(item.field for rule in _engagement_rules(form) for item in rule.conditions))


def _engagement_rules(form: Form) -> Iterator[EngagementRule]:
    return (rule for rule in form.enabled_rules if isinstance(rule, EngagementRule))
