from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.models import Role, User
from scoring.models import ScoringChunk, ScoringRun
from tests.factories import UserFactory

URL, RESCORE = "/rulebook/runs/", "/rulebook/runs/rescore/"
HTMX = {"HTTP_HX_REQUEST": "true"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.anydatabase)


@pytest.fixture
def marketer() -> User:
    return UserFactory(username="mara", role=Role.MARKETER)


@pytest.fixture
def signed_in(client: Client, marketer: User) -> Client:
    client.force_login(marketer)
    return client


def ended(book: Any, *, chunks: int = 1, **fields: Any) -> ScoringRun:
    now = timezone.now()
    run = ScoringRun.objects.create(
        rulebook=book,
        **{
            "kind": "manual",
            "state": "done",
            "day": now.date(),
            "started_at": now - timedelta(seconds=75),
            "ended_at": now,
            **fields,
        },
    )
    for number in range(chunks):
        ScoringChunk.objects.create(run=run, first_lead=number * 10, last_lead=number * 10 + 9)
    return run


def text_of(client: Client, url: str = URL, **extra: Any) -> str:
    return " ".join(client.get(url, **extra).content.decode().split())
