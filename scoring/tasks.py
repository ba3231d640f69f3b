"""What workers are told: ask the ledger what is due, work on a run, rescore what has changed."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from scoring import live, runs

# Well below the time limit of tasks: a worker that stops by itself leaves no lease behind.
WORKING_TIME = timedelta(minutes=8)
# Seconds for which live rescoring waits for more of the same: a form sends a lead and an activity.
GATHER = 0.2
# Seconds after which a nudge is worth nothing: the tick has come by since.
NUDGE_EXPIRES = 90


@shared_task
def tick() -> None:
    """Each minute: is tonight's run due and absent, does a run wait for a worker, is a lease expired?"""
    now = timezone.now()
    runs.request_nightly_if_due(at=now)
    for run_id in runs.runs_to_work_on(at=now):
        work_on_run.delay(run_id)
    if live.is_pending():
        rescore_changed.apply_async(expires=NUDGE_EXPIRES)


@shared_task
def work_on_run(run_id: int) -> None:
    """Work on a run until nothing is free; what is left after the working time, the next tick hands out."""
    runs.work_on(run_id, until=timezone.now() + WORKING_TIME)


@shared_task
def rescore_changed() -> None:
    """Score and offer the leads in the change log. Any number of these do it once."""
    live.drain(until=timezone.now() + WORKING_TIME, gather=GATHER)
