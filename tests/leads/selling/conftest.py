from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leads.handoff.decisions import accept
from leads.handoff.offering import Occasion, offer_leads
from leads.models import Handoff, Lead, Reason, Role, User
from tests.factories import LeadFactory, UserFactory

# A Monday; offered at nine, accepted at ten: eight business hours to the first touch end on Tuesday at ten.
OFFERED, ACCEPTED = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)


@pytest.fixture
def alice(db) -> User:
    return UserFactory(role=Role.REP, username="alice")


@pytest.fixture
def lead(alice: User) -> Lead:
    return accepted_lead(alice)


def accepted_lead(owner: User, **fields) -> Lead:
    lead = LeadFactory(**fields)
    (handoff,) = offer_leads(
        evidence={lead.pk: None}, occasion=Occasion(origin=Handoff.Origin.HAND, at=OFFERED)
    )
    accept(handoff=handoff, by=owner, at=ACCEPTED)
    return Lead.objects.get(pk=lead.pk)


def reason(key: str) -> Reason:
    return Reason.objects.get(key=key)


def later(hours: float = 1) -> datetime:
    return NOW + timedelta(hours=hours)
