from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import Role
from tests.factories import UserFactory
from tests.scoring.conftest import Publish, activity, german

pytestmark = pytest.mark.django_db
URL = "/rulebook/live/"


@pytest.fixture
def signed_in(client: Client) -> Client:
    client.force_login(UserFactory(role=Role.REP))
    return client


def test_page_says_what_an_mql_is_and_each_rule_in_words(signed_in: Client, publish_rules: Publish) -> None:
    decay = {"kind": "linear", "percent": 25, "days": 30}
    publish_rules(
        german(20, name="Germany"),
        activity(
            "pricing_view", 15, name="Pricing", window_days=90, max_per_day=1, max_points=35, decay=decay
        ),
        activity("demo_request", 30, name="Demo asked for", count="once", fast_track=True),
        german(-5, name="Off rule", enabled=False),
        min_fit=10,
    )

    page = signed_in.get(URL, follow=True).content.decode()

    for words in (
        "A lead qualifies with a total of at least 20 and a fit of at least 10.",
        "It qualifies at once, whatever the total, by Demo asked for.",
        "Country is DE.",
        "Pricing viewed in the last 90 days. Each counts, at most 1 a day; loses 25 % of its points every 30 days.",
        "up to +35",
        "Switched off",
        "Version 1; 3 rules in use",
        "Unsigned, published by test",
        "40 or more",
        "20 to 49",
    ):
        assert words in page, words


def test_page_names_who_signed(signed_in: Client, publish_rules: Publish) -> None:
    ann, bob = UserFactory(username="ann", role=Role.MARKETER), UserFactory(username="bob", role=Role.MANAGER)

    publish_rules(german(20), signers=(ann, bob))

    assert "Signed by ann for marketing and bob for sales" in signed_in.get(URL, follow=True).content.decode()


def test_page_without_a_published_rulebook_says_how_to_publish_one(signed_in: Client) -> None:
    assert "No rulebook is published" in signed_in.get(URL, follow=True).content.decode()


def test_stranger_is_sent_to_the_login(client: Client) -> None:
    response = client.get(URL)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("login"))


def test_page_is_only_read(signed_in: Client) -> None:
    assert signed_in.post(URL).status_code == 405


def test_number_of_queries_does_not_grow_with_the_rules(signed_in: Client, publish_rules: Publish) -> None:
    publish_rules(german(1))  # so that both have one before them, with which they are compared
    counts = []
    for rules in (2, 20):
        publish_rules(*[german(1) for _ in range(rules)])
        with CaptureQueriesContext(connection) as queries:
            signed_in.get(URL, follow=True)
        counts.append(len(queries))

    assert counts[0] == counts[1]
