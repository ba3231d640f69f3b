"""What workers are told: ask the ledger what is due, work on a run, rescore what has changed."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from scoring import live, reviews, runs
from scoring.models import Study
from scoring.studies import ledger
from scoring.studies.working import work_on

# For so long a message is worked on before it is handed on: a worker that is told to stop ends its message first.
WORKING_TIME = timedelta(seconds=20)
# Seconds for which live rescoring waits for more of the same: a form sends a lead and an activity.
GATHER = 0.2
# Seconds after which a nudge is worth nothing: the tick has come by since.
NUDGE_EXPIRES = 90


@shared_task
def tick() -> None:
    """Each minute: is tonight's run due and absent, does a run or a study wait for a worker?"""
    now = timezone.now()
    runs.request_nightly_if_due(at=now)
    for run_id in runs.runs_to_work_on(at=now):
        work_on_run.delay(run_id)
    for study_id in ledger.studies_to_work_on(at=now):
        work_on_study.delay(study_id)
    if live.is_pending():
        rescore_changed.apply_async(expires=NUDGE_EXPIRES)
    reviews.remind_if_due(at=now)


@shared_task
def work_on_run(run_id: int) -> None:
    """Work on a run until nothing is free; what is left after the working time, the next message goes on with."""
    until = timezone.now() + WORKING_TIME
    runs.work_on(run_id, until=until)
    if timezone.now() >= until and run_id in runs.runs_to_work_on(at=timezone.now()):
        work_on_run.delay(run_id)


@shared_task
def work_on_study(study_id: int) -> None:
    """Work on a study until it is done; what is left after the working time, the next message goes on with."""
    if work_on(study_id, until=timezone.now() + WORKING_TIME):
        work_on_study.delay(study_id)


def hand_out(study: Study) -> None:
    """Tell a worker once the study is committed. Without a broker the next tick does."""
    # Not a partial: Django names the function when it logs that the broker is down.
    transaction.on_commit(lambda: work_on_study.delay(study.pk), robust=True)


@shared_task
def rescore_changed() -> None:
    """Score and offer the leads in the change log. Any number of these do it once."""
    until = timezone.now() + WORKING_TIME
    live.drain(until=until, gather=GATHER)
    if timezone.now() >= until and live.is_pending():
        rescore_changed.apply_async(expires=NUDGE_EXPIRES)
