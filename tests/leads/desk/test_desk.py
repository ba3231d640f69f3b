"""The desk counts what is open now, and names each thing once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leads.desk.lists import desk_of
from leads.desk.load import Waiting
from leads.desk.scope import scope_of
from leads.handoff.decisions import accept
from leads.models import Absence, Handoff, Lead, Role, Stage, Team, User
from tests.factories import HandoffFactory, LeadFactory, TeamFactory, TouchFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
AGO, AHEAD = NOW - timedelta(hours=2), NOW + timedelta(hours=2)


@pytest.fixture
def north() -> Team:
    return TeamFactory(name="North")


@pytest.fixture
def mona(north: Team) -> User:
    return UserFactory(username="mona", role=Role.MANAGER, team=north)


def rep(name: str, team: Team | None, **fields) -> User:
    return UserFactory(username=name, role=Role.REP, team=team, **fields)


def accepted(by: User, at: datetime, **fields) -> Handoff:
    handoff = HandoffFactory(team=by.team, **fields)
    accept(handoff=handoff, by=by, at=at)
    return handoff


def test_each_member_with_what_is_open(north: Team, mona: User) -> None:
    alice, bob = rep("alice", north, open_cap=2), rep("bob", north)
    HandoffFactory(team=north, assignee=alice, decide_due_at=AGO)
    HandoffFactory(team=north, assignee=alice, decide_due_at=AHEAD)
    HandoffFactory(team=north, decide_due_at=AGO)
    LeadFactory(owner=bob, stage=Stage.OPPORTUNITY)
    LeadFactory(owner=bob, stage=Stage.RECYCLED)
    for first, last in ((0, 2), (0, 5), (8, 9)):
        days = (NOW.date() + timedelta(days=day) for day in (first, last))
        Absence.objects.create(user=bob, first_day=next(days), last_day=next(days))

    load = desk_of(scope_of(mona), at=NOW).load

    (team,) = load.teams
    assert (team.team, team.shared) == (north, Waiting(1, 1))
    of = {member.user.username: member for member in team.members}
    assert list(of) == ["alice", "bob", "mona"]
    assert (of["alice"].waiting, of["alice"].worked, of["alice"].is_full) == (Waiting(2, 1), 0, True)
    assert (of["bob"].waiting, of["bob"].worked, of["bob"].is_full) == (Waiting(), 1, False)
    assert of["bob"].absence and of["bob"].absence.last_day == NOW.date() + timedelta(days=5)
    assert of["bob"].coming and of["bob"].coming.first_day == NOW.date() + timedelta(days=8)
    assert (load.overdue, load.unassigned, [member.user for member in load.away]) == (2, 1, [bob])


def test_who_has_left_is_there_as_long_as_they_have_something(north: Team, mona: User) -> None:
    gone = rep("gone", north, is_active=False)
    rep("forgotten", north, is_active=False)
    HandoffFactory(team=north, assignee=gone)

    members = desk_of(scope_of(mona), at=NOW).load.members

    assert [member.user.username for member in members] == ["gone", "mona"]
    assert members[0].needs_hand_over


def test_overdue_handoffs_come_longest_overdue_first_and_once(north: Team, mona: User) -> None:
    late = HandoffFactory(team=north, decide_due_at=AGO)
    later = HandoffFactory(team=north, assignee=rep("alice", north), decide_due_at=AGO - timedelta(hours=1))
    in_time, imported = HandoffFactory(team=north, decide_due_at=AHEAD), HandoffFactory(team=north)
    HandoffFactory(team=TeamFactory(name="South"), decide_due_at=AGO)

    desk = desk_of(scope_of(mona), at=NOW)

    assert (list(desk.overdue.rows), desk.overdue.total) == ([later, late], 2)
    assert (list(desk.unassigned.rows), desk.unassigned.total) == ([in_time, imported], 2)


def test_accepted_without_action_is_the_last_acceptance_without_a_touch_in_time(
    north: Team, mona: User
) -> None:
    alice = rep("alice", north)
    week_ago = NOW - timedelta(days=7)
    idle, called, noted, fresh = (accepted(alice, week_ago) for _ in range(4))
    Handoff.objects.filter(pk=fresh.pk).update(first_touch_due_at=AHEAD)
    TouchFactory(lead=called.lead, by=alice, at=NOW - timedelta(days=1))
    TouchFactory(lead=noted.lead, by=alice, at=NOW - timedelta(days=1), kind="note")
    given_back = accepted(alice, week_ago)
    Lead.objects.filter(pk=given_back.lead_id).update(stage=Stage.RECYCLED)
    # Accepted twice, and idle both times: it is one lead.
    HandoffFactory(
        lead=idle.lead,
        state="accepted",
        decided_at=week_ago - timedelta(days=30),
        first_touch_due_at=week_ago - timedelta(days=29),
    )

    desk = desk_of(scope_of(mona), at=NOW)

    assert {handoff.pk for handoff in desk.late_touches.rows} == {idle.pk, noted.pk}
    assert desk.late_touches.total == 2


def test_a_manager_without_a_team_looks_at_all_or_at_one() -> None:
    north, south = TeamFactory(name="North"), TeamFactory(name="South")
    boss = UserFactory(role=Role.MANAGER)
    HandoffFactory(team=north, decide_due_at=AGO)
    HandoffFactory(team=south, assignee=rep("sam", south), decide_due_at=AGO)
    HandoffFactory(team=None, decide_due_at=AGO)

    everything, of_south = (desk_of(scope_of(boss, team=team), at=NOW) for team in (None, south.pk))

    assert [team.team for team in everything.load.teams] == [north, south, None]
    assert everything.overdue.total == len(everything.overdue.rows) == 3
    assert [team.team for team in of_south.load.teams] == [south, None]  # what is nobody's is everybody's
    assert of_south.overdue.total == len(of_south.overdue.rows) == 2


@pytest.mark.parametrize("many", [1, 5])
def test_the_number_of_queries_does_not_grow(many: int, django_assert_num_queries) -> None:
    for _ in range(many):
        alice = rep(f"rep{_}", TeamFactory())
        Absence.objects.create(user=alice, first_day=NOW.date(), last_day=NOW.date())
        HandoffFactory(team=alice.team, assignee=alice, decide_due_at=AGO)
        HandoffFactory(team=alice.team)
        accepted(alice, NOW - timedelta(days=9))
    boss = UserFactory(role=Role.MANAGER)

    with django_assert_num_queries(11):
        desk = desk_of(scope_of(boss), at=NOW)
        for listed in (desk.overdue, desk.unassigned, desk.late_touches):
            assert [(row.lead.owner, row.team, row.assignee) for row in listed.rows]
