from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leads.feedback.asking import Asked
from leads.handoff.decisions import accept, reject
from leads.models import Handoff, Lead, Reason, Role, Stage, User
from tests.factories import HandoffFactory, LeadFactory, UserFactory

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def alice(db) -> User:
    return UserFactory(role=Role.REP, username="alice", first_name="Alice")


@pytest.fixture
def mary(db) -> User:
    return UserFactory(role=Role.MARKETER, username="mary", first_name="Mary")


def reason(key: str) -> Reason:
    return Reason.objects.get(key=key)


def offered(name: str = "Anna", **fields: Any) -> Handoff:
    lead = {key.removeprefix("lead_"): fields.pop(key) for key in list(fields) if key.startswith("lead_")}
    mql = LeadFactory(first_name=name, last_name="", stage=Stage.MQL, **lead)
    return HandoffFactory(lead=mql, **fields)


def rejected(
    by: User, name: str = "Anna", *, because: str = "too_small", at: datetime = NOW, **fields: Any
) -> Lead:
    handoff = offered(name, **fields)
    reject(handoff=handoff, reason=reason(because), by=by, at=at, note=f"Note on {name}")
    return Lead.objects.get(pk=handoff.lead_id)


def accepted(by: User, name: str = "Anna", *, at: datetime = NOW - HOUR, **fields: Any) -> Lead:
    handoff = offered(name, **fields)
    accept(handoff=handoff, by=by, at=at)
    return Lead.objects.get(pk=handoff.lead_id)


def asked(**fields: Any) -> Asked:
    return Asked(**{"first": NOW.date() - timedelta(days=6), "last": NOW.date(), **fields})
