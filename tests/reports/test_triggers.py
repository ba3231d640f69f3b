"""Whatever visits, journeys and minutes are made of: a change of it makes its lead stale, and nothing else does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection

from leadfunnel.time_zone import change_time_zone
from leads import triggers as leads_triggers
from leads.models import Deal, Handoff, Lead, Reason, Stage, StageChange, Team, Touch, User, WorkingHours
from leads.triggers import erasing
from reports import apps
from reports.models import StaleLead
from reports.store import state
from reports.store.deriving import journeys_sql, visits_sql
from reports.store.folding import fold
from reports.store.rebuilding import rebuild
from reports.triggers import WATCHED
from tests.factories import CampaignFactory, HandoffFactory, LeadFactory, TeamFactory, UserFactory, change_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def stale() -> set[int]:
    """Of which leads something was written down since the last call."""
    ids = set(StaleLead.objects.values_list("lead", flat=True))
    StaleLead.objects.all().delete()
    return ids


def watched_columns(model: type) -> set[str]:
    return {"id", *next(watched.columns for watched in WATCHED if watched.model is model)}


# --- Completeness ----------------------------------------------------------------------------------------------------


def test_every_fact_of_a_lead_that_is_derived_from_is_watched():
    read = set(re.findall(r"\bl\.(\w+)", visits_sql() + journeys_sql()))

    # And how a value is spelt, which is shown in its place.
    assert read | {"source", "channel", "industry"} == watched_columns(Lead)


def test_every_column_of_a_handoff_that_is_derived_from_is_watched():
    offers = visits_sql().split("offers AS (")[1].split("FROM leads_handoff")[0]
    read = set(re.findall(r"\bh\.(\w+)", offers)) | {"team_id", "decided_by_actor"}

    assert read <= watched_columns(Handoff)


def test_every_column_of_a_stage_change_that_is_derived_from_is_watched():
    columns = {field.column for field in StageChange._meta.local_concrete_fields}
    changes = visits_sql().split("), stays AS")[0]

    assert set(re.findall(r"\w+", changes)) & columns == watched_columns(StageChange)


# --- Leads and their moves -------------------------------------------------------------------------------------------


def test_a_new_lead_and_its_history_make_it_stale():
    lead = LeadFactory()

    assert stale() == {lead.pk}


@pytest.mark.parametrize("column", sorted(watched_columns(Lead) - {"id"}))
def test_an_edit_of_a_fact_makes_the_lead_stale_and_no_other(column):
    lead, _ = LeadFactory(), LeadFactory()
    values: dict[str, Any] = {"campaign_id": CampaignFactory().pk, "employees": 12, "created_day": NOW.date()}
    stale()

    Lead.objects.update(**{column: getattr(lead, column)})
    assert stale() == set()
    Lead.objects.filter(pk=lead.pk).update(**{column: values.get(column, "SE")})
    assert stale() == {lead.pk}


def test_what_is_not_counted_by_makes_no_lead_stale():
    lead = LeadFactory()
    stale()

    Lead.objects.update(first_name="Ann", stage=Stage.MQL, hold_until=NOW.date(), owner=UserFactory())
    assert stale() == set()
    lead.refresh_from_db()
    lead.last_name = "Lee"
    lead.save()
    assert stale() == set()


def test_a_lead_that_is_deleted_is_stale():
    lead = LeadFactory()
    pk = lead.pk
    with erasing():
        StageChange.objects.all().delete()
        stale()
        lead.delete()

    assert stale() == {pk}


def test_a_move_its_undoing_and_its_removal_make_the_lead_stale():
    lead = LeadFactory()
    stale()

    change = change_of(lead, Stage.MQL, at=NOW)
    assert stale() == {lead.pk}
    StageChange.objects.filter(pk=change.pk).update(undone=True)
    assert stale() == {lead.pk}
    with erasing():
        StageChange.objects.filter(pk=change.pk).delete()
    assert stale() == {lead.pk}


@pytest.mark.parametrize(
    "changed",
    [
        {"to_stage": "sql", "to_position": 2},
        {"occurred_at": NOW + timedelta(microseconds=1)},
        {"day": NOW.date() + timedelta(days=1)},
    ],
)
def test_a_rewritten_move_makes_the_lead_stale(changed):
    lead = LeadFactory()
    change = change_of(lead, Stage.MQL, at=NOW)
    stale()

    with erasing():
        StageChange.objects.filter(pk=change.pk).update(**changed)

    assert stale() == {lead.pk}


def test_a_move_that_is_given_to_another_lead_makes_both_stale():
    one, two = LeadFactory(), LeadFactory()
    stale()

    with erasing():
        StageChange.objects.filter(lead=one).update(lead=two)

    assert stale() == {one.pk, two.pk}


def test_a_statement_writes_each_lead_once_on_postgresql():
    leads = [LeadFactory() for _ in range(3)]
    stale()

    StageChange.objects.bulk_create(
        StageChange(lead=lead, to_stage=stage, to_position=stage.position, occurred_at=NOW, day=NOW.date())
        for lead in leads
        for stage in (Stage.MQL, Stage.SQL)
    )

    assert StaleLead.objects.count() == (3 if connection.vendor == "postgresql" else 6)


# --- Handoffs --------------------------------------------------------------------------------------------------------


def decided(**fields: Any) -> Handoff:
    fields = {"state": "accepted", "decided_at": NOW, "decide_due_at": NOW, **fields}
    return HandoffFactory(**fields)


@pytest.mark.parametrize("column", sorted(watched_columns(Handoff) - {"id"}))
def test_a_change_of_a_handoff_makes_the_lead_stale(column):
    handoff = decided()
    people = {"assignee_id": UserFactory().pk, "decided_by_id": UserFactory().pk, "team_id": TeamFactory().pk}
    values: dict[str, dict[str, Any]] = {
        "lead_id": {"lead_id": LeadFactory().pk},
        "state": {"state": "withdrawn"},
        "reason_id": {"state": "rejected", "reason_id": Reason.objects.all()[0].pk},
        "total": {"fit": 7, "total": 7 + handoff.engagement},
        "grade": {"grade": "C3"},
        "rulebook_version": {"rulebook_version": 9},
        "decided_by_actor": {"decided_by_actor": "Eve"},
    }
    changed = values.get(column) or {column: people.get(column, NOW - timedelta(hours=1))}
    stale()

    with erasing():
        Handoff.objects.filter(pk=handoff.pk).update(**changed)

    assert handoff.lead_id in stale()


def test_a_new_handoff_and_a_deleted_one_make_the_lead_stale():
    lead = LeadFactory(stage=Stage.MQL)
    stale()

    handoff = HandoffFactory(lead=lead)
    assert stale() == {lead.pk}
    handoff.delete()
    assert stale() == {lead.pk}


def test_a_claim_or_a_reminder_makes_no_lead_stale():
    HandoffFactory()
    stale()

    Handoff.objects.update(claimed_by=UserFactory(), claimed_until=NOW, remind_at=NOW, note="Later")

    assert stale() == set()


def test_a_touch_makes_the_lead_stale():
    lead = LeadFactory()
    stale()

    touch = Touch.objects.create(lead=lead, kind=Touch.Kind.CALL)
    assert stale() == {lead.pk}
    touch.delete()
    assert stale() == {lead.pk}


# --- Teams and people ------------------------------------------------------------------------------------------------


def test_hours_of_a_team_make_stale_what_it_decided_against_a_clock():
    team, other = TeamFactory(), TeamFactory()
    mine = decided(team=team)
    HandoffFactory(team=team)  # waiting
    decided(team=team, decide_due_at=None)  # without a clock
    decided(team=other)
    stale()

    hours = WorkingHours.objects.create(team=team, weekday=0)
    assert stale() == {mine.lead_id}
    WorkingHours.objects.filter(pk=hours.pk).update(opens_at=time(8))
    assert stale() == {mine.lead_id}
    hours.delete()
    assert stale() == {mine.lead_id}
    Team.objects.filter(pk=team.pk).update(time_zone="Asia/Tokyo")
    assert stale() == {mine.lead_id}
    Team.objects.filter(pk=team.pk).update(holiday_country="DE")
    assert stale() == {mine.lead_id}
    Team.objects.filter(pk=team.pk).update(name="Ours", decide_minutes=5, weekly_capacity=1)
    assert stale() == set()


def test_hours_make_stale_whom_the_team_was_to_touch_first():
    team = TeamFactory()
    accepted = decided(decided_by=UserFactory(team=team), decide_due_at=None, first_touch_due_at=NOW)
    stale()

    WorkingHours.objects.create(team=team, weekday=0)

    assert stale() == {accepted.lead_id}


def test_who_changes_teams_makes_stale_what_they_decide_for_no_team():
    user = UserFactory()
    one = decided(decided_by=user)
    two = HandoffFactory(assignee=user)
    decided(decided_by=user, team=TeamFactory())
    stale()

    User.objects.filter(pk=user.pk).update(team=TeamFactory())
    assert stale() == {one.lead_id, two.lead_id}
    User.objects.filter(pk=user.pk).update(first_name="Ann")
    assert stale() == set()


# --- When they are there ---------------------------------------------------------------------------------------------


def test_a_change_of_a_deal_makes_its_lead_stale_as_does_one_of_its_owners_team():
    owner = UserFactory()
    deal = Deal.objects.create(lead=LeadFactory(), opened_at=NOW, owner=owner)
    assert deal.lead_id in stale()

    for changed in (
        {"state": Deal.State.WON, "closed_at": NOW},
        {"amount": 12},
        {"currency": "USD"},
        {"opened_at": NOW - timedelta(days=1)},
        {"closed_at": NOW + timedelta(days=1)},
        {"owner": None, "owner_actor": "somebody"},
        {"owner": owner, "owner_actor": ""},
    ):
        Deal.objects.filter(pk=deal.pk).update(**changed)
        assert stale() == {deal.lead_id}, changed
    User.objects.filter(pk=owner.pk).update(team=TeamFactory())
    assert stale() == {deal.lead_id}
    with erasing():
        deal.delete()
    assert stale() == {deal.lead_id}


def test_another_time_zone_has_everything_built_anew():
    LeadFactory(created_at=datetime(2026, 1, 5, 23, 30, tzinfo=UTC))
    rebuild()

    change_time_zone(zone="Europe/Berlin")
    assert not state.is_built()

    fold()
    assert state.is_built()


def names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger"
            if connection.vendor == "postgresql"
            else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )
        return {name for (name,) in cursor.fetchall() if name.startswith("reports_")}


def test_a_migration_finds_no_trigger_and_leaves_all_of_them_and_a_store_to_build():
    before = names()
    rebuild()

    apps.remove_triggers(using="default", plan=["something to do"])
    assert names() == set()
    apps.install_triggers(using="default", plan=["something to do"])

    assert names() == before
    assert len(before) == sum(len(watched.events) for watched in WATCHED) + 1
    assert not state.is_built()


def test_a_migrate_without_anything_to_do_leaves_the_store_as_it_is():
    rebuild()

    apps.remove_triggers(using="default", plan=[])
    apps.install_triggers(using="default", plan=[])

    assert names()
    assert state.is_built()


def test_triggers_of_other_apps_are_left_alone_and_theirs_leave_these_alone():
    before = names()

    leads_triggers.remove("leads")

    assert names() == before


# --- Many at once ----------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_many_changed_after_one_are_not_each_compared_with_every_other():
    lead = LeadFactory(email="", external_id="a")
    columns = ", ".join(field.column for field in Lead._meta.local_concrete_fields if not field.primary_key)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO leads_lead ({columns}) SELECT {columns} FROM leads_lead, generate_series(1, 8000)"
        )
    Lead.objects.filter(pk=lead.pk).update(country="DE")
    stale()

    with connection.cursor() as cursor:
        # Of that, a hundredth is needed; to compare each with every other took half a minute.
        cursor.execute("SET LOCAL statement_timeout = '10s'")
    Lead.objects.filter(pk__gt=lead.pk).update(country="FR")

    assert len(stale()) == 8000
