"""Beats that are killed, and beats that are too many."""

from __future__ import annotations

from collections.abc import Callable

from scoring.models import ScoringRun
from tests.scoring.faults.checks import assert_all_is_well
from tests.scoring.faults.conftest import Hold, expire_leases, wait_for_end
from tests.scoring.faults.dataset import lead_id
from tests.scoring.faults.processes import Broker, Crew
from tests.scoring.faults.test_workers import score_of
from tests.workers import wait_until

Holding = Callable[[str], Hold]


def tonights_run() -> ScoringRun:
    wait_until(ScoringRun.objects.filter(kind="nightly").exists, what="the nightly run")
    return ScoringRun.objects.get(kind="nightly")


def test_killed_beat_is_replaced_by_a_new_one(crew: Crew, hold: Holding) -> None:
    workers = crew.have_workers(1)
    held = hold(score_of(lead_id(100, of_range=5)))
    beat = crew.start_beat()
    run = tonights_run()
    held.catch()

    beat.kill()
    for worker in workers.values():  # so that only a beat can bring the run to its end
        worker.kill()
    held.release()
    expire_leases()
    crew.start_beat()  # with the file that the killed one has left
    crew.have_workers(1)
    wait_for_end(run)

    assert ScoringRun.objects.filter(kind="nightly").count() == 1
    assert_all_is_well()


def test_two_beats_make_one_nightly_run(crew: Crew, broker: Broker) -> None:
    crew.have_workers(2)
    beats = [crew.start_beat(place=place) for place in ("one", "two")]
    wait_for_end(tonights_run())
    # They go on asking, and get nothing more.
    wait_until(lambda: min(beat.ticks() for beat in beats) >= 3, what="three ticks of each")
    crew.stop_beats()
    wait_until(broker.is_empty, what="the last tick")

    assert ScoringRun.objects.filter(kind="nightly").count() == 1
    assert_all_is_well()
