from __future__ import annotations

import pytest
from django.test import Client
from django.urls import get_resolver

from leads.models import Role
from tests.factories import UserFactory


def addresses_of_rows() -> list[str]:
    """Every address with a row's id in it, with one that no row can have."""
    found = []
    for prefix in ("leads/", "queue/", "rulebook/", "reports/"):
        found += [route for route in _routes(get_resolver().url_patterns, "") if route.startswith(prefix)]
    return [route.replace("<row:pk>", "9" * 20) for route in found if "<" in route]


def _routes(patterns, prefix):
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


@pytest.mark.django_db
@pytest.mark.parametrize("address", addresses_of_rows())
def test_an_id_that_no_row_can_have_is_not_found(address: str) -> None:
    client = Client()
    client.force_login(UserFactory(role=Role.MANAGER))

    assert client.get(f"/{address}").status_code == 404
