"""The benchmark of scoring, on so few leads that it only shows that it still runs. Nothing is timed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from leads.models import Activity, LeadScore
from tests.benchmarks.scoring import measures, world
from tests.benchmarks.scoring.goals import Line, table
from tests.benchmarks.scoring.worker import obey

LEADS = 60


class InThisProcess:
    """A worker that needs no process of its own."""

    def ask(self, **order: Any) -> dict[str, Any]:
        return obey(order)

    def tell(self, **order: Any) -> None:
        self.told = order

    def answer(self) -> dict[str, Any]:
        return obey(self.told)


@pytest.fixture
def bench(transactional_db: None) -> measures.Bench:
    world.load(LEADS, 20)
    bench = measures.Bench(LEADS, 1, [InThisProcess(), InThisProcess()])  # type: ignore[list-item]
    measures.prepare(bench)
    return bench


@pytest.mark.slow
def test_benchmark_measures_every_goal(bench: measures.Bench) -> None:
    lines = [line for measure in measures.ALL for line in measure(bench)]

    counts = {line.name.strip(): line.figure for line in lines}
    assert LeadScore.objects.count() == LEADS
    assert Activity.objects.count() > LEADS * 20
    assert counts["rows written where nothing changed"] == 0
    assert counts["night: rows written beside those that changed"] == 0
    assert counts["an edit that changes every lead: rows"] == LEADS
    assert all(line.name in table("All", lines) for line in lines)


def test_load_leaves_the_database_as_guarded_as_it_was(transactional_db: None) -> None:
    before = guards()

    world.load(2, 2)

    assert guards() == before


def guards() -> list[Any]:
    asked = (
        "SHOW session_replication_role"
        if connection.vendor == "postgresql"
        else "SELECT sql FROM sqlite_master WHERE type = 'trigger' UNION SELECT * FROM pragma_foreign_keys ORDER BY 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return list(cursor.fetchall())


def test_line_says_whether_its_goal_is_met() -> None:
    assert [Line("a", 2, most=2).verdict, Line("a", 3, most=2).verdict] == ["met", "MISSED"]
    assert [Line("a", 2, least=2).verdict, Line("a", 1, least=2).verdict] == ["met", "MISSED"]
    assert Line("a", 1).verdict == ""
