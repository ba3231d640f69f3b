from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import Role, User
from scoring.models import Rule, Rulebook, RulebookEvent
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.editing import Edit, apply_edit
from tests.factories import UserFactory
from tests.scoring.rulebook.test_document import EXAMPLE

Send = Callable[..., Any]


@pytest.fixture
def alice() -> User:
    return UserFactory(first_name="Alice", role=Role.MARKETER)


@pytest.fixture
def bob() -> User:
    return UserFactory(first_name="Bob", role=Role.MARKETER)


@pytest.fixture
def draft(alice: User) -> Rulebook:
    return create_draft(document=EXAMPLE, by=alice, at=timezone.now())


@pytest.fixture
def client(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def send(client: Client, draft: Rulebook) -> Send:
    """Post to an address of the draft as the editor's script does."""

    def send(name: str = "edit", *, seen: int = 0, since: int = 0, **data: Any) -> Any:
        data = {"seen": seen, "since": since, **data}
        return client.post(reverse(f"scoring:{name}", args=[draft.pk]), data, headers={"HX-Request": "true"})

    return send


def save(draft: Rulebook, path: str, value: Any, *, by: User, seen: int = 0) -> RulebookEvent:
    saved = apply_edit(draft=draft.pk, edit=Edit(path, value, seen), by=by, at=timezone.now())
    assert saved.event
    return saved.event


def points(key: str) -> int:
    return Rule.objects.get(key=key).points
