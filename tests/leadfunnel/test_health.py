from __future__ import annotations

import logging

import pytest
from django.db import OperationalError, connection
from django.urls import reverse
from kombu.exceptions import OperationalError as BrokerError

from leadfunnel import health
from leads.models import Organisation

pytestmark = pytest.mark.django_db


def test_healthz_is_open_and_well(client) -> None:
    response = client.get(reverse("healthz"))

    assert response.status_code == 200
    assert response.json() == {"database": "ok", "broker": "ok"}
    assert "no-store" in response.headers["Cache-Control"]


def test_healthz_names_the_database_and_logs_why(client, monkeypatch, caplog) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused by db.example.com")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    with caplog.at_level(logging.ERROR):
        response = client.get(reverse("healthz"))

    assert response.status_code == 503
    assert response.json() == {"database": "not ready", "broker": "ok"}
    assert "db.example.com" in caplog.text


def test_healthz_is_unwell_with_another_time_zone(client) -> None:
    Organisation.objects.update(time_zone="Asia/Tokyo")

    assert client.get(reverse("healthz")).json()["database"] == "not ready"


def test_healthz_names_the_broker(client, monkeypatch, settings) -> None:
    class Unreachable:
        def __enter__(self) -> None:
            raise BrokerError("Error 111 connecting to redis")

        def __exit__(self, *args: object) -> None: ...

    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(health.app, "connection_for_write", Unreachable)
    response = client.get(reverse("healthz"))

    assert response.status_code == 503
    assert response.json() == {"database": "ok", "broker": "not ready"}


def test_healthz_names_the_embedded_broker(client, settings, tmp_path) -> None:
    settings.REDIS_URL = ""
    settings.QUEUE_DIR = tmp_path / "missing"

    assert client.get(reverse("healthz")).json() == {"database": "ok", "broker": "not ready"}


def test_healthz_refuses_other_methods(client) -> None:
    assert client.post(reverse("healthz")).status_code == 405
