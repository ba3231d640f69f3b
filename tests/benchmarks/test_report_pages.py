"""The benchmark of report pages, on so few leads that it only shows that it still runs. Nothing is timed."""

from __future__ import annotations

from typing import Any

import pytest

from reports.catalogue import all_reports
from reports.store.folding import fold
from tests.benchmarks.reports import pages, world
from tests.benchmarks.reports.side import Side

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


class InThisProcess:
    """A side that needs no process of its own."""

    def __init__(self) -> None:
        self._side = Side()

    def ask(self, **order: Any) -> Any:
        return self._side.obey(order)


def test_benchmark_measures_the_page_and_a_list_of_every_report(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.load(300)
    fold()
    monkeypatch.setattr(pages, "PERIODS", ("last_12_months",))
    monkeypatch.setattr(pages, "CHOICES", ({},))
    side = InThisProcess()

    pages.measure(side, side, repeats=1)

    printed = capsys.readouterr().out
    for report in all_reports():
        assert f"{report.key}, p95 to an empty page" in printed
