from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from leads.handoff.decisions import reject
from leads.models import Handoff, Lead, Reason, ReasonChange, Role, StageChange, User
from leads.reasons import (
    NotReasonEditor,
    ReasonNotChanged,
    ReasonSheet,
    add_reason,
    change_reason,
    is_used,
    move_reason,
)
from tests.factories import HandoffFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def manager() -> User:
    return UserFactory(role=Role.MANAGER)


def reason(key: str = "too_small") -> Reason:
    return Reason.objects.get(key=key)


def changed(by: User, key: str = "too_small", **fields) -> Reason:
    return change_reason(
        reason=reason(key), sheet=replace(ReasonSheet.of(reason(key)), **fields), by=by, at=NOW
    )


def rejected(by: User, key: str = "too_small") -> Handoff:
    handoff = HandoffFactory()
    reject(handoff=handoff, reason=reason(key), by=by, at=NOW)
    return Handoff.objects.get(pk=handoff.pk)


def in_use() -> list[str]:
    return list(Reason.objects.filter(is_active=True).values_list("label", flat=True))


def test_a_new_reason_stands_last_with_a_key_of_its_own(manager):
    sheet = ReasonSheet("Too small", Reason.LeadsTo.RECYCLED, 30, note_required=True, is_active=False)

    added = add_reason(sheet=sheet, by=manager, at=NOW)

    assert (added.key, added.cooldown_days, added.note_required) == ("too_small_2", 30, True)
    assert Reason.objects.order_by("position").last() == added
    assert ReasonChange.objects.get().what == "New: Too small, recycled for 30 days"


@pytest.mark.parametrize("label", ["Ünklar", "予算", "x" * 100])
def test_any_name_gets_a_key(manager, label):
    sheet = ReasonSheet(label, Reason.LeadsTo.DISQUALIFIED, None, note_required=False, is_active=True)

    assert add_reason(sheet=sheet, by=manager, at=NOW).key


def test_a_reason_that_was_never_used_is_changed_in_place(manager):
    after = changed(manager, label="Tiny", leads_to=Reason.LeadsTo.DISQUALIFIED, cooldown_days=None)

    assert (after.key, after.label, after.leads_to) == ("too_small", "Tiny", "disqualified")
    assert str(ReasonChange.objects.get()) == (
        "Name from “Too small” to “Tiny”; From recycled for 180 days to disqualified"
    )


@pytest.mark.parametrize(
    "fields",
    [{"label": "Tiny"}, {"leads_to": Reason.LeadsTo.DISQUALIFIED, "cooldown_days": None}],
)
def test_another_meaning_of_a_used_reason_takes_its_place_and_leaves_the_past(manager, fields):
    handoff = rejected(manager)
    place = reason().position

    after = changed(manager, **fields)

    assert (after.key != "too_small", after.position, after.is_active) == (True, place, True)
    old = reason()
    assert (old.label, old.leads_to, old.cooldown_days, old.is_active) == (
        "Too small",
        "recycled",
        180,
        False,
    )
    assert Handoff.objects.get(pk=handoff.pk).reason == old
    assert len(in_use()) == 14


def test_a_cooldown_of_a_used_reason_changes_for_what_comes(manager):
    before = rejected(manager)

    assert changed(manager, cooldown_days=10).key == "too_small"

    after = rejected(manager)
    holds = [Lead.objects.get(pk=one.lead_id).hold_until.isoformat() for one in (before, after)]
    assert holds == ["2026-08-29", "2026-03-12"]


def test_every_way_of_using_a_reason_counts(manager):
    assert not is_used(reason())
    handoff = rejected(manager)
    assert is_used(reason())
    assert StageChange.objects.filter(reason=reason(), lead=handoff.lead).exists()


def test_nothing_to_change_is_no_change(manager):
    changed(manager)

    assert not ReasonChange.objects.exists()


def test_two_reasons_in_use_have_two_names(manager):
    with pytest.raises(ReasonNotChanged, match="“No budget” in use already"):
        changed(manager, label="no BUDGET")

    changed(manager, "no_budget", is_active=False)
    assert changed(manager, label="No budget").label == "No budget"


def test_the_last_reason_in_use_stays_in_use(manager):
    Reason.objects.exclude(key="too_small").update(is_active=False)

    with pytest.raises(ReasonNotChanged, match="the last reason in use"):
        changed(manager, is_active=False)


def test_a_reason_moves_among_those_in_use(manager):
    before = in_use()

    move_reason(reason=reason(), up=True, by=manager, at=NOW)
    assert in_use() == [*before[:3], "Too small", "Unresponsive", *before[5:]]
    move_reason(reason=reason(), up=False, by=manager, at=NOW)
    assert in_use() == before
    move_reason(reason=reason("not_now"), up=True, by=manager, at=NOW)
    assert in_use() == before


@pytest.mark.parametrize("role", [Role.REP, Role.MARKETER, Role.ADMINISTRATOR])
def test_nobody_but_managers_changes_reasons(role):
    with pytest.raises(NotReasonEditor):
        changed(UserFactory(role=role), label="Tiny")


def test_what_was_changed_is_never_rewritten(manager):
    changed(manager, cooldown_days=10)

    with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
        ReasonChange.objects.update(what="Nothing")
