from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.models import Organisation, Role, Team, User
from tests.factories import TeamFactory, UserFactory

HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(db) -> Team:
    team = TeamFactory(name="North")
    Organisation.objects.update(default_team=team)
    return team


@pytest.fixture
def alice(team) -> User:
    return UserFactory(username="alice", first_name="Alice", role=Role.REP, team=team)


@pytest.fixture
def bob(team) -> User:
    return UserFactory(username="bob", first_name="Bob", role=Role.REP, team=team)


@pytest.fixture
def charlie(db) -> User:
    """A rep of another team: a stranger to the leads of Alice and Bob."""
    return UserFactory(
        username="charlie", first_name="Charlie", role=Role.REP, team=TeamFactory(name="South")
    )


@pytest.fixture
def marketer(db) -> User:
    return UserFactory(username="mary", first_name="Mary", role=Role.MARKETER)


@pytest.fixture
def manager(team) -> User:
    return UserFactory(username="mona", first_name="Mona", role=Role.MANAGER, team=team)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def query_count(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
