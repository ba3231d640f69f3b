"""The demo, seeded anew by each test."""

from __future__ import annotations

from collections import defaultdict

import pytest
from django.db import transaction

from leadfunnel.demo.seeding import SeedRefused, seed
from leads.models import Activity, Deal, Handoff, Lead, StageChange
from tests.demo.conftest import plan
from tests.factories import LeadFactory


def snapshot() -> dict[str, list[tuple]]:
    """All that was invented, without ids and the instant of writing."""
    return {
        "leads": list(
            Lead.objects.order_by("email").values_list(
                "email",
                "job_title",
                "source",
                "employees",
                "stage",
                "created_at",
                "hold_until",
                "owner__username",
            )
        ),
        "activities": list(
            Activity.objects.order_by("key").values_list(
                "key", "lead__email", "type__code", "occurred_at", "asset__name"
            )
        ),
        "changes": list(
            StageChange.objects.order_by("lead__email", "occurred_at", "to_position", "undone").values_list(
                "lead__email", "to_stage", "occurred_at", "reason__key", "total"
            )
        ),
        "handoffs": list(
            Handoff.objects.order_by("lead__email", "offered_at").values_list(
                "lead__email", "state", "total", "decided_at", "contributions"
            )
        ),
        "deals": list(
            Deal.objects.order_by("lead__email", "opened_at").values_list("lead__email", "state", "amount")
        ),
    }


def seeded_and_gone(**options) -> dict[str, list[tuple]]:
    with transaction.atomic():
        seed(plan(120, **options))
        found = snapshot()
        transaction.set_rollback(True)
    return found


def test_same_seed_and_day_give_the_same_data(db):
    assert seeded_and_gone() == seeded_and_gone()


def test_another_seed_gives_other_people(db):
    first, second = seeded_and_gone(), seeded_and_gone(seed_number=2)

    # Names are drawn from lists, so that a few addresses may be the same by chance.
    same = {lead[0] for lead in first["leads"]} & {lead[0] for lead in second["leads"]}
    assert len(same) < 12


def test_twenty_activities_a_lead_when_asked(db):
    assert 16 <= seed(plan(activities=20)).activities / 400 <= 25


def test_wish_to_buy_decides_and_downloads_do_not(db):
    """What a better rulebook can find out: who looks at prices or asks for a demo is accepted far more often."""
    seed(plan(1500))
    decided = Handoff.objects.decided().values_list("lead_id", "state", "offered_at")
    kinds = defaultdict(list)
    for lead, kind, at in Activity.objects.values_list("lead_id", "type__code", "occurred_at"):
        kinds[lead].append((kind, at))

    def acceptance(wanted: set[str], unwanted: set[str] = frozenset()) -> float:
        found = []
        for lead, state, offered_at in decided:
            done = {kind for kind, at in kinds[lead] if at < offered_at}
            if done & wanted and not done & unwanted:
                found.append(state == "accepted")
        assert len(found) > 20
        return sum(found) / len(found)

    hands_raised = {"demo_request", "contact_request", "trial_start"}
    assert acceptance(hands_raised) > 0.5
    assert acceptance({"content_download"}, hands_raised | {"pricing_view"}) < 0.3


def test_database_with_leads_is_refused(db):
    LeadFactory()

    with pytest.raises(SeedRefused, match="has leads already"):
        seed(plan(10))
    assert Lead.objects.count() == 1
