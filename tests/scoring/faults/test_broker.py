"""Redis that goes away and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from leads.models import User
from scoring.models import ScoringRun
from tests.scoring.faults.checks import assert_all_is_well
from tests.scoring.faults.conftest import wait_for_end
from tests.scoring.faults.dataset import RANGES, lead_id
from tests.scoring.faults.processes import Broker, Crew
from tests.scoring.faults.test_workers import Holding, Night, chunks, score_of
from tests.scoring.faults.visitor import Visitor
from tests.workers import wait_until


@pytest.fixture
def mended_broker(broker: Broker) -> Iterator[Broker]:
    """Alive again after the test, whatever became of it."""
    yield broker
    if not broker.is_alive():
        broker.start()


def test_gone_during_a_run_and_back(crew: Crew, mended_broker: Broker, night: Night, hold: Holding) -> None:
    """The worker finishes what it is at, finds the new broker by itself, and takes messages again."""
    workers = crew.have_workers(1)
    held = hold(score_of(lead_id(100, of_range=5)))
    run = night()
    worker = workers[held.catch()]

    mended_broker.kill()
    wait_until(lambda: "Connection to broker lost" in worker.said(), what="the worker's notice")
    held.release()
    wait_for_end(run)  # without a broker
    mended_broker.start()

    assert set(run.chunks.values_list("attempts", flat=True)) == {1}
    assert all(process.is_alive() for process in workers.values())
    assert_all_is_well()


def test_run_asked_for_while_it_is_gone(crew: Crew, mended_broker: Broker) -> None:
    """Who asks gets an answer; worker and beat come back by themselves, and make the run."""
    workers = crew.have_workers(1)
    visitor = Visitor(crew.web, User.objects.get(username="admin"))
    visitor.get("/rulebook/runs/")
    crew.start_beat()
    wait_until(lambda: ScoringRun.objects.filter(kind="nightly", state="done").exists(), what="the night")

    mended_broker.kill()
    begun = time.monotonic()
    page = visitor.post("/rulebook/runs/rescore/", leads="all")
    seconds = time.monotonic() - begun
    run = ScoringRun.objects.get(kind="manual")
    told = "are being rescored" in page, run.state
    time.sleep(1)  # beat tries, too
    mended_broker.start()
    wait_for_end(run)

    assert told == (True, "pending")
    assert seconds < 20
    assert all(process.is_alive() for process in [*workers.values(), *crew.beats])
    assert len(chunks(run, "done")) == RANGES
    assert_all_is_well()
