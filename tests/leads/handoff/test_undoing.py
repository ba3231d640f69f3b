from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from leads.handoff.claims import claim
from leads.handoff.decisions import accept, reject
from leads.handoff.offering import Occasion, offer_leads
from leads.handoff.undoing import CannotUndo, undo
from leads.lifecycle import Mover, change_stage
from leads.models import Deal, Handoff, HandoffDecision, Lead, Reason, Role, Stage, StageChange, Touch, User
from tests.factories import LeadFactory, UserFactory

pytestmark = pytest.mark.django_db
OFFERED = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SOON = NOW + timedelta(minutes=4)


@pytest.fixture
def alice() -> User:
    return UserFactory(role=Role.REP, username="alice")


@pytest.fixture
def handoff() -> Handoff:
    """Of a lead with an owner and an old hold, offered by hand."""
    held = {"hold_until": date(2026, 2, 1), "evidence_after": datetime(2026, 1, 1, tzinfo=UTC)}
    lead = LeadFactory(owner=UserFactory(role=Role.REP, username="old"), **held)
    (offered,) = offer_leads(
        evidence={lead.pk: None}, occasion=Occasion(origin=Handoff.Origin.HAND, at=OFFERED)
    )
    return Handoff.objects.get(pk=offered.pk)


def stands(handoff: Handoff) -> tuple[object, ...]:
    lead = Lead.objects.get(pk=handoff.lead_id)
    row = Handoff.objects.filter(pk=handoff.pk).values_list().get()
    return (
        row,
        lead.stage,
        lead.stage_entered_at,
        lead.owner,
        lead.hold_until,
        lead.evidence_after,
        list(lead.stage_changes.counted().in_order()),
    )


def test_undo_of_an_acceptance_restores_everything(handoff: Handoff, alice: User) -> None:
    before = stands(handoff)
    accept(handoff=handoff, by=alice, at=NOW, note="call her")

    undo(handoff=handoff, by=alice, at=SOON)

    assert stands(handoff) == before
    assert StageChange.objects.filter(undone=True).count() == 2
    assert list(HandoffDecision.objects.values_list("action", "by")) == [
        ("accept", alice.pk),
        ("undo", alice.pk),
    ]


@pytest.mark.parametrize("key", ["no_budget", "competitor"])
def test_undo_of_a_rejection_restores_everything(handoff: Handoff, alice: User, key: str) -> None:
    before = stands(handoff)
    reject(handoff=handoff, reason=Reason.objects.get(key=key), by=alice, at=NOW)

    undo(handoff=handoff, by=alice, at=SOON)

    assert stands(handoff) == before


def test_what_was_undone_can_be_decided_and_undone_again(handoff: Handoff, alice: User) -> None:
    before = stands(handoff)
    for minute in (0, 2):
        accept(handoff=handoff, by=alice, at=NOW + timedelta(minutes=minute))
        undo(handoff=handoff, by=alice, at=NOW + timedelta(minutes=minute + 1))

    assert stands(handoff) == before


def test_five_minutes_are_enough_and_one_second_more_is_not(handoff: Handoff, alice: User) -> None:
    accept(handoff=handoff, by=alice, at=NOW)

    with pytest.raises(CannotUndo, match="for 5 minutes; this one is older"):
        undo(handoff=handoff, by=alice, at=NOW + timedelta(minutes=5, seconds=1))
    undo(handoff=handoff, by=alice, at=NOW + timedelta(minutes=5))


def test_only_who_decided_may_undo(handoff: Handoff, alice: User) -> None:
    accept(handoff=handoff, by=alice, at=NOW)
    before = stands(handoff)

    with pytest.raises(CannotUndo, match="was decided by alice"):
        undo(handoff=handoff, by=UserFactory(role=Role.MANAGER), at=SOON)

    assert stands(handoff) == before


def test_a_second_undo_changes_nothing(handoff: Handoff, alice: User) -> None:
    accept(handoff=handoff, by=alice, at=NOW)
    seen_in_another_tab = Handoff.objects.get(pk=handoff.pk)
    undo(handoff=handoff, by=alice, at=SOON)

    with pytest.raises(CannotUndo, match="no decision"):
        undo(handoff=seen_in_another_tab, by=alice, at=SOON)


@pytest.mark.parametrize("what", ["touch", "deal", "stage", "owner"])
def test_what_was_worked_on_is_not_undone(handoff: Handoff, alice: User, what: str) -> None:
    accept(handoff=handoff, by=alice, at=NOW)
    lead = Lead.objects.get(pk=handoff.lead_id)
    match what:
        case "touch":
            Touch.objects.create(lead=lead, kind=Touch.Kind.CALL, at=SOON, by=alice)
        case "deal":
            Deal.objects.create(lead=lead, opened_at=SOON)
        case "stage":
            change_stage(lead=lead, to=Stage.OPPORTUNITY, mover=Mover.REP, at=SOON, by=alice)
        case "owner":
            Lead.objects.update(owner=UserFactory(role=Role.REP))
    before = stands(handoff)

    with pytest.raises(CannotUndo):
        undo(handoff=handoff, by=alice, at=SOON)

    assert stands(handoff) == before


def test_a_lead_that_was_offered_anew_is_not_put_back(handoff: Handoff, alice: User) -> None:
    reject(handoff=handoff, reason=Reason.objects.get(key="no_budget"), by=alice, at=NOW)
    offer_leads(evidence={handoff.lead_id: None}, occasion=Occasion(origin=Handoff.Origin.HAND, at=NOW))

    with pytest.raises(CannotUndo, match="offered anew"):
        undo(handoff=handoff, by=alice, at=SOON)

    assert Handoff.objects.waiting().count() == 1


def test_undo_of_what_nobody_decided_is_refused(handoff: Handoff, alice: User) -> None:
    claim(handoff=handoff, by=alice, at=NOW)

    with pytest.raises(CannotUndo, match="no decision"):
        undo(handoff=handoff, by=alice, at=SOON)
