from __future__ import annotations

from datetime import date

import pytest

from leadfunnel.demo.seeding import Seeded, seed
from leadfunnel.demo.world import Plan

TODAY = date(2026, 11, 18)  # a Wednesday


def plan(leads: int = 400, *, seed_number: int = 1, activities: int = 12) -> Plan:
    return Plan(leads=leads, seed=seed_number, today=TODAY, activities=activities)


@pytest.fixture
def seeded(db) -> Seeded:
    """The demo with 400 leads, as it stands before today's run."""
    return seed(plan())
