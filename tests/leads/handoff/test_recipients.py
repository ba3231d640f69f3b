from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leads.handoff.recipients import candidates_for, choices_of
from leads.models import Absence, Role, User
from tests.factories import HandoffFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def rep(name: str, **fields) -> User:
    return UserFactory(username=name, role=Role.REP, **fields)


def test_a_manager_may_give_to_the_people_of_the_team_and_sees_what_they_have() -> None:
    north = TeamFactory(name="North")
    mona = UserFactory(username="mona", role=Role.MANAGER, team=north)
    alice, bob = rep("alice", team=north), rep("bob", team=north)
    rep("gone", team=north, is_active=False)
    rep("stranger", team=TeamFactory(name="South"))
    HandoffFactory(team=north, assignee=alice)
    Absence.objects.create(user=bob, first_day=NOW.date(), last_day=NOW.date())

    candidates = candidates_for(mona, at=NOW)

    assert [(one.key, one.label) for one in candidates] == [
        ("shared", "Shared queue of its team"),
        (f"user:{alice.pk}", "alice (1 waiting)"),
        (f"user:{bob.pk}", "bob (0 waiting, away until Mon 02 Mar)"),
        (f"user:{mona.pk}", "mona (0 waiting)"),
    ]


def test_a_manager_without_a_team_may_give_to_all_teams() -> None:
    north, south = TeamFactory(name="North"), TeamFactory(name="South")
    alice, bob = rep("alice", team=south), rep("bob", team=north)

    candidates = candidates_for(UserFactory(role=Role.MANAGER), at=NOW)

    assert [one.key for one in candidates][:5] == [
        "shared",
        f"team:{north.pk}",
        f"team:{south.pk}",
        f"user:{bob.pk}",
        f"user:{alice.pk}",
    ]
    assert [group for group, _ in choices_of(candidates)] == ["Queues", "North", "South", "No team"]


@pytest.mark.parametrize("people", [1, 6])
def test_the_number_of_queries_does_not_grow(people: int, django_assert_num_queries) -> None:
    manager = UserFactory(role=Role.MANAGER)
    for _ in range(people):
        HandoffFactory(assignee=UserFactory(role=Role.REP, team=TeamFactory()))

    with django_assert_num_queries(4):
        candidates_for(manager, at=NOW)
