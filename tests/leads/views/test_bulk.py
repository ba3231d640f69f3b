from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.handoff import bulk
from leads.handoff.decisions import accept
from leads.models import Handoff, Lead, Stage
from tests.factories import HandoffFactory, LeadFactory
from tests.leads.views.conftest import HTMX, signed_in
from tests.leads.views.test_queue import shown

CHOSEN = reverse("leads:handoffs_decide")


@pytest.fixture
def three(team) -> list[Handoff]:
    leads = [LeadFactory(first_name=name, last_name="", stage=Stage.MQL) for name in ("Anna", "Bela", "Cleo")]
    return [HandoffFactory(lead=lead, team=team) for lead in leads]


def decide(client, handoffs, headers=HTMX, **data):
    return client.post(
        CHOSEN, {"handoff": [getattr(one, "pk", one) for one in handoffs], **data}, headers=headers
    )


def told(response) -> list[str]:
    """What is said to have happened to each."""
    block = response.content.decode().partition('class="lf-bulk-answer"')[2].partition("</section>")[0]
    return [re.sub(r"<[^>]*>", "", item).strip() for item in re.findall(r"<li>(.*?)</li>", block, re.DOTALL)]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_each_is_decided_on_its_own_and_the_answer_says_what_became_of_each(
    alice, bob, charlie, three, headers
):
    lost, foreign, free = three
    accept(handoff=lost, by=bob, at=timezone.now())
    Handoff.objects.filter(pk=foreign.pk).update(team=charlie.team)

    response = decide(signed_in(alice), [*three, 999_999], action="accept", headers=headers)

    assert response.status_code == 200
    words = told(response)
    assert re.match(r"Anna was accepted by Bob at .*; nothing was changed\.", words[0])
    assert words[1:] == [
        "Bela is offered to others; you cannot decide it.",
        "One of them is no longer there.",
        "Cleo is yours now.",
    ]
    assert "1 of 4 accepted" in response.content.decode()
    assert list(Handoff.objects.order_by("pk").values_list("state", "decided_by")) == [
        ("accepted", bob.pk),
        ("waiting", None),
        ("accepted", alice.pk),
    ]
    assert Lead.objects.get(pk=free.lead_id).owner == alice


def test_a_selection_is_rejected_for_one_reason_and_taken_back_at_once(alice, three):
    client = signed_in(alice)

    rejected = decide(client, three, reason="competitor", note="All of one rival")

    assert shown(rejected) == []
    assert set(Handoff.objects.values_list("state", "reason__key", "note")) == {
        ("rejected", "competitor", "All of one rival")
    }
    undone = decide(client, three, action="undo")
    assert sorted(shown(undone)) == ["Anna", "Bela", "Cleo"]
    assert "3 of 3 taken back" in undone.content.decode()
    again = decide(client, three, action="undo")
    assert told(again)[0] == "There is no decision on Anna to undo; nothing was changed."


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"action": "accept", "handoff": []}, "Choose one lead or more first"),
        ({"action": "accept", "handoff": ["1", "x\0"]}, "is no lead of the queue"),
        ({"action": "accept", "handoff": ["9" * 19]}, "is no lead of the queue"),
        ({"action": "accept", "handoff": [str(pk) for pk in range(201)]}, "At most 200 leads"),
        ({"action": "explode"}, "Choose what to do with the leads"),
        ({}, "Choose what to do with the leads"),
        ({"reason": "nonsense"}, "This reason is not in use"),
        ({"action": "reject"}, "Choose a reason"),
        ({"reason": "other", "note": " "}, "needs a note"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words_and_nothing_is_decided(alice, three, data, complaint):
    ids = data.get("handoff", [one.pk for one in three])

    response = decide(signed_in(alice), ids, **{name: data[name] for name in data if name != "handoff"})

    assert response.status_code == 422
    assert complaint in response.content.decode()
    assert Handoff.objects.waiting().count() == 3


def test_what_was_refused_stays_chosen_with_its_note(alice, three):
    text = decide(signed_in(alice), three[:1], reason="nonsense", note="Why not").content.decode()

    assert "Why not</textarea>" in text
    checked = re.findall(r'value="(\d+)"[^>]*data-lf-select\s+checked', text)
    assert checked == [str(three[0].pk)]


def test_a_manager_gives_a_selection_to_somebody_and_a_rep_does_not(alice, manager, three):
    given = decide(signed_in(manager), three, action="reassign", to=f"user:{alice.pk}")
    nobody = decide(signed_in(manager), three, action="reassign", to="user:0")
    refused = decide(signed_in(alice), three, action="reassign", to="shared")

    assert "3 of 3 reassigned" in given.content.decode()
    assert (nobody.status_code, refused.status_code) == (422, 403)
    assert set(Handoff.objects.values_list("assignee", flat=True)) == {alice.pk}


def test_a_selection_by_those_who_decide_nothing_without_login_and_by_other_methods(client, marketer, three):
    assert decide(signed_in(marketer), three, action="accept").status_code == 403
    assert decide(client, three, action="accept").url.startswith(reverse("login"))
    assert signed_in(marketer).get(CHOSEN).status_code == 405


def test_the_most_at_once_is_what_is_decided(alice, three, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 3)

    assert decide(signed_in(alice), three, action="accept").status_code == 200
