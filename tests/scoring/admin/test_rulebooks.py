from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import Role
from scoring.models import Rule, Rulebook
from tests.factories import UserFactory
from tests.scoring.conftest import Publish, draft_of, german

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(publish_rules: Publish) -> list[Rulebook]:
    """A published one and a draft."""
    return [publish_rules(german(20)), draft_of(german(10))]


@pytest.mark.parametrize("role", [Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR])
def test_rulebooks_are_only_looked_at_in_the_admin(books: list[Rulebook], role: Role) -> None:
    """Their own pages record who changed what, and withdraw the signatures."""
    client = Client()
    client.force_login(UserFactory(role=role))

    for book in books:
        for name, row in (("rulebook", book), ("rule", Rule.objects.get(rulebook=book))):
            change = reverse(f"admin:scoring_{name}_change", args=[row.pk])
            assert client.get(change).status_code == 200
            assert client.post(change, {"name": "X", "points": 1}).status_code == 403
            assert client.post(reverse(f"admin:scoring_{name}_delete", args=[row.pk])).status_code == 403
    for name in ("rulebook", "rule"):
        assert client.get(reverse(f"admin:scoring_{name}_add")).status_code == 403
        assert client.get(reverse(f"admin:scoring_{name}_changelist")).status_code == 200
    assert list(Rule.objects.order_by("pk").values_list("points", flat=True)) == [20, 10]
    assert Rulebook.objects.count() == 2


def test_list_links_the_page_of_each(books: list[Rulebook]) -> None:
    client = Client()
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))

    page = client.get(reverse("admin:scoring_rulebook_changelist")).content.decode()

    assert reverse("scoring:version", args=[books[1].pk]) in page
