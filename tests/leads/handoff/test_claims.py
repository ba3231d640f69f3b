from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leads.handoff.claims import Claimed, claim, release
from leads.handoff.decisions import AlreadyDecided, NotYours, accept
from leads.models import Handoff, Role
from tests.factories import HandoffFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def test_claim_holds_for_a_quarter_of_an_hour_and_is_renewed() -> None:
    handoff, alice = HandoffFactory(), UserFactory(role=Role.REP)

    claim(handoff=handoff, by=alice, at=NOW)
    assert (handoff.claimed_by, handoff.claimed_until) == (alice, NOW + QUARTER)

    claim(handoff=handoff, by=alice, at=NOW + timedelta(minutes=5))
    assert handoff.claimed_until == NOW + timedelta(minutes=20)


def test_what_somebody_looks_at_is_not_claimed_by_another_until_the_lease_is_over() -> None:
    handoff, alice, bob = (
        HandoffFactory(),
        UserFactory(role=Role.REP, username="alice"),
        UserFactory(role=Role.REP),
    )
    claim(handoff=handoff, by=alice, at=NOW)

    with pytest.raises(Claimed, match="alice is looking at"):
        claim(handoff=handoff, by=bob, at=NOW + QUARTER - timedelta(seconds=1))
    claim(handoff=handoff, by=bob, at=NOW + QUARTER)

    assert handoff.claimed_by == bob


def test_a_claim_of_another_does_not_keep_from_deciding() -> None:
    handoff, bob = HandoffFactory(), UserFactory(role=Role.REP)
    claim(handoff=handoff, by=UserFactory(role=Role.REP), at=NOW)

    accept(handoff=handoff, by=bob, at=NOW)

    assert (handoff.state, handoff.claimed_by) == (Handoff.State.ACCEPTED, None)


def test_release_ends_only_ones_own_claim() -> None:
    handoff, alice = HandoffFactory(), UserFactory(role=Role.REP)
    claim(handoff=handoff, by=alice, at=NOW)

    release(handoff=handoff, by=UserFactory(role=Role.REP))
    assert handoff.claimed_by == alice

    release(handoff=handoff, by=alice)
    assert (handoff.claimed_by, handoff.claimed_until) == (None, None)


def test_what_is_decided_or_of_another_team_is_not_claimed() -> None:
    handoff, alice = HandoffFactory(), UserFactory(role=Role.REP)
    accept(handoff=handoff, by=alice, at=NOW)

    with pytest.raises(AlreadyDecided):
        claim(handoff=handoff, by=alice, at=NOW)
    with pytest.raises(NotYours):
        claim(handoff=HandoffFactory(team=TeamFactory()), by=alice, at=NOW)
