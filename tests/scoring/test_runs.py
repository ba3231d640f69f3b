from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from leads.models import ChangeLogEntry, LeadScore, Organisation
from leads.triggers import erasing
from scoring import ranges, runs
from scoring.models import ScoreChange, ScoringChunk, ScoringRun
from scoring.rescoring import job_of
from scoring.rulebook.versions import NothingPublished
from scoring.runs import LEASE, MAX_ATTEMPTS, request_nightly_if_due, request_run, runs_to_work_on, work_on
from tests.factories import ActivityFactory, LeadFactory
from tests.scoring.conftest import NOW, Publish, activity, german

TODAY = NOW.date()
Kind, State = ScoringRun.Kind, ScoringRun.State


def rescored(at: datetime = NOW, day: date | None = None, *, full: bool = False) -> ScoringRun:
    return work_on(request_run(kind=Kind.MANUAL, at=at, day=day, full=full).pk, clock=lambda: at)


def test_run_scores_every_lead_and_empties_the_change_log(publish_rules: Publish) -> None:
    publish_rules(german(5))
    leads = [LeadFactory(country=country) for country in ("DE", "US", "")]

    run = rescored()

    assert (run.state, run.scored, run.changed) == (State.DONE, 3, 3)
    assert [LeadScore.objects.get(pk=lead.pk).fit for lead in leads] == [5, 0, 0]
    assert not ChangeLogEntry.objects.exists()


def test_second_full_run_changes_nothing_and_keeps_the_day_of_the_write(publish_rules: Publish) -> None:
    publish_rules(german(5))
    lead = LeadFactory(country="DE")
    rescored()

    run = rescored(at=NOW + timedelta(days=1), full=True)

    assert (run.scored, run.changed) == (1, 0)
    assert LeadScore.objects.get(pk=lead.pk).day == TODAY
    assert ScoreChange.objects.filter(lead=lead).count() == 1


def test_new_version_rewrites_rows_and_logs_only_changed_points(publish_rules: Publish) -> None:
    publish_rules(german(5))
    lead = LeadFactory(country="DE")
    rescored()
    publish_rules(german(5), activity("page_view", 3))

    run = rescored()

    assert run.changed == 1
    assert LeadScore.objects.get(pk=lead.pk).rulebook_version == 2
    assert ScoreChange.objects.filter(lead=lead).count() == 1


def test_without_a_published_rulebook_there_is_no_run(db: None) -> None:
    with pytest.raises(NothingPublished, match="rulebook import FILE --publish"):
        request_run(kind=Kind.MANUAL, at=NOW)


def test_run_without_leads_is_done(publish_rules: Publish) -> None:
    publish_rules()

    assert rescored().state == State.DONE


def test_ranges_cover_all_leads_without_overlap(
    publish_rules: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "RANGE_SIZE", dict.fromkeys(ranges.RANGE_SIZE, 2))
    publish_rules(german(5))
    leads = [LeadFactory() for _ in range(5)]

    run = request_run(kind=Kind.MANUAL, at=NOW)

    for lead in leads:
        assert run.chunks.filter(first_lead__lte=lead.pk, last_lead__gte=lead.pk).count() == 1
    assert work_on(run.pk, clock=lambda: NOW).scored == 5


# Another day ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-30, 30])
def test_run_of_another_day_writes_its_scores_and_marks_all_leads_stale(
    days: int, publish_rules: Publish
) -> None:
    publish_rules(activity("page_view", 20, window_days=7))
    lead = LeadFactory()
    ActivityFactory(lead=lead, occurred_at=NOW)
    rescored()
    other = TODAY + timedelta(days=days)

    run = rescored(day=other)

    score = LeadScore.objects.get(pk=lead.pk)
    assert (score.engagement, score.day, run.promoted) == (0, other, 0)
    assert list(ChangeLogEntry.objects.order_by("pk").values_list("lead_id", flat=True)) == [lead.pk]
    assert score.below_since is None


@pytest.mark.parametrize("days", [-30, 30])
def test_run_of_today_sets_another_day_right_again(days: int, publish_rules: Publish) -> None:
    publish_rules(activity("page_view", 20, window_days=7))
    lead = LeadFactory()
    ActivityFactory(lead=lead, occurred_at=NOW)
    rescored(day=TODAY + timedelta(days=days))

    rescored()

    score = LeadScore.objects.get(pk=lead.pk)
    assert (score.engagement, score.day, score.valid_until) == (20, TODAY, TODAY + timedelta(days=7))
    assert not ChangeLogEntry.objects.exists()


def test_late_run_does_not_replace_the_scores_of_a_later_day(publish_rules: Publish) -> None:
    publish_rules(activity("page_view", 20, window_days=7))
    lead = LeadFactory()
    ActivityFactory(lead=lead, occurred_at=NOW - timedelta(days=6))
    late = request_run(kind=Kind.MANUAL, at=NOW)
    tomorrow = NOW + timedelta(days=1)
    rescored(at=tomorrow)

    run = work_on(late.pk, clock=lambda: tomorrow)

    assert run.state == State.SUPERSEDED
    assert LeadScore.objects.get(pk=lead.pk).engagement == 0


def test_run_of_an_older_rulebook_stops_at_its_next_chunk(publish_rules: Publish) -> None:
    publish_rules(german(5))
    LeadFactory()
    old = request_run(kind=Kind.MANUAL, at=NOW)
    publish_rules(german(7))
    request_run(kind=Kind.PUBLISH, at=NOW)

    assert work_on(old.pk, clock=lambda: NOW).state == State.SUPERSEDED
    assert not LeadScore.objects.exists()


# Leases --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def taken(publish_rules: Publish) -> ScoringChunk:
    """The only chunk of a run, held by a worker that has gone silent."""
    publish_rules(german(5))
    LeadFactory(country="DE")
    run = request_run(kind=Kind.MANUAL, at=NOW)
    ScoringRun.objects.filter(pk=run.pk).update(state=State.RUNNING, started_at=NOW)
    run.chunks.update(state="taken", lease_token=uuid.uuid4(), leased_until=NOW + LEASE, attempts=1)
    return run.chunks.get()


def test_chunk_of_another_worker_is_left_alone_and_the_run_stays_open(taken: ScoringChunk) -> None:
    run = work_on(taken.run_id, clock=lambda: NOW)

    assert (run.state, run.scored) == (State.RUNNING, 0)
    assert runs_to_work_on(at=NOW) == []


def test_expired_lease_is_taken_over(taken: ScoringChunk) -> None:
    later = NOW + LEASE

    assert runs_to_work_on(at=later) == [taken.run_id]
    assert work_on(taken.run_id, clock=lambda: later).state == State.DONE
    assert ScoringChunk.objects.get(pk=taken.pk).attempts == 2


def test_chunk_that_no_worker_survives_is_given_up(taken: ScoringChunk) -> None:
    ScoringChunk.objects.filter(pk=taken.pk).update(attempts=MAX_ATTEMPTS)

    run = work_on(taken.run_id, clock=lambda: NOW + LEASE)

    assert run.state == State.FAILED
    assert "no worker came back" in run.error


def test_work_done_after_the_lease_was_lost_is_rolled_back(taken: ScoringChunk) -> None:
    run = ScoringRun.objects.get(pk=taken.run_id)
    job = job_of(run)
    ScoringChunk.objects.filter(pk=taken.pk).update(lease_token=uuid.uuid4())

    with pytest.raises(runs.LeaseLost):
        runs._score_chunk(job, taken, lambda: NOW)

    assert not LeadScore.objects.exists()
    assert ChangeLogEntry.objects.exists()


def test_failed_chunk_is_retried_and_reported_and_stops_no_other(
    publish_rules: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "RANGE_SIZE", dict.fromkeys(ranges.RANGE_SIZE, 1))
    publish_rules(german(5))
    good, bad = LeadFactory(country="DE"), LeadFactory(country="DE")
    with connection.cursor() as cursor:  # a score that no statement can replace
        forbid_scoring(cursor, bad.pk)

    run = rescored()

    assert run.state == State.FAILED
    assert "no score for you" in run.error
    assert run.chunks.get(state="failed").attempts == MAX_ATTEMPTS
    assert LeadScore.objects.get().pk == good.pk


def forbid_scoring(cursor: object, lead_id: int) -> None:
    if connection.vendor == "sqlite":
        for event in ("INSERT", "UPDATE"):
            cursor.execute(  # type: ignore[attr-defined]
                f"CREATE TRIGGER forbidden_{event} BEFORE {event} ON leads_leadscore"
                f" WHEN NEW.lead_id = {lead_id} BEGIN SELECT RAISE(ABORT, 'no score for you'); END"
            )
        return
    cursor.execute(  # type: ignore[attr-defined]
        "CREATE FUNCTION forbidden() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no score for you'; END $$"
    )
    cursor.execute(  # type: ignore[attr-defined]
        "CREATE TRIGGER forbidden BEFORE INSERT OR UPDATE ON leads_leadscore FOR EACH ROW"
        f" WHEN (NEW.lead_id = {lead_id}) EXECUTE FUNCTION forbidden()"
    )


def allow_scoring(cursor: object) -> None:
    """Ends what `forbid_scoring` began."""
    if connection.vendor == "sqlite":
        for event in ("INSERT", "UPDATE"):
            cursor.execute(f"DROP TRIGGER forbidden_{event}")  # type: ignore[attr-defined]
        return
    cursor.execute("DROP TRIGGER forbidden ON leads_leadscore")  # type: ignore[attr-defined]


def test_run_of_a_rulebook_that_has_become_unreadable_fails_with_the_reason(publish_rules: Publish) -> None:
    book = publish_rules(german(5))
    run = request_run(kind=Kind.MANUAL, at=NOW)
    with erasing():  # the database refuses it otherwise
        book.rules.get().conditions.update(field="attributes.gone")

    run = work_on(run.pk, clock=lambda: NOW)

    assert run.state == State.FAILED
    assert "no field “attributes.gone”" in run.error


# The nightly run -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hour", "is_due"), [(1, False), (2, True), (23, True)])
def test_nightly_run_is_due_from_its_hour_on(hour: int, is_due: bool, publish_rules: Publish) -> None:
    publish_rules(german(5))
    Organisation.objects.update(nightly_hour=2)

    run = request_nightly_if_due(at=NOW.replace(hour=hour))

    assert (run is not None) == is_due


def test_there_is_one_nightly_run_a_local_date(publish_rules: Publish) -> None:
    publish_rules(german(5))

    first, second = (request_nightly_if_due(at=NOW) for _ in range(2))
    tomorrow = request_nightly_if_due(at=NOW + timedelta(days=1))

    assert first is not None
    assert second is None
    assert tomorrow is not None


def test_nightly_hour_is_that_of_the_time_zone(publish_rules: Publish, settings: object) -> None:
    settings.TIME_ZONE = "America/Los_Angeles"  # type: ignore[attr-defined]
    publish_rules(german(5))
    Organisation.objects.update(nightly_hour=2)

    assert request_nightly_if_due(at=datetime(2026, 3, 11, 6, 30, tzinfo=UTC)) is not None
    run = ScoringRun.objects.get()
    assert run.day == date(2026, 3, 10)


def test_nothing_is_due_without_a_published_rulebook(db: None) -> None:
    assert request_nightly_if_due(at=NOW) is None
