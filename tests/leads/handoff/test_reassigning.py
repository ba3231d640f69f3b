from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leads.handoff.claims import claim
from leads.handoff.decisions import AlreadyDecided, NotYours, accept
from leads.handoff.reassigning import (
    MOST_AT_ONCE,
    AlreadyTheirs,
    GivenMeanwhile,
    RecipientRefused,
    TooMany,
    absence_warning,
    give_each,
    give_lead,
    reassign,
    reassign_each,
)
from leads.models import Absence, Deal, Handoff, HandoffAssignment, Lead, OwnerChange, Role, Stage, Team, User
from tests.factories import HandoffFactory, LeadFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def north() -> Team:
    return TeamFactory(name="North")


@pytest.fixture
def mona(north: Team) -> User:
    return UserFactory(username="mona", role=Role.MANAGER, team=north)


@pytest.fixture
def alice(north: Team) -> User:
    return UserFactory(username="alice", role=Role.REP, team=north)


@pytest.fixture
def bob(north: Team) -> User:
    return UserFactory(username="bob", role=Role.REP, team=north)


@pytest.fixture
def handoff(north: Team, bob: User) -> Handoff:
    return HandoffFactory(team=north, assignee=bob, decide_due_at=NOW)


def test_a_handoff_changes_hands_with_its_clock_and_a_record(
    handoff: Handoff, mona: User, alice: User, bob: User, north: Team
) -> None:
    claim(handoff=handoff, by=bob, at=NOW)

    reassign(handoff=handoff, to=alice, by=mona, at=LATER, why=" on\nholiday ")

    handoff = Handoff.objects.get(pk=handoff.pk)
    assert (handoff.assignee, handoff.team, handoff.decide_due_at) == (alice, north, NOW)
    assert handoff.assigned_because == "mona gave it from bob to alice: on holiday"
    assert (handoff.claimed_by, handoff.claimed_until) == (None, None)
    row = HandoffAssignment.objects.get(handoff=handoff)
    assert (row.cause, row.by, row.at, row.because) == ("hand", mona, LATER, handoff.assigned_because)
    assert (row.taken_from, row.assignee, row.team) == (bob, alice, north)


def test_it_goes_back_to_the_shared_queue(handoff: Handoff, mona: User, north: Team) -> None:
    reassign(handoff=handoff, to=None, by=mona, at=NOW)

    handoff = Handoff.objects.get(pk=handoff.pk)
    assert (handoff.assignee, handoff.team) == (None, north)
    assert handoff.assigned_because == "mona gave it from bob to the shared queue of North."


def test_whoever_comes_too_late_is_told_and_changes_nothing(
    handoff: Handoff, mona: User, alice: User, bob: User
) -> None:
    seen_before, seen_again = (Handoff.objects.get(pk=handoff.pk) for _ in range(2))
    reassign(handoff=handoff, to=alice, by=mona, at=NOW)

    with pytest.raises(GivenMeanwhile, match="with alice since"):
        reassign(handoff=seen_before, to=None, by=mona, at=NOW)
    accept(handoff=handoff, by=alice, at=NOW)
    with pytest.raises(AlreadyDecided, match="accepted by alice"):
        reassign(handoff=seen_again, to=None, by=mona, at=NOW)

    assert HandoffAssignment.objects.count() == 1
    assert Handoff.objects.get(pk=handoff.pk).assignee == alice


def test_what_is_there_already_is_said_and_not_recorded(handoff: Handoff, mona: User, bob: User) -> None:
    with pytest.raises(AlreadyTheirs, match="with bob already"):
        reassign(handoff=handoff, to=bob, by=mona, at=NOW)

    assert not HandoffAssignment.objects.exists()


@pytest.mark.parametrize("role", [Role.REP, Role.MARKETER, Role.ADMINISTRATOR, None])
def test_only_managers_reassign(handoff: Handoff, alice: User, role: Role | None) -> None:
    with pytest.raises(NotYours, match="sales managers"):
        reassign(handoff=handoff, to=alice, by=UserFactory(role=role, team=handoff.team), at=NOW)


def test_a_manager_reassigns_within_the_own_team_and_one_without_a_team_everywhere(
    handoff: Handoff, alice: User
) -> None:
    south = TeamFactory(name="South")
    stranger = UserFactory(role=Role.MANAGER, team=south)
    with pytest.raises(NotYours, match="offered to North"):
        reassign(handoff=handoff, to=UserFactory(role=Role.REP, team=south), by=stranger, at=NOW)

    everywhere = UserFactory(role=Role.MANAGER)
    reassign(handoff=handoff, to=south, by=everywhere, at=NOW)
    assert Handoff.objects.get(pk=handoff.pk).team == south
    # It is South's now, whose manager has nothing to give to North.
    with pytest.raises(RecipientRefused, match="not of your team, South"):
        reassign(handoff=handoff, to=alice, by=stranger, at=NOW)


def test_who_cannot_have_it_is_refused(handoff: Handoff, mona: User, north: Team) -> None:
    gone = UserFactory(username="gone", role=Role.REP, team=north, is_active=False)
    writer = UserFactory(username="writer", role=Role.MARKETER, team=north)
    Team.objects.filter(pk=north.pk).update(is_active=False)

    with pytest.raises(RecipientRefused, match="gone no longer works here"):
        reassign(handoff=handoff, to=gone, by=mona, at=NOW)
    with pytest.raises(RecipientRefused, match="writer is neither"):
        reassign(handoff=handoff, to=writer, by=mona, at=NOW)
    with pytest.raises(RecipientRefused, match="North is no longer in use"):
        reassign(handoff=handoff, to=Team.objects.get(pk=north.pk), by=mona, at=NOW)


def test_of_a_selection_each_is_answered(handoff: Handoff, mona: User, alice: User, bob: User) -> None:
    decided = HandoffFactory(team=handoff.team)
    accept(handoff=decided, by=bob, at=NOW)
    foreign = HandoffFactory(team=TeamFactory())
    ids = [decided.pk, handoff.pk, foreign.pk, handoff.pk, 10**9]

    answers = reassign_each(handoff_ids=ids, to=alice, by=mona, at=NOW)

    assert [answer.is_done for answer in answers] == [False, True, False, False]
    assert [answer.what for answer in answers] == [decided, handoff, foreign, None]
    assert "accepted by bob" in answers[0].words
    assert answers[1].words == f"{handoff.lead} is with alice now."
    with pytest.raises(TooMany, match="At most 200"):
        reassign_each(handoff_ids=range(MOST_AT_ONCE + 1), to=alice, by=mona, at=NOW)


def test_a_lead_that_is_worked_changes_hands_with_its_open_deals(mona: User, alice: User, bob: User) -> None:
    lead = LeadFactory(stage=Stage.OPPORTUNITY, owner=bob)
    deal = Deal.objects.create(lead=lead, owner=bob)
    lost = Deal.objects.create(lead=lead, owner=bob, state="won", closed_at=NOW)

    row = give_lead(lead=lead, to=alice, by=mona, at=NOW, why="on leave")

    assert Lead.objects.get(pk=lead.pk).owner == alice
    assert [Deal.objects.get(pk=one.pk).owner for one in (deal, lost)] == [alice, bob]
    assert OwnerChange.objects.get() == row
    assert (row.lead, row.from_user, row.to_user, row.by, row.why) == (lead, bob, alice, mona, "on leave")


def test_a_lead_given_away_or_given_back_since_is_left_alone(mona: User, alice: User, bob: User) -> None:
    lead, back = LeadFactory(stage=Stage.SQL, owner=bob), LeadFactory(stage=Stage.RECYCLED, owner=bob)
    seen_before = Lead.objects.get(pk=lead.pk)
    give_lead(lead=lead, to=alice, by=mona, at=NOW)

    with pytest.raises(GivenMeanwhile, match="with alice since"):
        give_lead(lead=seen_before, to=mona, by=mona, at=NOW)
    stranger = LeadFactory(stage=Stage.SQL, owner=UserFactory(role=Role.REP, team=TeamFactory()))
    answers = give_each(lead_ids=[lead.pk, back.pk, stranger.pk], to=bob, by=mona, at=NOW)

    assert [answer.is_done for answer in answers] == [True, False, False]
    assert "Recycled" in answers[1].words
    assert "another team" in answers[2].words


def test_giving_to_somebody_who_is_away_is_warned_of_and_done(
    handoff: Handoff, mona: User, alice: User
) -> None:
    Absence.objects.create(user=alice, first_day=NOW.date(), last_day=NOW.date() + timedelta(days=3))

    (answer,) = reassign_each(handoff_ids=[handoff.pk], to=alice, by=mona, at=NOW)

    assert answer.is_done
    assert absence_warning(alice, at=NOW).startswith("alice is away until Thu 05 Mar")
    assert absence_warning(alice, at=NOW + timedelta(days=4)) == ""
    assert absence_warning(None, at=NOW) == ""
