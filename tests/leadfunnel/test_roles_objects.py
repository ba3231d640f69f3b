"""Each action on an own object, one of the own team, one that is shared and a stranger's, with every role.

One world for the whole module; what a request does is rolled back. A new action on such an object needs a row here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.handoff.decisions import accept
from leads.models import (
    Absence,
    Deal,
    Handoff,
    Lead,
    NextStep,
    Notification,
    Qualification,
    RepeatSignal,
    Role,
    SavedView,
    Snooze,
    Stage,
    Team,
    Touch,
    User,
)
from tests.factories import HandoffFactory, LeadFactory, TeamFactory, UserFactory
from tests.leadfunnel.addresses import ROWS

pytestmark = [pytest.mark.django_db, pytest.mark.anydatabase]

# Kinds of objects that belong to somebody. Of the others (rulebooks, runs ...) the role alone says who may.
OWNED = {
    "handoff",
    "lead",
    "deal",
    "team",
    "member",
    "absence",
    "notification",
    "signal",
    "view",
    "shared_view",
}
REP, MANAGER, BOSS, MARKETER, ADMIN, NOBODY = "rep", "manager", "boss", "marketer", "admin", "nobody"
OWN, TEAM, SHARED, FOREIGN = "own", "team", "shared", "foreign"
MINE, OURS, ALL = {OWN}, {OWN, TEAM, SHARED}, {OWN, TEAM, SHARED, FOREIGN}


@dataclass(frozen=True)
class May:
    """Who may do it with whose; everybody else is refused, and nothing is changed."""

    who: dict[str, set[str]]
    data: dict[str, Any] = field(default_factory=dict)
    done: int = 302
    refused: int = 403
    kind: str = ""  # of another object than the address takes in the matrix of roles


DECIDE = {REP: {OWN, SHARED}, MANAGER: OURS, BOSS: ALL}
WORK = {REP: MINE, MANAGER: OURS, BOSS: ALL}
KEEP = {MANAGER: OURS, BOSS: ALL, ADMIN: ALL}
ANSWERS = dict.fromkeys(("need", "budget", "authority", "timeline"), "yes")
TO_TEAM = {"handoffs": "spread", "leads": "spread", "companies": "nobody"}
MATRIX = {
    "leads:handoff_accept": May(DECIDE),
    "leads:handoff_reject": May(DECIDE, {"reason": "not_now"}),
    "leads:handoff_claim": May(DECIDE),
    "leads:handoff_snooze": May(DECIDE, {"nap": "tomorrow"}),
    # Only one's own snooze is ended: of another's, nothing is changed.
    "leads:handoff_wake": May(dict.fromkeys((REP, MANAGER, BOSS), ALL)),
    # Whoever decides at all is told that it was somebody else's decision.
    "leads:handoff_undo": May({REP: MINE}, refused=409, kind="decided"),
    "leads:touch_log": May(WORK, {"kind": "call"}),
    "leads:step_plan": May(WORK, {"what": "Call", "due_on": "2026-03-31"}),
    "leads:step_finish": May(WORK),
    "leads:qualification_answer": May(WORK, ANSWERS),
    "leads:lead_give_back": May(WORK, {"reason": "not_now"}),
    "leads:deal_open": May(WORK),
    "leads:deal_win": May(WORK),
    "leads:deal_lose": May(WORK, {"reason": "not_now"}),
    "leads:board_move": May(WORK, {"to": "lost", "reason": "not_now"}),
    "leads:repeat_dismiss": May(WORK),
    "leads:team_save": May(KEEP, done=422),
    # Whoever could move people could make a manager who looks after all teams.
    "leads:team_member": May({BOSS: ALL, ADMIN: ALL}, {"person": "", "out": "1"}, done=422),
    "leads:team_share": May(KEEP, {"routing_weight": "50"}),
    "leads:hand_over_plan": May(KEEP, done=200),
    "leads:hand_over_do": May(KEEP, TO_TEAM),
    "leads:absence_change": May({REP: MINE, **KEEP}, {"remove": "1"}),
    "leads:notification_open": May({REP: MINE}, refused=404),
    "leads:notification_read": May({REP: MINE}, refused=404),
    # Nobody learns that a private view is there; what is shared is changed by its owner alone.
    "leads:view_change": May({REP: MINE}, {"name": "Other"}, refused=404),
    "leads:view_remove": May({REP: MINE}),
}


@dataclass(frozen=True)
class World:
    people: dict[str, User]
    objects: dict[tuple[str, str], int]
    state: list[Any]

    def whose(self, kind: str) -> list[str]:
        return [whose for one, whose in self.objects if one == kind]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


def build() -> World:
    north, south = TeamFactory(name="North"), TeamFactory(name="South")
    alice, bob, carl, sam, sue = (
        UserFactory(username=name, role=Role.REP, team=team)
        for name, team in (("alice", north), ("bob", north), ("carl", north), ("sam", south), ("sue", south))
    )
    objects: dict[tuple[str, str], int] = {
        ("handoff", SHARED): HandoffFactory(team=north).pk,
        ("team", OWN): north.pk,
        ("team", FOREIGN): south.pk,
    }
    for whose, user in ((OWN, alice), (TEAM, bob), (FOREIGN, sam)):
        objects |= {(kind, whose): pk for kind, pk in things_of(user).items()}
    people = {
        REP: alice,
        MANAGER: UserFactory(role=Role.MANAGER, team=north),
        BOSS: UserFactory(role=Role.MANAGER),
        MARKETER: UserFactory(role=Role.MARKETER, team=north),
        ADMIN: UserFactory(role=Role.ADMINISTRATOR, team=north),
        NOBODY: UserFactory(team=north),
    }
    return World(people, objects, state())


def things_of(user: User) -> dict[str, int]:
    now, team = timezone.now(), user.team
    decided = HandoffFactory(team=team, assignee=user)
    accept(handoff=decided, by=user, at=now)
    deal = Deal.objects.create(lead=LeadFactory(owner=user, stage=Stage.OPPORTUNITY), owner=user)
    signal = RepeatSignal.objects.create(
        lead=LeadFactory(owner=user, stage=Stage.CUSTOMER),
        at=now,
        grade="A1",
        total=90,
        fast_tracked=False,
        rulebook_version=1,
    )
    return {
        "handoff": HandoffFactory(team=team, assignee=user, decide_due_at=now + timedelta(days=1)).pk,
        "decided": decided.pk,
        "lead": LeadFactory(owner=user, stage=Stage.SQL).pk,
        "deal": deal.pk,
        "signal": signal.pk,
        "member": user.pk,
        "view": SavedView.objects.create(page="queue", name="A", query="show=all", owner=user).pk,
        "shared_view": SavedView.objects.create(
            page="queue", name="B", query="show=all", owner=user, is_shared=True
        ).pk,
        "absence": Absence.objects.create(user=user, first_day="2198-03-10", last_day="2198-03-10").pk,
        "notification": Notification.objects.create(user=user, kind="assigned", title="A").pk,
    }


def state() -> list[Any]:
    """All that an action could change."""
    models = (
        SavedView,
        Absence,
        Deal,
        Handoff,
        Lead,
        NextStep,
        Notification,
        Qualification,
        RepeatSignal,
        Snooze,
        Team,
        Touch,
    )
    rows: list[Any] = [list(model.objects.order_by("pk").values_list()) for model in models]
    return [*rows, list(User.objects.order_by("pk").values_list("team", "is_active", "routing_weight"))]


def test_each_action_on_what_belongs_to_somebody_has_its_row():
    actions = {
        name
        for name, row in ROWS.items()
        if row.of in OWNED and (row.method == "post" or row.signed_in in (403, 404))
    }

    assert actions == set(MATRIX)


@pytest.mark.parametrize("name", MATRIX)
def test_who_may_do_what_with_whose(world, name):
    row, may = ROWS[name], MATRIX[name]
    kind = may.kind or row.of
    for who, user in world.people.items():
        for whose in world.whose(kind):
            is_allowed = whose in may.who.get(who, ())
            with transaction.atomic():
                client = Client()
                client.force_login(user)
                address = reverse(name, args=[world.objects[kind, whose]])
                status = getattr(client, row.method)(address, may.data or row.data).status_code
                is_changed = state() != world.state
                transaction.set_rollback(True)

            case = f"{who}, {whose}"
            if is_allowed:
                assert (case, status) == (case, may.done)
            else:
                refused = may.refused if may.refused != 409 or user.decides_handoffs else 403
                assert (case, status, is_changed) == (case, refused, False)


@pytest.mark.parametrize(("name", "kind"), [("leads:desk_reassign", "handoff"), ("leads:desk_give", "lead")])
def test_of_a_selection_only_what_one_looks_after_is_given(world, name, kind):
    """The answer is about each: what is left alone is another team's."""
    taker = world.objects["member", TEAM]
    for who, user in world.people.items():
        for whose in (OWN, FOREIGN):
            with transaction.atomic():
                client = Client()
                client.force_login(user)
                data = {"chosen": [world.objects[kind, whose]], "to": f"user:{taker}"}
                status = client.post(reverse(name), data).status_code
                is_changed = state() != world.state
                transaction.set_rollback(True)

            is_manager = who in (MANAGER, BOSS)
            is_allowed = is_manager and (whose == OWN or who == BOSS)
            case = f"{who}, {whose}"
            assert (case, status, is_changed) == (case, 302 if is_manager else 403, is_allowed)
