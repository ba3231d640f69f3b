from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from leadfunnel.demo.seeding import Seeded, seed
from leadfunnel.demo.world import Plan

TODAY = date(2026, 11, 18)  # a Wednesday


def plan(leads: int = 400, *, seed_number: int = 1, activities: int = 12) -> Plan:
    return Plan(leads=leads, seed=seed_number, today=TODAY, activities=activities)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.anydatabase)


@pytest.fixture(scope="module")
def seeded_once(django_db_setup: None, django_db_blocker: Any) -> Iterator[Seeded]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield seed(plan())
        transaction.set_rollback(True)


@pytest.fixture
def seeded(seeded_once: Seeded, db: None) -> Seeded:
    """The demo with 400 leads, as it stands before today's run. What a test changes is undone after it."""
    return seeded_once
