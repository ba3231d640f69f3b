from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import CharField, Model
from django.db.models.signals import pre_migrate

from leads.models import Activity, ChangeLogEntry, Company, HandoffDecision, Lead, StageChange
from leads.triggers import SCORED_COMPANY_COLUMNS, SCORED_LEAD_COLUMNS, erasing, install
from scoring.models import RulebookEvent
from tests.factories import (
    ActivityFactory,
    AssetFactory,
    CampaignFactory,
    CompanyFactory,
    HandoffFactory,
    LeadFactory,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def logged() -> set[int]:
    ids = set(ChangeLogEntry.objects.values_list("lead_id", flat=True))
    ChangeLogEntry.objects.all().delete()
    return ids


def other_value(column: str, current: Any) -> Any:
    special: dict[str, Any] = {
        "company_id": lambda: CompanyFactory().pk,
        "campaign_id": lambda: CampaignFactory().pk,
        "employees": lambda: 12,
        "annual_revenue": lambda: Decimal("1000.5"),
        "email_opt_out": lambda: True,
        "attributes_typed": lambda: {"plan": "pro"},
        "created_day": lambda: NOW.date(),
        "country": lambda: "SE",
    }
    return special.get(column, lambda: f"x{current}"[:10])()


def test_a_new_lead_is_logged() -> None:
    lead = LeadFactory()

    assert logged() == {lead.pk}


@pytest.mark.parametrize("column", SCORED_LEAD_COLUMNS)
def test_each_scored_fact_of_a_lead_is_logged(column: str) -> None:
    lead, _ = LeadFactory(), LeadFactory()
    value = other_value(column, getattr(lead, column))
    logged()

    Lead.objects.filter(pk=lead.pk).update(**{column: value})

    assert logged() == {lead.pk}


@pytest.mark.parametrize("column", SCORED_COMPANY_COLUMNS)
def test_each_scored_fact_of_a_company_is_logged_for_its_leads(column: str) -> None:
    company = CompanyFactory()
    ours, _ = [LeadFactory(company=company), LeadFactory(company=company)], LeadFactory()
    logged()

    Company.objects.filter(pk=company.pk).update(**{column: other_value(column, getattr(company, column))})

    assert logged() == {lead.pk for lead in ours}


def test_every_column_that_rules_read_is_scored() -> None:
    """A fact that is not in the list would go stale without a word."""
    told_apart = {"id", "email", "external_id", "owner_id", "stage", "stage_entered_at", "hold_until"}
    told_apart |= {"evidence_after", "attributes", "unparsed", "created_at"}
    columns = {field.column for field in Lead._meta.local_concrete_fields}
    raw = {column for column in columns if f"{column}_folded" in columns}

    assert columns - raw - told_apart == set(SCORED_LEAD_COLUMNS)


def test_what_no_rule_reads_is_not_logged() -> None:
    lead = LeadFactory()
    logged()

    Lead.objects.filter(pk=lead.pk).update(stage="mql", hold_until=NOW.date(), unparsed={"employees": "many"})

    assert logged() == set()


def test_activities_are_logged_when_they_come_change_move_and_go() -> None:
    lead, other = LeadFactory(), LeadFactory()
    logged()

    activity = ActivityFactory(lead=lead)
    assert logged() == {lead.pk}
    Activity.objects.filter(pk=activity.pk).update(asset=AssetFactory())
    assert logged() == {lead.pk}
    Activity.objects.filter(pk=activity.pk).update(lead=other)
    assert logged() == {lead.pk, other.pk}
    Activity.objects.filter(pk=activity.pk).update(known_at=NOW)
    assert logged() == set()
    activity.delete()
    assert logged() == {other.pk}


def test_a_renamed_campaign_is_logged_for_its_leads() -> None:
    campaign = CampaignFactory()
    lead, _ = LeadFactory(campaign=campaign), LeadFactory()
    logged()

    campaign.name = "Renamed"
    campaign.save()

    assert logged() == {lead.pk}


def test_history_is_neither_rewritten_nor_deleted() -> None:
    LeadFactory()

    with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
        StageChange.objects.update(occurred_at=NOW)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        StageChange.objects.all().delete()
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        HandoffDecision.objects.create(handoff=HandoffFactory(), action="accept", at=NOW).delete()


def test_a_change_may_be_marked_undone() -> None:
    LeadFactory()

    assert StageChange.objects.update(undone=True) == 1


def test_erasing_unlocks_history_and_locks_it_again() -> None:
    LeadFactory()

    with erasing():
        StageChange.objects.all().delete()

    change = StageChange.objects.create(
        lead=LeadFactory(history=None), to_stage="mql", to_position=1, occurred_at=NOW, day=NOW.date()
    )
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        change.delete()


def test_day_of_an_activity_follows_its_instant() -> None:
    activity = ActivityFactory(occurred_at=NOW)
    activity.occurred_at = NOW + timedelta(days=1)
    activity.save()

    assert Activity.objects.get().day == NOW.date() + timedelta(days=1)


# Migrations ----------------------------------------------------------------------------------------------------------


def migration_begins(app: str, plan: list[Any]) -> None:
    config = apps.get_app_config(app)
    pre_migrate.send(
        sender=config, app_config=config, verbosity=0, interactive=False, using="default", plan=plan
    )


def rewritten(note: str = "Rewritten") -> int:
    return StageChange.objects.update(note=note)


def test_triggers_are_away_while_migrations_run() -> None:
    LeadFactory()

    migration_begins("leads", plan=[])
    with pytest.raises(IntegrityError), transaction.atomic():
        rewritten()
    migration_begins("leads", plan=["0099_something"])
    assert rewritten() == 1

    install()
    with pytest.raises(IntegrityError), transaction.atomic():
        rewritten("Again")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("app", "model", "name"), [("leads", StageChange, "note"), ("scoring", RulebookEvent, "what")]
)
def test_a_column_that_triggers_speak_of_can_be_altered(app: str, model: type[Model], name: str) -> None:
    old, new = model._meta.get_field(name), CharField(max_length=3000)
    new.set_attributes_from_name(name)

    migration_begins(app, plan=["0099_something"])

    with connection.schema_editor() as editor:
        editor.alter_field(model, old, new)
