from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leads.handoff.offering import Occasion, offer_leads
from leads.models import Handoff, Lead, Notification, Organisation, Role, Team, User
from tests.factories import LeadFactory, TeamFactory, UserFactory

# Mondays to Fridays 9 to 17, four hours to decide, eight to the first touch. 2 March 2026 is a Monday.
OFFERED = datetime(2026, 3, 2, 9, tzinfo=UTC)
REMIND, DUE = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 2, 13, tzinfo=UTC)


@pytest.fixture
def team(db) -> Team:
    team = TeamFactory(name="North")
    Organisation.objects.update(default_team=team)
    return team


def person(name: str, role: Role, team: Team | None, **fields) -> User:
    return UserFactory(
        username=name, first_name=name.title(), email=f"{name}@x.example", role=role, team=team, **fields
    )


@pytest.fixture
def alice(team) -> User:
    return person("alice", Role.REP, team)


@pytest.fixture
def bob(team) -> User:
    return person("bob", Role.REP, team)


@pytest.fixture
def mona(team) -> User:
    return person("mona", Role.MANAGER, team)


def offered(*, to: User | None = None, name: str = "Anna", at: datetime = OFFERED) -> Handoff:
    """A handoff that waits: of `to`, else in the shared queue of the default team."""
    lead: Lead = LeadFactory(first_name=name, last_name="")
    (handoff,) = offer_leads(
        evidence={lead.pk: None}, occasion=Occasion(origin=Handoff.Origin.HAND, at=at, by=to)
    )
    if to is not None:
        Handoff.objects.filter(pk=handoff.pk).update(assignee=to, team=to.team)
    Notification.objects.all().delete()
    return Handoff.objects.select_related("lead").get(pk=handoff.pk)


def told() -> list[tuple[str, str, str]]:
    """Who was told what: name, kind and title, in the order of names."""
    rows = Notification.objects.order_by("user__username", "pk")
    return list(rows.values_list("user__username", "kind", "title"))
