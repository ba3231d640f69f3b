from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from leads.models import ChangeLogEntry, Handoff, Lead, LeadScore, Organisation, Stage
from leads.news import leads_changed, tell_leads_changed
from leads.reference import install
from leads.triggers import erasing
from scoring import live, ranges
from scoring.models import ScoreChange, ScoringRun
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.rulebook.versions import publish
from scoring.runs import request_run, work_on
from scoring.tasks import rescore_changed, tick
from tests.factories import ActivityFactory, LeadFactory
from tests.scoring.conftest import NOW, Publish, activity, document, german
from tests.scoring.test_runs import allow_scoring, forbid_scoring
from tests.workers import ROOT, RealWorker, database_url, process_environment, wait_until

Kind, State = ScoringRun.Kind, ScoringRun.State
DEMO = activity("demo_request", 30, fast_track=True)


def drained(at: datetime = NOW) -> int:
    return live.drain(clock=lambda: at)


def test_demo_request_is_offered_at_once(publish_rules: Publish) -> None:
    publish_rules(DEMO)
    lead = ActivityFactory(code="demo_request", occurred_at=NOW).lead

    assert drained() == 1

    run = ScoringRun.objects.get()
    handoff = Handoff.objects.get(lead=lead)
    assert (handoff.state, handoff.fast_tracked, handoff.run) == (Handoff.State.WAITING, True, run.pk)
    assert (run.kind, run.state, run.scored, run.changed, run.promoted) == (Kind.LIVE, State.DONE, 1, 1, 1)
    assert not ChangeLogEntry.objects.exists()


def test_live_runs_of_a_day_are_one_row(publish_rules: Publish) -> None:
    publish_rules(DEMO)
    for hour in range(3):
        LeadFactory()
        drained(NOW + timedelta(hours=hour))
    LeadFactory()
    drained(NOW + timedelta(days=1))

    counts = ScoringRun.objects.order_by("pk").values_list("day", "scored", "ended_at")

    today = NOW.date()
    assert list(counts) == [
        (today, 3, NOW + timedelta(hours=2)),
        (today + timedelta(days=1), 1, NOW + timedelta(days=1)),
    ]


def test_live_run_is_of_the_local_date(publish_rules: Publish, settings: object) -> None:
    settings.TIME_ZONE = "Pacific/Kiritimati"  # type: ignore[attr-defined]
    publish_rules(german(5))
    LeadFactory()

    drained(datetime(2026, 3, 10, 11, tzinfo=UTC))

    assert ScoringRun.objects.get().day == date(2026, 3, 11)


def test_only_leads_in_the_change_log_are_scored(publish_rules: Publish) -> None:
    publish_rules(activity("page_view", 5, window_days=1))
    over, changed = ActivityFactory(occurred_at=NOW).lead, LeadFactory()
    drained()
    tomorrow = NOW + timedelta(days=1)
    ActivityFactory(lead=changed, occurred_at=tomorrow)

    assert drained(tomorrow) == 1

    scores = {score.pk: score.engagement for score in LeadScore.objects.all()}
    assert scores == {over.pk: 5, changed.pk: 5}  # the first one is the night's


def test_nothing_to_do_is_one_query(
    publish_rules: Publish, django_assert_num_queries: Callable[[int], Iterator[None]]
) -> None:
    publish_rules(german(5))

    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert drained() == 0
    assert not ScoringRun.objects.exists()


def test_without_a_rulebook_changes_wait(db: None) -> None:
    lead = LeadFactory()

    assert drained() == 0
    assert list(ChangeLogEntry.objects.values_list("lead_id", flat=True)) == [lead.pk]


def test_an_import_of_good_leads_is_offered_up_to_the_limit_of_the_day(publish_rules: Publish) -> None:
    publish_rules(german(20))
    Organisation.objects.update(promotion_limit=2)
    for _ in range(2):
        [LeadFactory(country="DE") for _ in range(3)]
        drained()

    assert Handoff.objects.count() == 2
    assert ScoringRun.objects.get().promoted == 2


def test_whoever_raises_a_hand_is_offered_beyond_the_limit(publish_rules: Publish) -> None:
    publish_rules(german(20), DEMO)
    Organisation.objects.update(promotion_limit=0)
    LeadFactory(country="DE")
    eager = ActivityFactory(code="demo_request", occurred_at=NOW).lead

    drained()

    assert [handoff.lead for handoff in Handoff.objects.all()] == [eager]


def test_what_a_night_left_over_stays_with_the_night(publish_rules: Publish) -> None:
    publish_rules(german(20))
    Organisation.objects.update(promotion_limit=0)
    LeadFactory(country="DE")
    work_on(request_run(kind=Kind.MANUAL, at=NOW).pk, clock=lambda: NOW)
    LeadFactory(country="US")

    drained()

    assert not Handoff.objects.exists()


def test_held_lead_comes_back_by_a_new_demo_request(publish_rules: Publish) -> None:
    publish_rules(DEMO)
    hold = {"hold_until": NOW.date() + timedelta(days=90), "evidence_after": NOW - timedelta(days=1)}
    old, new = (LeadFactory(stage=Stage.RECYCLED, **hold) for _ in range(2))
    for lead, age in ((old, 2), (new, 0)):
        ActivityFactory(lead=lead, code="demo_request", occurred_at=NOW - timedelta(days=age))

    drained()

    assert list(Handoff.objects.values_list("lead_id", flat=True)) == [new.pk]


def test_newest_change_goes_first(publish_rules: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BATCH", 1)
    publish_rules(german(5))
    leads = [LeadFactory() for _ in range(3)]
    ActivityFactory(lead=leads[1])

    assert drained() == 3

    order = list(ScoreChange.objects.order_by("pk").values_list("lead_id", flat=True))
    assert order == [leads[1].pk, leads[2].pk, leads[0].pk]


def test_leads_of_several_ranges_are_scored_apart(
    publish_rules: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "RANGE_SIZE", dict.fromkeys(ranges.RANGE_SIZE, 2))
    publish_rules(german(5))
    for _ in range(5):
        LeadFactory(country="DE")

    assert drained() == 5
    assert LeadScore.objects.filter(fit=5).count() == 5


def test_lead_that_cannot_be_scored_holds_up_no_other(publish_rules: Publish) -> None:
    publish_rules(german(20))
    good, bad, better = (LeadFactory(country="DE") for _ in range(3))
    with connection.cursor() as cursor:
        forbid_scoring(cursor, bad.pk)

    assert drained() == 2

    run = ScoringRun.objects.get()
    assert (run.state, run.scored, run.promoted) == (State.FAILED, 2, 2)
    assert f"lead {bad.pk}: " in run.error
    assert "no score for you" in run.error
    assert set(ChangeLogEntry.objects.values_list("lead_id", flat=True)) == {bad.pk}
    assert set(LeadScore.objects.values_list("pk", flat=True)) == {good.pk, better.pk}


def test_next_drain_forgets_what_is_mended(publish_rules: Publish) -> None:
    publish_rules(german(20))
    bad = LeadFactory(country="DE")
    with connection.cursor() as cursor:
        forbid_scoring(cursor, bad.pk)
        drained()
        allow_scoring(cursor)

    drained()

    run = ScoringRun.objects.get()
    assert (run.state, run.error, run.scored) == (State.DONE, "", 1)


def test_rulebook_that_has_become_unreadable_is_told(publish_rules: Publish) -> None:
    book = publish_rules(german(5))
    with erasing():  # the database refuses it otherwise
        book.rules.get().conditions.update(field="attributes.gone")
    LeadFactory()

    assert drained() == 0

    run = ScoringRun.objects.get()
    assert run.state == State.FAILED
    assert "no field “attributes.gone”" in run.error
    assert ChangeLogEntry.objects.exists()


def test_scores_of_a_newer_rulebook_stand_and_the_change_stays_logged(publish_rules: Publish) -> None:
    """A run that began by an older version takes a lead from the log whose score it may not replace."""
    publish_rules(german(5))
    lead = LeadFactory(country="DE")
    old = request_run(kind=Kind.MANUAL, at=NOW)
    work_on(old.pk, clock=lambda: NOW)
    LeadScore.objects.update(rulebook_version=2, fit=7, total=7)
    ActivityFactory(lead=lead)

    work_on(request_run(kind=Kind.MANUAL, at=NOW).pk, clock=lambda: NOW)

    assert LeadScore.objects.get().fit == 7
    assert ChangeLogEntry.objects.filter(lead_id=lead.pk).exists()


def test_late_run_of_yesterday_loses_no_change_of_today(publish_rules: Publish) -> None:
    publish_rules(activity("page_view", 5))
    lead = LeadFactory()
    late = request_run(kind=Kind.MANUAL, at=NOW)
    tomorrow = NOW + timedelta(days=1)
    drained(tomorrow)
    ActivityFactory(lead=lead, occurred_at=tomorrow)

    assert work_on(late.pk, clock=lambda: tomorrow).state == State.DONE  # a live run supersedes nobody

    assert drained(tomorrow) == 1
    assert LeadScore.objects.get().engagement == 5


@pytest.mark.postgres
def test_who_comes_second_leaves_it_to_the_first(publish_rules: Publish) -> None:
    publish_rules(german(5))
    LeadFactory()

    with psycopg.connect(database_url(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s, 0)", [live._LOCK])
        assert drained() == 0
        other.execute("SELECT pg_advisory_unlock(%s, 0)", [live._LOCK])
        assert drained() == 1
        ((is_free,),) = other.execute("SELECT pg_try_advisory_lock(%s, 0)", [live._LOCK]).fetchall()
        assert is_free


# The nudge -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    sent: list[object] = []
    monkeypatch.setattr(rescore_changed, "apply_async", lambda **options: sent.append(options))
    return sent


def test_news_is_sent_after_the_commit(
    db: None, nudges: list[object], django_capture_on_commit_callbacks: Callable[..., Iterator[object]]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        tell_leads_changed()
        assert nudges == []

    assert len(nudges) == 1


def test_import_of_leads_and_activities_nudges(
    db: None,
    nudges: list[object],
    tmp_path: Path,
    django_capture_on_commit_callbacks: Callable[..., Iterator[object]],
) -> None:
    leads, activities = tmp_path / "leads.csv", tmp_path / "activities.csv"
    leads.write_text("email\nann@x.example\n")
    activities.write_text("email,type,occurred_at\nann@x.example,demo_request,2026-03-10T12:00:00Z\n")

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        call_command("import_leads", str(leads), "--dry-run")
    assert nudges == []
    for command, file in (("import_leads", leads), ("import_activities", activities)):
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            call_command(command, str(file))

    assert len(nudges) == 2


def test_broker_that_is_down_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(**options: object) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(rescore_changed, "apply_async", refuse)

    with caplog.at_level(logging.WARNING):
        leads_changed.send(sender=None)

    assert "the minutely tick will see to it" in caplog.text


def test_tick_nudges_while_something_is_logged(publish_rules: Publish, nudges: list[object]) -> None:
    Organisation.objects.update(nightly_hour=23)
    publish_rules(german(5))

    tick()
    LeadFactory()
    tick()

    assert len(nudges) == 1


# Real workers --------------------------------------------------------------------------------------------------------


@pytest.fixture
def published_rules(transactional_db: None) -> None:
    install()
    form = read_form(document(DEMO, german(5)), vocabulary())
    publish(book=save_draft(form=form, by=None), note="Test", at=timezone.now(), origin="test")


@pytest.mark.slow
@pytest.mark.realworker
def test_imported_demo_request_waits_in_the_queue_within_seconds(
    published_rules: None, real_worker: RealWorker, tmp_path: Path
) -> None:
    lead: Lead = LeadFactory(email="ann@x.example")
    file = tmp_path / "activities.csv"
    file.write_text(f"email,type,occurred_at\nann@x.example,demo_request,{timezone.now().isoformat()}\n")

    call_command("import_activities", str(file))

    wait_until(
        lambda: Handoff.objects.filter(lead=lead, state=Handoff.State.WAITING).exists(),
        what="the handoff",
    )
    assert ScoringRun.objects.get().kind == Kind.LIVE


@pytest.mark.slow
def test_import_succeeds_while_the_broker_is_down(published_rules: None, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("email\nann@x.example\n")
    environment = {**process_environment(), "REDIS_URL": "redis://127.0.0.1:1/0"}

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "import_leads", str(file)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert "the minutely tick will see to it" in done.stderr
    assert Lead.objects.get().email == "ann@x.example"
