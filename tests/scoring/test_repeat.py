from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leads.models import Handoff, Lead, Notification, RepeatSignal, Role, Stage, User
from leads.selling.deals import open_deal
from leads.selling.repeat import SignalClosed, dismiss, signals_for
from leads.selling.rights import NotYourLead
from scoring import live
from scoring.models import ScoringRun
from scoring.runs import request_run, work_on
from tests.factories import ActivityFactory, LeadFactory, UserFactory
from tests.scoring.conftest import NOW, Publish, activity, german

DAY = timedelta(days=1)
RULES = (german(20), activity("page_view", 1), activity("demo_request", 5, fast_track=True))
pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return UserFactory(role=Role.REP)


def customer(owner: User | None, **fields: Any) -> Lead:
    """Bought ten days ago."""
    given = {"country": "DE", "stage": Stage.CUSTOMER, "stage_entered_at": NOW - 10 * DAY, "owner": owner}
    return LeadFactory(**{**given, **fields})


def views(lead: Lead, count: int, *, before: timedelta) -> None:
    for _ in range(count):
        ActivityFactory(lead=lead, occurred_at=NOW - before)


def night(*, after: timedelta = timedelta(0)) -> None:
    at = NOW + after
    work_on(request_run(kind=ScoringRun.Kind.NIGHTLY, at=at).pk, clock=lambda: at)


@pytest.mark.parametrize(("new", "old", "is_told"), [(10, 0, True), (9, 20, False)])
def test_a_customer_qualifies_again_by_what_it_did_since_it_bought(
    new: int, old: int, is_told: bool, publish_rules: Publish, alice: User
) -> None:
    publish_rules(*RULES)
    lead = customer(alice)
    views(lead, new, before=9 * DAY)
    views(lead, old, before=11 * DAY)

    night()

    assert [row.signal.lead for row in signals_for(alice)] == [lead] * is_told
    assert Notification.objects.filter(user=alice, kind=Notification.Kind.REPEAT).count() == is_told
    assert not Handoff.objects.exists()


def test_it_is_told_once_a_qualification_and_not_each_night(publish_rules: Publish, alice: User) -> None:
    publish_rules(*RULES)
    lead = customer(alice)
    views(lead, 10, before=9 * DAY)
    night()
    (row,) = signals_for(alice)
    assert (row.signal.total, row.signal.rulebook_version) == (30, 1)
    assert [reason["name"] for reason in row.reasons] == ["Rule 0", "Rule 1"]

    night(after=DAY)
    assert RepeatSignal.objects.count() == 1
    dismiss(signal=row.signal, by=alice, at=NOW + 1.5 * DAY)
    night(after=2 * DAY)
    assert not signals_for(alice)

    views(lead, 10, before=-2 * DAY)
    night(after=3 * DAY)
    assert len(signals_for(alice)) == 1


def test_a_customer_who_raises_a_hand_is_told_at_once(publish_rules: Publish, alice: User) -> None:
    publish_rules(*RULES)
    lead = customer(alice)
    live.drain(clock=lambda: NOW)
    assert not RepeatSignal.objects.exists()

    ActivityFactory(lead=lead, code="demo_request", occurred_at=NOW)
    live.drain(clock=lambda: NOW)

    assert RepeatSignal.objects.get().fast_tracked


def test_a_deal_answers_the_signal(publish_rules: Publish, alice: User) -> None:
    publish_rules(*RULES)
    lead = customer(alice)
    views(lead, 10, before=9 * DAY)
    night()

    open_deal(lead=lead, amount=None, currency="", expected_close_on=None, by=alice, at=NOW + DAY)

    signal = RepeatSignal.objects.get()
    assert (signal.closed_by, signal.is_dismissed) == (alice, False)
    with pytest.raises(SignalClosed, match="answered with a deal already"):
        dismiss(signal=signal, by=alice, at=NOW + 2 * DAY)


def test_only_who_works_the_customer_dismisses(publish_rules: Publish, alice: User) -> None:
    publish_rules(*RULES)
    views(customer(alice), 10, before=9 * DAY)
    views(customer(None), 10, before=9 * DAY)
    night()
    bob, manager = UserFactory(role=Role.REP), UserFactory(role=Role.MANAGER)
    (row,) = signals_for(alice)

    with pytest.raises(NotYourLead):
        dismiss(signal=row.signal, by=bob, at=NOW)

    assert not signals_for(bob)
    assert [row.signal.lead.owner for row in signals_for(manager)] == [None]
