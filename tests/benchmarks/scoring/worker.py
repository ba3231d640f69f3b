"""A worker process of the benchmark: one order a line, one answer a line.

It runs the product's own task, as a Celery worker would; only the clock is set, so that a benchmark
of today and one of tomorrow see the same data.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Worker:
    """The other end of the pipe."""

    process: subprocess.Popen[str]

    def tell(self, **order: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("A worker of the benchmark died; its error is above.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, **order: Any) -> dict[str, Any]:
        self.tell(**order)
        return self.answer()


@contextmanager
def workers(count: int) -> Iterator[list[Worker]]:
    command = [sys.executable, "-m", "tests.benchmarks.scoring.worker"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    try:
        yield [Worker(process) for process in processes]
    finally:
        for process in processes:
            process.communicate()


def main() -> None:
    import django

    django.setup()
    for line in sys.stdin:
        print(json.dumps(obey(json.loads(line))), flush=True)


def obey(order: dict[str, Any]) -> dict[str, Any]:
    """Work on a run that is there, or ask for one first, on a day of the benchmark; seconds of either."""
    import time_machine
    from django.utils import timezone

    from scoring.models import ScoringRun
    from scoring.runs import request_run, runs_to_work_on
    from scoring.tasks import work_on_run
    from tests.benchmarks.scoring.world import noon

    at = noon(order["days"])
    with time_machine.travel(at, tick=True):
        began = time.perf_counter()
        run_id = order.get("run")
        if run_id is None:
            run_id = request_run(kind=ScoringRun.Kind.MANUAL, at=at, full=order["full"]).pk
        asked = time.perf_counter()
        work_on_run(run_id)
        # What is left after a message's working time, the next message goes on with; nobody hands out any here.
        while run_id in runs_to_work_on(at=timezone.now()):
            work_on_run(run_id)
        done = time.perf_counter()
    run = ScoringRun.objects.get(pk=run_id)
    return {
        "seconds": done - began,
        "asking": asked - began,
        "scored": run.scored,
        "changed": run.changed,
        "chunks": run.chunks.count(),
        "state": run.state,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadfunnel.settings")
    main()
