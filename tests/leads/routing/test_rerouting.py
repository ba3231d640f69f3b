from __future__ import annotations

from datetime import timedelta

import pytest

from leads.handoff.reassigning import reassign
from leads.models import Absence, Handoff, HandoffAssignment, Organisation, Role, Team, User
from leads.routing.rerouting import reroute_all
from tests.factories import CompanyFactory, HandoffFactory, LeadFactory, TeamFactory, UserFactory
from tests.leads.routing.conftest import NOW, TODAY, put_in_force, reps, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    found = TeamFactory(name="DACH")
    Organisation.objects.update(default_team=found)
    return found


@pytest.fixture
def people(team: Team) -> list[User]:
    return reps(team, ["ann", "bob", "eve"])


def away(user: User) -> None:
    last = TODAY + timedelta(days=3)
    Absence.objects.create(user=user, first_day=TODAY, last_day=last, created_at=NOW - timedelta(hours=1))


def waiting_for(user: User, **fields: object) -> Handoff:
    return HandoffFactory(assignee=user, team=user.team, decide_due_at=NOW + timedelta(hours=1), **fields)


def test_what_waits_for_somebody_away_goes_by_the_rules(team: Team, people: list[User]) -> None:
    ann, bob, eve = people
    put_in_force(rule("All", team=team))
    mine = [waiting_for(ann).pk for _ in range(4)]
    theirs = waiting_for(bob)
    away(ann)

    assert reroute_all(at=NOW) == 4

    moved = Handoff.objects.filter(pk__in=mine)
    assert sorted(moved.values_list("assignee__username", flat=True)) == ["bob", "bob", "eve", "eve"]
    assert set(moved.values_list("decide_due_at", flat=True)) == {NOW + timedelta(hours=1)}
    row = HandoffAssignment.objects.filter(handoff=mine[0]).get()
    assert (row.cause, row.taken_from, row.rule_name) == ("away", ann, "All")
    assert row.because.startswith("ann is away until 5 Mar. Rule “All”: ")
    theirs.refresh_from_db()
    assert theirs.assignee == bob


def test_second_tick_finds_nothing(team: Team, people: list[User]) -> None:
    put_in_force(rule("All", team=team))
    waiting_for(people[0])
    away(people[0])
    reroute_all(at=NOW)

    assert reroute_all(at=NOW) == 0
    assert HandoffAssignment.objects.count() == 1


def test_where_everybody_is_away_it_waits_in_the_shared_queue(team: Team, people: list[User]) -> None:
    put_in_force(rule("All", team=team))
    handoff = waiting_for(people[0])
    for user in people:
        away(user)

    reroute_all(at=NOW)

    handoff.refresh_from_db()
    assert (handoff.team, handoff.assignee, handoff.state) == (team, None, "waiting")


def test_what_waits_for_somebody_who_left_is_routed_too(team: Team, people: list[User]) -> None:
    handoff = waiting_for(people[0])
    User.objects.filter(pk=people[0].pk).update(is_active=False)

    reroute_all(at=NOW)

    row = HandoffAssignment.objects.get()
    assert (row.handoff, row.cause, row.assignee) == (handoff, "left", None)
    assert row.because == "ann has left. No rule applies: shared queue of DACH."


def test_owner_of_the_company_who_is_away_does_not_get_it_back(team: Team, people: list[User]) -> None:
    ann = people[0]
    handoff = waiting_for(ann, lead=LeadFactory(company=CompanyFactory(owner=ann), stage="mql"))
    away(ann)

    reroute_all(at=NOW)

    handoff.refresh_from_db()
    assert handoff.assignee is None
    assert "ann owns the company but is away until 5 Mar." in handoff.assigned_because


def test_what_is_being_looked_at_is_left_alone_while_the_claim_lasts(team: Team, people: list[User]) -> None:
    ann = people[0]
    handoff = waiting_for(ann, claimed_by=ann, claimed_until=NOW + timedelta(minutes=5))
    away(ann)

    assert reroute_all(at=NOW) == 0
    assert reroute_all(at=NOW + timedelta(minutes=6)) == 1
    handoff.refresh_from_db()
    assert (handoff.assignee, handoff.claimed_by) == (None, None)


def test_absence_to_come_and_decided_handoffs_change_nothing(team: Team, people: list[User]) -> None:
    ann = people[0]
    waiting_for(ann)
    Absence.objects.create(user=ann, first_day=TODAY + timedelta(days=1), last_day=TODAY + timedelta(days=2))
    gone = UserFactory(role=Role.REP, team=team, is_active=False)
    waiting_for(gone, state="accepted", decided_at=NOW)

    assert reroute_all(at=NOW) == 0


def test_what_a_manager_gave_to_somebody_known_to_be_away_stays_there(team: Team, people: list[User]) -> None:
    ann, bob, _ = people
    manager = UserFactory(role=Role.MANAGER, team=team)
    meant, before = waiting_for(bob), waiting_for(bob)
    reassign(handoff=before, to=ann, by=manager, at=NOW - timedelta(hours=2))
    away(ann)
    reassign(handoff=meant, to=ann, by=manager, at=NOW)

    assert reroute_all(at=NOW) == 1
    meant.refresh_from_db()
    assert meant.assignee == ann
