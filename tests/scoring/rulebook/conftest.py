from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from leads.models import Role, User
from scoring.models import Rulebook
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.editing import Edit, Saved, apply_edit
from scoring.rulebook.keyed import keyed, value_at
from scoring.rulebook.rows import document_of
from tests.factories import UserFactory
from tests.scoring.rulebook.test_document import EXAMPLE

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def alice() -> User:
    return UserFactory(first_name="Alice", role=Role.MARKETER)


@pytest.fixture
def bob() -> User:
    return UserFactory(first_name="Bob", role=Role.MARKETER)


@pytest.fixture
def draft(alice: User) -> Rulebook:
    return create_draft(document=EXAMPLE, by=alice, at=NOW)


def edit(draft: Rulebook, path: str, value: Any, *, by: User, seen: int | None = None) -> Saved:
    if seen is None:
        seen = Rulebook.objects.get(pk=draft.pk).revision
    return apply_edit(draft=draft.pk, edit=Edit(path, value, seen), by=by, at=NOW)


def now(draft: Rulebook) -> Any:
    return keyed(document_of(Rulebook.objects.get(pk=draft.pk)))


def at(draft: Rulebook, path: str) -> Any:
    return value_at(now(draft), path)
