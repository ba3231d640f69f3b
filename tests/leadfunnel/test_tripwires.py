from __future__ import annotations

import socket
import urllib.request
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from leads.models import Lead, Organisation, Stage, StageChange
from leads.models.fields import day_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

urlpatterns = [path("leaky/", lambda request: HttpResponse("<p>{{ lead.name }}</p>"))]


def test_network_is_out_of_reach() -> None:
    with pytest.raises(RuntimeError, match="may not use the network"):
        urllib.request.urlopen("http://example.com/")

    with socket.socket() as outward, pytest.raises(RuntimeError, match="may not use the network"):
        outward.connect(("192.0.2.1", 80))


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_template_syntax_in_a_page_fails(settings) -> None:
    settings.MIDDLEWARE = []

    with pytest.raises(AssertionError, match="shows template syntax"):
        Client().get("/leaky/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round", [1, 2])
def test_history_of_a_test_with_transactions_is_emptied_after_it(round: int) -> None:
    assert not Lead.objects.exists()
    assert Organisation.objects.exists()

    lead = Lead.objects.create(email="ann@example.com", created_at=NOW)
    StageChange.objects.create(
        lead=lead, to_stage=Stage.LEAD, to_position=Stage.LEAD.position, occurred_at=NOW, day=day_of(NOW)
    )


@pytest.mark.django_db
def test_unordered_rows_come_reversed_on_sqlite() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite can be told to")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA reverse_unordered_selects")

        assert cursor.fetchone() == (1,)


def test_what_takes_long_comes_first(request) -> None:
    long = [bool({"realworker", "slow", "browser"} & set(item.keywords)) for item in request.session.items]

    assert long == sorted(long, reverse=True)
