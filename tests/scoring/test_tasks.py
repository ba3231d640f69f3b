from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from leads.models import Handoff, LeadScore, Organisation
from leads.reference import install
from scoring import tasks
from scoring.models import ScoringRun
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.rulebook.versions import publish
from scoring.runs import LEASE, request_run
from scoring.tasks import tick, work_on_run
from tests.factories import LeadFactory
from tests.scoring.conftest import Publish, document, german
from tests.workers import RealWorker, wait_until

State = ScoringRun.State


def test_beat_asks_every_minute() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["scoring-tick"]

    assert (entry["task"], entry["schedule"]) == (tick.name, 60.0)


def test_tick_starts_the_nightly_run_and_hands_out_what_waits(
    publish_rules: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_out: list[int] = []
    monkeypatch.setattr(work_on_run, "delay", handed_out.append)
    Organisation.objects.update(nightly_hour=0)
    publish_rules(german(20))
    LeadFactory()

    tick()

    run = ScoringRun.objects.get(kind="nightly")
    assert handed_out == [run.pk]


def test_task_works_on_the_run_and_is_harmless_twice(publish_rules: Publish) -> None:
    publish_rules(german(20))
    lead = LeadFactory(country="DE")
    run = request_run(kind=ScoringRun.Kind.NIGHTLY, at=timezone.now())

    for _ in range(2):
        work_on_run(run.pk)

    run.refresh_from_db()
    assert (run.state, run.scored, run.promoted) == (State.DONE, 1, 1)
    assert Handoff.objects.get(lead=lead).run == run.pk


def test_what_is_left_after_the_working_time_goes_on_with_the_next_message(
    publish_rules: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_on: list[int] = []
    monkeypatch.setattr(work_on_run, "delay", handed_on.append)
    monkeypatch.setattr(tasks, "WORKING_TIME", timedelta(0))
    publish_rules(german(20))
    LeadFactory()
    run = request_run(kind=ScoringRun.Kind.NIGHTLY, at=timezone.now())

    work_on_run(run.pk)
    assert handed_on == [run.pk]

    monkeypatch.setattr(tasks, "WORKING_TIME", timedelta(minutes=1))
    work_on_run(run.pk)
    run.refresh_from_db()
    assert (run.state, handed_on) == (State.DONE, [run.pk])


# Real workers --------------------------------------------------------------------------------------------------------


@pytest.fixture
def many_leads(transactional_db: None) -> int:
    """Leads of many ranges, so that a worker is at it for a while."""
    install()
    form = read_form(document(german(5)), vocabulary())
    publish(book=save_draft(form=form, by=None), note="Test", at=timezone.now(), origin="test")
    for _ in range(30):
        LeadFactory(country="DE")
    return 30


@pytest.mark.slow
@pytest.mark.realworker
def test_real_worker_scores_all_leads(many_leads: int, real_worker: RealWorker) -> None:
    run = request_run(kind=ScoringRun.Kind.NIGHTLY, at=timezone.now())

    work_on_run.delay(run.pk)

    wait_until(lambda: ScoringRun.objects.get(pk=run.pk).state == State.DONE, what="the run")
    assert LeadScore.objects.filter(fit=5).count() == many_leads


@pytest.mark.slow
@pytest.mark.realworker
def test_run_of_a_killed_worker_is_ended_by_the_next(
    many_leads: int, start_worker: Callable[[], RealWorker]
) -> None:
    run = request_run(kind=ScoringRun.Kind.NIGHTLY, at=timezone.now())
    start_worker().kill()
    # As a worker leaves it that was killed within a chunk, a lease ago.
    ScoringRun.objects.filter(pk=run.pk).update(state=State.RUNNING, started_at=run.requested_at)
    run.chunks.update(
        state="taken",
        attempts=1,
        lease_token="00000000-0000-0000-0000-000000000001",
        leased_until=timezone.now() - LEASE,
    )
    Organisation.objects.update(nightly_hour=23)
    start_worker()

    tick()

    wait_until(lambda: ScoringRun.objects.get(pk=run.pk).state == State.DONE, what="the run")
    assert LeadScore.objects.count() == many_leads
