"""What workers are told: ask the ledger what is due, and work on a run."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from scoring import runs

# Well below the time limit of tasks: a worker that stops by itself leaves no lease behind.
WORKING_TIME = timedelta(minutes=8)


@shared_task
def tick() -> None:
    """Each minute: is tonight's run due and absent, does a run wait for a worker, is a lease expired?"""
    now = timezone.now()
    runs.request_nightly_if_due(at=now)
    for run_id in runs.runs_to_work_on(at=now):
        work_on_run.delay(run_id)


@shared_task
def work_on_run(run_id: int) -> None:
    """Work on a run until nothing is free; what is left after the working time, the next tick hands out."""
    runs.work_on(run_id, until=timezone.now() + WORKING_TIME)
