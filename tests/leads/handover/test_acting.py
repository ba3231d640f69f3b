from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from leads.handoff.decisions import NotYours
from leads.handover.acting import Choice, HandOverRefused, Plan, Way, hand_over
from leads.handover.holdings import holdings_of
from leads.models import (
    Absence,
    Company,
    Deal,
    Handoff,
    HandoffAssignment,
    HandOver,
    Lead,
    NextStep,
    OwnerChange,
    Role,
    Stage,
    Team,
    User,
)
from tests.factories import CompanyFactory, HandoffFactory, LeadFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
LEAVE, SPREAD = Choice(Way.LEAVE), Choice(Way.SPREAD)
EVERYTHING = Plan(SPREAD, SPREAD, SPREAD, deactivate=True, why="left us")


@pytest.fixture
def north() -> Team:
    return TeamFactory(name="North")


@pytest.fixture
def mona(north: Team) -> User:
    return UserFactory(username="mona", role=Role.MANAGER, team=north)


@pytest.fixture
def bob(north: Team) -> User:
    """The one whose work is handed over."""
    return UserFactory(username="bob", role=Role.REP, team=north)


@pytest.fixture
def others(north: Team) -> list[User]:
    return [UserFactory(username=name, role=Role.REP, team=north) for name in ("alice", "carol")]


def waiting(of: User, **fields) -> Handoff:
    return HandoffFactory(team=of.team, assignee=of, decide_due_at=NOW, **fields)


def worked(of: User, stage: Stage = Stage.SQL, **fields) -> Lead:
    return LeadFactory(owner=of, stage=stage, **fields)


def test_everything_of_a_leaver_goes_to_the_team_and_access_ends(
    mona: User, bob: User, others: list[User]
) -> None:
    for _ in range(4):
        waiting(bob)
        worked(bob)
        CompanyFactory(owner=bob)
    lead = worked(bob, Stage.OPPORTUNITY)
    deal = Deal.objects.create(lead=lead, owner=bob)
    step = NextStep.objects.create(lead=lead, what="Call", due_on=NOW.date())
    helped = Deal.objects.create(lead=worked(others[0], Stage.OPPORTUNITY), owner=bob)
    won = Deal.objects.create(lead=lead, owner=bob, state="won", closed_at=NOW)
    history = LeadFactory(owner=bob, stage=Stage.RECYCLED)
    before = holdings_of(bob, at=NOW)
    assert (before.waiting, before.overdue, before.sqls, before.opportunities) == (4, 4, 4, 1)
    assert (before.open_deals, before.open_steps, before.companies) == (2, 1, 4)

    done = hand_over(of=bob, plan=EVERYTHING, by=mona, at=NOW)

    assert (done.handoffs, done.leads, done.deals, done.companies, done.deactivated) == (4, 5, 2, 4, True)
    assert not User.objects.get(pk=bob.pk).is_active
    assert not holdings_of(bob, at=NOW).is_anything
    shares = Counter(Handoff.objects.values_list("assignee", flat=True))
    assert shares == {user.pk: 2 for user in others}
    assert set(Handoff.objects.values_list("decide_due_at", flat=True)) == {NOW}
    lead.refresh_from_db()
    assert Deal.objects.get(pk=deal.pk).owner == lead.owner
    assert lead.owner in others
    assert Deal.objects.get(pk=helped.pk).owner in others
    assert Deal.objects.get(pk=won.pk).owner == bob
    assert NextStep.objects.get(pk=step.pk).done_at is None
    assert Lead.objects.get(pk=history.pk).owner == bob
    rows = HandoffAssignment.objects.all()
    assert {(row.cause, row.by, row.taken_from, row.at) for row in rows} == {("hand", mona, bob, NOW)}
    assert rows[0].because.startswith("mona gave it from bob to ")
    changes = OwnerChange.objects.all()
    assert len(changes) == 9
    assert {(change.from_user, change.by, change.why) for change in changes} == {(bob, mona, "left us")}


def test_what_belongs_to_one_company_goes_to_one_person(mona: User, bob: User, others: list[User]) -> None:
    for _ in range(3):
        company = CompanyFactory(owner=bob)
        worked(bob, company=company)
        worked(bob, Stage.CUSTOMER, company=company)
        waiting(bob, lead=LeadFactory(stage=Stage.MQL, company=company))

    hand_over(of=bob, plan=EVERYTHING, by=mona, at=NOW)

    for company in Company.objects.all():
        takers = {lead.owner for lead in company.leads.exclude(stage=Stage.MQL)}
        takers |= {handoff.assignee for handoff in Handoff.objects.filter(lead__company=company)}
        assert takers == {company.owner}
    assert Company.objects.values("owner").distinct().count() == 2


def test_the_queue_of_somebody_away_goes_back_and_nothing_else_moves(mona: User, bob: User) -> None:
    handoff, lead = waiting(bob), worked(bob)

    done = hand_over(of=bob, plan=Plan(Choice(Way.QUEUE), LEAVE, LEAVE), by=mona, at=NOW)

    assert (done.handoffs, done.leads) == (1, 0)
    handoff.refresh_from_db()
    assert (handoff.assignee, handoff.team) == (None, bob.team)
    assert (Lead.objects.get(pk=lead.pk).owner, User.objects.get(pk=bob.pk).is_active) == (bob, True)


def test_turns_leave_out_who_is_away_has_no_share_or_no_room(
    mona: User, bob: User, others: list[User], north: Team
) -> None:
    alice, carol = others
    away = UserFactory(role=Role.REP, team=north)
    Absence.objects.create(user=away, first_day=NOW.date(), last_day=NOW.date())
    UserFactory(role=Role.REP, team=north, routing_weight=0)
    User.objects.filter(pk=alice.pk).update(open_cap=2)
    User.objects.filter(pk=carol.pk).update(open_cap=1)
    for _ in range(5):
        waiting(bob)

    hand_over(of=bob, plan=Plan(SPREAD, LEAVE, LEAVE), by=mona, at=NOW)

    shares = Counter(Handoff.objects.values_list("assignee", flat=True))
    assert shares == {alice.pk: 2, carol.pk: 1, None: 2}


def test_a_second_press_finds_nothing_left(mona: User, bob: User, others: list[User]) -> None:
    waiting(bob)
    worked(bob)
    hand_over(of=bob, plan=EVERYTHING, by=mona, at=NOW)

    done = hand_over(of=bob, plan=EVERYTHING, by=mona, at=NOW + timedelta(seconds=1))

    assert (done.handoffs, done.leads, done.deals, done.companies) == (0, 0, 0, 0)
    assert (HandoffAssignment.objects.count(), OwnerChange.objects.count()) == (1, 1)


def test_a_plan_that_would_lose_something_is_refused_whole(mona: User, bob: User, others: list[User]) -> None:
    worked(bob)
    stranger = UserFactory(username="sam", role=Role.REP, team=TeamFactory())
    person = Choice(Way.PERSON, others[0])
    admin = UserFactory(role=Role.ADMINISTRATOR)
    admin.groups.add(*mona.groups.all())
    User.objects.filter(pk=admin.pk).update(team=bob.team)
    for plan, words in (
        (Plan(LEAVE, person, person, deactivate=True), "nothing may stay"),
        (Plan(LEAVE, Choice(Way.PERSON, stranger), LEAVE), "sam is not of your team"),
        (Plan(LEAVE, Choice(Way.PERSON, bob), LEAVE), "Choose somebody else"),
        (Plan(LEAVE, Choice(Way.PERSON, UserFactory(role=Role.MARKETER)), LEAVE), "Choose somebody else"),
    ):
        with pytest.raises(HandOverRefused, match=words):
            hand_over(of=bob, plan=plan, by=mona, at=NOW)
    with pytest.raises(HandOverRefused, match="only an administrator ends"):
        hand_over(of=User.objects.get(pk=admin.pk), plan=EVERYTHING, by=mona, at=NOW)
    with pytest.raises(HandOverRefused, match="your own access"):
        hand_over(of=mona, plan=EVERYTHING, by=mona, at=NOW)
    alone = UserFactory(username="alone", role=Role.REP, team=TeamFactory(name="South"))
    with pytest.raises(HandOverRefused, match="Nobody else of South"):
        hand_over(of=alone, plan=EVERYTHING, by=UserFactory(role=Role.MANAGER), at=NOW)
    for by in (
        UserFactory(role=Role.MANAGER, team=TeamFactory()),
        others[0],
        UserFactory(role=Role.MARKETER),
    ):
        with pytest.raises(NotYours):
            hand_over(of=bob, plan=EVERYTHING, by=by, at=NOW)
    assert not HandOver.objects.exists()
    assert holdings_of(bob, at=NOW).sqls == 1


@pytest.mark.parametrize("many", [2, 12])
def test_the_number_of_queries_does_not_grow(
    mona: User, bob: User, others: list[User], many: int, django_assert_num_queries
) -> None:
    for _ in range(many):
        waiting(bob)
        worked(bob)
        CompanyFactory(owner=bob)

    with django_assert_num_queries(28):
        hand_over(of=bob, plan=EVERYTHING, by=mona, at=NOW)
