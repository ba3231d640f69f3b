from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Absence, Handoff, HandOver, Lead, Role, Stage, User
from tests.factories import HandoffFactory, LeadFactory, UserFactory
from tests.leads.views.conftest import query_count, signed_in

pytestmark = pytest.mark.django_db
SPREAD = {"handoffs": "spread", "leads": "spread", "companies": "nobody"}


def plan_of(user: User) -> str:
    return reverse("leads:hand_over_plan", args=[user.pk])


def do(user: User) -> str:
    return reverse("leads:hand_over_do", args=[user.pk])


def test_the_page_says_what_there_is_and_for_whom(manager, team, alice, bob):
    HandoffFactory(team=team, assignee=bob, decide_due_at=timezone.now())
    LeadFactory(owner=bob, stage=Stage.SQL)

    page = " ".join(signed_in(manager).get(plan_of(bob)).content.decode().split())

    assert "1 waiting handoffs" in page
    assert "1 SQL, 0 opportunities, 0 customers" in page
    assert "by turns in North" in page
    assert "Alice takes turns" in page
    assert page.count('<option value="spread" selected>') == 3


def test_of_somebody_away_only_the_queue_is_suggested(manager, bob, alice):
    Absence.objects.create(user=bob, first_day=timezone.localdate(), last_day=timezone.localdate())

    page = signed_in(manager).get(plan_of(bob)).content.decode()

    assert page.count('<option value="spread" selected>') == 1
    assert page.count('<option value="leave" selected>') == 2


def test_it_is_done_and_told(manager, team, alice, bob):
    handoff = HandoffFactory(team=team, assignee=bob)
    lead = LeadFactory(owner=bob, stage=Stage.SQL)

    response = signed_in(manager).post(do(bob), {**SPREAD, "leads": f"user:{manager.pk}"}, follow=True)

    assert "Handed over: 1 handoffs, 1 leads" in response.content.decode()
    assert Handoff.objects.get(pk=handoff.pk).assignee == alice
    assert Lead.objects.get(pk=lead.pk).owner == manager
    assert User.objects.get(pk=bob.pk).is_active


def test_what_cannot_be_meant_is_refused_in_words(manager, alice, bob, charlie):
    client = signed_in(manager)
    for data, words in (
        ({}, "Choose who takes over."),
        ({**SPREAD, "leads": f"user:{charlie.pk}"}, "Choose who takes over."),
        ({**SPREAD, "leads": f"user:{bob.pk}"}, "Choose who takes over."),
        ({**SPREAD, "leads": "queue"}, "Choose who takes over."),
        ({**SPREAD, "why": "x" * 201}, "longer than 200"),
        ({**SPREAD, "companies": "leave", "deactivate": "on"}, "nothing may stay"),
    ):
        response = client.post(do(bob), data)
        assert (response.status_code, words in response.content.decode()) == (422, True), data
    assert not HandOver.objects.exists()


def test_only_who_looks_after_somebody_hands_over(manager, alice, bob, charlie, marketer):
    for user, of, status in (
        (manager, charlie, 403),
        (manager, marketer, 404),
        (alice, bob, 403),
        (marketer, bob, 403),
        (UserFactory(role=Role.ADMINISTRATOR), bob, 200),
        (UserFactory(role=Role.MANAGER), charlie, 200),
    ):
        assert signed_in(user).get(plan_of(of)).status_code == status
        if status != 200:
            assert signed_in(user).post(do(of), SPREAD).status_code == status


def test_queries_do_not_grow(manager, team, alice, bob):
    client = signed_in(manager)
    before = query_count(client, plan_of(bob))
    for _ in range(3):
        HandoffFactory(team=team, assignee=bob)
        LeadFactory(owner=bob, stage=Stage.SQL)
        UserFactory(role=Role.REP, team=team)

    assert query_count(client, plan_of(bob)) == before
