"""Two people at one draft."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import User
from scoring.models import Rulebook
from tests.scoring.views.editor.conftest import Send, points, save

pytestmark = pytest.mark.django_db


def test_a_conflict_names_both_values_and_offers_both(send: Send, draft: Rulebook, bob: User) -> None:
    save(draft, "rules.pricing.points", 5, by=bob)

    response = send(path="rules.pricing.points", value="7")

    assert response.status_code == 409
    text = response.content.decode()
    assert "Bob changed points of Pricing page from 20 to 5 just now; you typed 7." in text
    assert "Keep 5" in text and "Take 7" in text and 'value="7"' in text
    assert points("pricing") == 5


def test_mine_is_taken_once_theirs_was_seen(send: Send, draft: Rulebook, bob: User) -> None:
    save(draft, "rules.pricing.points", 5, by=bob)

    send(path="rules.pricing.points", value="7", seen=1, choice="mine")
    assert points("pricing") == 7
    kept = send(path="rules.pricing.points", value="9", seen=1, choice="keep")
    assert points("pricing") == 7
    assert "data-lf-answer" in kept.content.decode()


def test_an_edit_of_a_deleted_rule_can_bring_it_back(send: Send, draft: Rulebook, bob: User) -> None:
    gone = save(draft, "rules.pricing", None, by=bob)

    response = send(path="rules.pricing.points", value="7")
    text = response.content.decode()
    assert response.status_code == 409
    assert "Rule Pricing page deleted" in text and "Bring it back with yours" in text

    send(path="rules.pricing.points", value="7", seen=1, revive=gone.pk)
    assert points("pricing") == 7


def test_a_page_is_told_what_others_did_and_only_that(client: Client, draft: Rulebook, bob: User) -> None:
    url = reverse("scoring:editor_changes", args=[draft.pk])
    assert client.get(url, {"since": 0}).status_code == 204
    save(draft, "rules.pricing.points", 5, by=bob)

    response = client.get(url, {"since": 0}, headers={"HX-Request": "true"})

    text = response.content.decode()
    assert "Bob: Points of Pricing page: 20 to 5." in text
    assert 'id="rule-pricing"' in text and 'id="rule-demo"' not in text
    assert 'title="Changed by Bob"' in text
    assert "draft-changed" in response.headers["HX-Trigger"]


def test_nothing_new_costs_one_query_beside_the_sign_in(
    client: Client, draft: Rulebook, django_assert_num_queries: Any
) -> None:
    url = reverse("scoring:editor_changes", args=[draft.pk])
    client.get(url, {"since": 0})

    with django_assert_num_queries(4):  # session, user, roles, and the draft with its visitors
        assert client.get(url, {"since": 0}).status_code == 204


def test_who_else_is_here_is_said(client: Client, draft: Rulebook, bob: User) -> None:
    other = Client()
    other.force_login(bob)
    other.get(reverse("scoring:editor", args=[draft.pk]))

    response = client.get(reverse("scoring:editor_changes", args=[draft.pk]), {"since": 0, "here": ""})

    assert response.status_code == 200
    assert "Bob is here, too" in response.content.decode()


def test_a_draft_that_was_published_meanwhile_reloads_the_page(client: Client, draft: Rulebook) -> None:
    Rulebook.objects.filter(pk=draft.pk).update(state="published", number=1, published_at=timezone.now())

    response = client.get(reverse("scoring:editor_changes", args=[draft.pk]), {"since": 0})

    assert response.headers["HX-Refresh"] == "true"
