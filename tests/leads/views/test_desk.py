from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.handoff.decisions import accept
from leads.models import Absence, Handoff, Lead, Role, Stage
from tests.factories import HandoffFactory, LeadFactory, TeamFactory, UserFactory
from tests.leads.views.conftest import HTMX, query_count, signed_in

pytestmark = pytest.mark.django_db
DESK, REASSIGN, GIVE = (reverse(f"leads:{name}") for name in ("desk", "desk_reassign", "desk_give"))


@pytest.fixture
def overdue(team, bob) -> Handoff:
    lead = LeadFactory(first_name="Anna", last_name="Schmidt", stage=Stage.MQL)
    due = timezone.now() - timedelta(hours=3)
    return HandoffFactory(lead=lead, team=team, assignee=bob, decide_due_at=due)


def test_the_desk_shows_the_own_team(manager, overdue, charlie):
    HandoffFactory(
        lead=LeadFactory(first_name="Foreign", last_name="Lead", stage=Stage.MQL),
        team=charlie.team,
        decide_due_at=timezone.now(),
    )

    page = signed_in(manager).get(DESK).content.decode()

    assert "Anna Schmidt" in page
    assert "3 h overdue" in page.replace("\n", " ").replace("    ", "")
    assert "Foreign Lead" not in page
    assert "Charlie" not in page


@pytest.mark.parametrize("place", ["?team=0", "?team=x", "?team=99999999999999999999", "?team=%00"])
def test_a_mistyped_address_shows_the_whole_desk(manager, overdue, place):
    assert "Anna Schmidt" in signed_in(manager).get(DESK + place).content.decode()


def test_the_part_alone_comes_to_htmx(manager, overdue):
    response = signed_in(manager).get(DESK, headers=HTMX)

    assert response.content.decode().lstrip().startswith('<div class="lf-desk" id="desk">')


def test_a_selection_is_given_and_each_refusal_named(manager, overdue, alice, bob, team):
    decided = HandoffFactory(team=team)
    accept(handoff=decided, by=bob, at=timezone.now())
    Absence.objects.create(user=alice, first_day=timezone.localdate(), last_day=timezone.localdate())
    chosen = {"chosen": [overdue.pk, decided.pk], "to": f"user:{alice.pk}", "why": "on leave"}

    response = signed_in(manager).post(REASSIGN, chosen, follow=True)

    said = [str(message) for message in response.context["messages"]]
    assert said[0] == "Anna Schmidt is with Alice now."
    assert "was accepted by Bob" in said[1]
    assert "Alice is away until" in said[2]
    handoff = Handoff.objects.get(pk=overdue.pk)
    assert (handoff.assignee, handoff.assigned_because) == (alice, "Mona gave it from Bob to Alice: on leave")


def test_leads_that_are_worked_are_given(manager, alice, bob):
    lead = LeadFactory(owner=bob, stage=Stage.SQL)

    response = signed_in(manager).post(GIVE, {"chosen": [lead.pk], "to": f"user:{alice.pk}"}, headers=HTMX)

    assert response.status_code == 200
    assert Lead.objects.get(pk=lead.pk).owner == alice


def test_what_cannot_be_meant_is_refused_in_words(manager, overdue, alice, charlie):
    client = signed_in(manager)
    to = f"user:{alice.pk}"
    for data, words in (
        ({"chosen": [overdue.pk]}, "Choose who shall have it."),
        ({"chosen": [overdue.pk], "to": f"user:{charlie.pk}"}, "Choose who shall have it."),
        ({"to": to}, "Tick those"),
        ({"to": to, "chosen": ["1", "x"]}, "Tick those"),
        ({"to": to, "chosen": ["9" * 30]}, "Tick those"),
        ({"to": to, "chosen": list(range(1, 202))}, "At most 200"),
        ({"to": to, "chosen": [overdue.pk], "why": "x" * 201}, "longer than 200"),
        ({"to": to, "chosen": [overdue.pk], "why": "\x00"}, "Null characters"),
    ):
        response = client.post(REASSIGN, data, headers=HTMX)
        assert (response.status_code, words in response.content.decode()) == (422, True), data
    assert client.post(GIVE, {"chosen": [overdue.lead_id], "to": "shared"}).status_code == 422
    assert Handoff.objects.get(pk=overdue.pk).assignee != alice


def test_the_desk_is_for_managers(alice, marketer, overdue):
    for user in (alice, marketer, UserFactory(role=Role.ADMINISTRATOR)):
        assert signed_in(user).get(DESK).status_code == 403
        assert signed_in(user).post(REASSIGN, {"chosen": [overdue.pk], "to": "shared"}).status_code == 403


def test_queries_do_not_grow(manager, team, bob):
    client = signed_in(manager)
    for _ in range(2):
        HandoffFactory(team=team, assignee=bob, decide_due_at=timezone.now())
    before = query_count(client, DESK)
    for number in range(5):
        rep = UserFactory(username=f"rep{number}", role=Role.REP, team=team)
        HandoffFactory(team=team, assignee=rep, decide_due_at=timezone.now())
        HandoffFactory(team=team)
        accept(handoff=HandoffFactory(team=team), by=rep, at=timezone.now() - timedelta(days=9))

    assert query_count(client, DESK) == before


def test_a_manager_without_a_team_chooses_one(overdue, charlie):
    boss = UserFactory(role=Role.MANAGER)
    TeamFactory(name="Closed", is_active=False)

    page = signed_in(boss).get(f"{DESK}?team={charlie.team.pk}").content.decode()

    assert "Anna Schmidt" not in page
    assert "Closed" not in page
    assert 'aria-current="page">South' in page
