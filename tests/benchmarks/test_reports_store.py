"""The benchmark of the store of reports, on so few leads that it only shows that it still runs. Nothing is timed."""

from __future__ import annotations

import pytest

from leads.models import Deal, Handoff, Lead, StageChange
from reports.models import Cell, StaleLead
from reports.store import rebuilding
from tests.benchmarks.reports import store, world

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
LEADS = 3000


@pytest.mark.django_db(transaction=True)
def test_the_world_is_one_that_can_be_and_its_store_is_right(monkeypatch):
    monkeypatch.setattr(rebuilding, "MANY", 1000)
    world.load(LEADS)

    assert Lead.objects.count() == LEADS
    # About 1.6 a lead, and every stage and state is there.
    assert 1.5 * LEADS < StageChange.objects.count() < 1.7 * LEADS
    assert StageChange.objects.order_by().values("to_stage").distinct().count() == 7
    assert Handoff.objects.order_by().values("state").distinct().count() == 4
    assert Deal.objects.order_by().values("state").distinct().count() == 3

    lines = store.measure(stale=50)

    assert [line.name for line in lines if not line.verdict] == [
        "promotion of 50 leads, with triggers",
        "fold of these",
        "verify",
    ]
    assert next(line for line in lines if line.name == "differences").verdict == "met"
    assert Cell.objects.exists()
    # What was promoted was taken back.
    assert not StaleLead.objects.exists()
