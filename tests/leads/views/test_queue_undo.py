"""Claims in the queue, and taking a decision back there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.feedback.answering import answer_feedback
from leads.feedback.reading import Key
from leads.handoff.claims import claim
from leads.handoff.decisions import accept
from leads.handoff.offering import Occasion, offer_leads
from leads.models import Handoff, Lead, Role, Stage, StageChange
from tests.factories import HandoffFactory, LeadFactory, UserFactory
from tests.leads.views.conftest import HTMX, query_count, signed_in

QUEUE = reverse("leads:queue")


def act(client, what, handoff, **kwargs):
    return client.post(reverse(f"leads:handoff_{what}", args=[handoff.pk]), **kwargs)


@pytest.fixture
def handoff(team) -> Handoff:
    """Offered by the product's own service: an undo restores what stands in the history."""
    lead = LeadFactory(first_name="Anna", last_name="")
    occasion = Occasion(origin=Handoff.Origin.HAND, at=timezone.now() - timedelta(hours=1))
    (handoff,) = offer_leads(evidence={lead.pk: None}, occasion=occasion)
    return Handoff.objects.get(pk=handoff.pk)


def test_what_was_just_decided_stands_above_the_queue_with_undo(alice, handoff):
    client = signed_in(alice)
    act(client, "accept", handoff)

    text = client.get(QUEUE).content.decode()

    assert "Just decided" in text
    assert reverse("leads:handoff_undo", args=[handoff.pk]) in text


def test_what_marketing_answers_at_once_stands_with_the_decision(alice, handoff):
    client = signed_in(alice)
    act(client, "reject", handoff, data={"reason": "too_small"})
    (change,) = StageChange.objects.filter(to_stage="recycled")
    assert "Marketing:" not in client.get(QUEUE).content.decode()

    mary = UserFactory(role=Role.MARKETER)
    key = Key("m", change.pk)
    answer_feedback(keys=[key], text="Thanks, changed in version 9", about=None, by=mary, at=timezone.now())

    assert "Marketing: Thanks, changed in version 9" in client.get(QUEUE).content.decode()


def test_undo_puts_the_lead_back_into_the_queue(alice, handoff):
    client = signed_in(alice)
    act(client, "accept", handoff)

    part = act(client, "undo", handoff, data={"place": "show=team"}, headers=HTMX)

    assert part.status_code == 200
    assert "waits in the queue again" in part.content.decode()
    assert "Just decided" not in part.content.decode()
    assert Lead.objects.get(pk=handoff.lead_id).stage == Stage.MQL


def test_undo_without_htmx_returns_to_where_the_rep_was(alice, handoff):
    client = signed_in(alice)
    act(client, "accept", handoff)

    response = act(client, "undo", handoff, data={"place": "show=mine"})

    assert response.url.startswith(f"{QUEUE}?show=mine&at=")


def test_undo_that_comes_too_late_says_so_and_changes_nothing(alice, handoff):
    accept(handoff=handoff, by=alice, at=timezone.now() - timedelta(minutes=6))

    response = act(signed_in(alice), "undo", handoff, headers=HTMX)

    assert response.status_code == 409
    assert "for 5 minutes; this one is older" in response.content.decode()
    assert Handoff.objects.get().state == Handoff.State.ACCEPTED


def test_nobody_is_offered_an_undo_of_what_another_decided(alice, bob, handoff):
    act(signed_in(alice), "accept", handoff)

    assert "Just decided" not in signed_in(bob).get(QUEUE).content.decode()
    assert act(signed_in(bob), "undo", handoff).status_code == 409


def test_others_see_who_is_looking_at_a_lead(alice, bob, handoff):
    act(signed_in(alice), "claim", handoff)

    assert "Alice is looking" in signed_in(bob).get(QUEUE).content.decode()
    assert "Release Anna" in signed_in(alice).get(QUEUE).content.decode()


def test_a_claim_of_another_is_not_taken_over(alice, bob, handoff):
    claim(handoff=handoff, by=alice, at=timezone.now())

    response = act(signed_in(bob), "claim", handoff, headers=HTMX)

    assert response.status_code == 409
    assert "is looking at Anna; you can decide it all the same" in response.content.decode()


def test_release_gives_the_lead_back_to_all(alice, bob, handoff):
    claim(handoff=handoff, by=alice, at=timezone.now())

    act(signed_in(alice), "claim", handoff, data={"release": "1"})

    assert "is looking" not in signed_in(bob).get(QUEUE).content.decode()


def test_a_lead_of_another_team_is_not_claimed(charlie, handoff):
    assert act(signed_in(charlie), "claim", handoff).status_code == 403


def test_queue_costs_the_same_queries_whatever_was_decided_or_claimed(alice, bob, team):
    client = signed_in(alice)

    def queries() -> int:
        for _ in range(2):
            claim(handoff=HandoffFactory(team=team), by=bob, at=timezone.now())
            accept(handoff=HandoffFactory(team=team), by=alice, at=timezone.now())
        return query_count(client, QUEUE)

    assert queries() == queries()
