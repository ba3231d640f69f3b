"""How many wait is kept by triggers; whatever happens to handoffs, it is what a count would find."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from leads.handoff import rows, tally
from leads.handoff.decisions import accept, reject
from leads.handoff.offering import Occasion, offer_leads
from leads.handoff.place import Place, shares_of
from leads.handoff.queue import Selection
from leads.handoff.undoing import undo
from leads.models import Handoff, QueueTally, Reason, Role, Team, User
from tests.factories import HandoffFactory, LeadFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return TeamFactory()


@pytest.fixture
def rep(team) -> User:
    return UserFactory(role=Role.REP, team=team)


def test_offers_decisions_and_undo_are_tallied(rep):
    occasion = Occasion(origin=Handoff.Origin.HAND, at=timezone.now())
    one, two, _ = offer_leads(evidence={LeadFactory().pk: None for _ in range(3)}, occasion=occasion)
    assert tally.kept() == {(None, None): 3} == tally.counted()

    accept(handoff=one, by=rep, at=timezone.now())
    reject(handoff=two, by=rep, at=timezone.now(), reason=Reason.objects.get(key="too_small"))
    assert tally.kept() == {(None, None): 1} == tally.counted()

    undo(handoff=two, by=rep, at=timezone.now())
    assert tally.kept() == {(None, None): 2} == tally.counted()


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_the_tally_is_the_count(rep, team, seed):
    rng = random.Random(seed)
    for _ in range(20):
        handoffs = (
            Handoff.objects.filter(pk__in=rng.sample([*Handoff.objects.values_list("pk", flat=True)], 2))
            if Handoff.objects.count() > 2
            else Handoff.objects.all()
        )
        match rng.randrange(6):
            case 0 | 1:
                HandoffFactory(team=rng.choice([None, team]), assignee=rng.choice([None, rep]))
            case 2:
                handoffs.update(assignee=rng.choice([None, rep]), team=rng.choice([None, team]))
            case 3:
                handoffs.update(state="withdrawn", decided_at=timezone.now())
            case 4:
                handoffs.update(state="waiting", decided_at=None)
            case 5:
                handoffs.delete()
        assert tally.kept() == tally.counted()
    tally.fold()
    assert tally.kept() == tally.counted()
    assert QueueTally.objects.count() == len(tally.kept())


def test_a_claim_appends_nothing(rep):
    handoff = HandoffFactory()
    before = QueueTally.objects.count()

    Handoff.objects.filter(pk=handoff.pk).update(claimed_by=rep, claimed_until=timezone.now())

    assert QueueTally.objects.count() == before


def test_command_finds_what_is_wrong_and_mends_it(team, capsys):
    HandoffFactory(team=team)
    call_command("queue_counts")
    QueueTally.objects.update(waiting=7)

    with pytest.raises(CommandError, match=f"team {team.pk}, user none: kept 7, waiting 1"):
        call_command("queue_counts")
    call_command("queue_counts", "--rebuild")

    assert tally.kept() == {(team.pk, None): 1}


def test_counts_of_the_tabs_are_what_the_tabs_hold(rep, team):
    now = timezone.now()
    colleague, stranger = (
        UserFactory(role=Role.REP, team=team),
        UserFactory(role=Role.REP, team=TeamFactory()),
    )
    users = [
        *(UserFactory(role=role, team=of) for role in (Role.REP, Role.MANAGER) for of in (team, None)),
        UserFactory(role=Role.MARKETER),
        rep,
        stranger,
    ]
    for assignee in (None, rep, colleague, stranger, users[2]):
        for of in (team, stranger.team, None):
            for minutes in (-5, 5):
                HandoffFactory(team=of, assignee=assignee, decide_due_at=now + timedelta(minutes=minutes))

    for user in [User.objects.get(pk=user.pk) for user in users]:
        place = Place(shares_of(user)[0], now)
        page = rows.queue_page(user=user, at=now, place=place, among=Handoff.objects.all())
        assert {tab.share: tab.count for tab in page.tabs} == {
            share: Selection(user, now, share).shared().count() for share in shares_of(user)
        }, user.roles


def test_what_the_clock_alone_adds_is_counted_only_so_far(rep, team, monkeypatch):
    monkeypatch.setattr(rows, "MOST_COUNTED", 2)
    now = timezone.now()
    colleague = UserFactory(role=Role.REP, team=team)
    for _ in range(3):
        HandoffFactory(team=team, assignee=colleague, decide_due_at=now - timedelta(minutes=1))

    place = Place(shares_of(rep)[0], now)
    page = rows.queue_page(user=rep, at=now, place=place, among=Handoff.objects.all())

    assert (page.tabs[0].count, page.tabs[0].has_more, page.overdue) == (2, True, 2)
