"""Runs as a ledger: what is to be scored, who works on which range, and what is done.

Celery only carries "work on run N". A worker takes a free chunk by a conditional UPDATE and holds a
lease on it, so that a killed worker, a lost message, a second beat or a double delivery loses
nothing and repeats nothing.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from leads.models import Organisation, User
from leads.models.fields import day_of
from scoring.engine.levels import LeadRange
from scoring.models import Rulebook, ScoringChunk, ScoringRun
from scoring.outages import DATABASE_ERRORS, wait_until_back, was_deadlock, was_lost
from scoring.promotion import demote_batch, promote_batch
from scoring.ranges import all_ranges
from scoring.repeat import BATCH as SIGNAL_BATCH
from scoring.repeat import customers_again, signal_batch
from scoring.rescoring import Clock, Job, job_of, rescore_range
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.versions import published
from scoring.staleness import Standard, due_ranges

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
MAX_ATTEMPTS = 3
# The database went away so often in the middle of one chunk: then it may be the chunk that brings it down.
MAX_INTERRUPTIONS = 10

State, ChunkState, Kind = ScoringRun.State, ScoringChunk.State, ScoringRun.Kind
ACTIVE = (State.PENDING, State.RUNNING)


class LeaseLost(Exception):
    """Another worker has taken the chunk over: our work on it is rolled back."""


def request_run(
    *,
    kind: ScoringRun.Kind,
    at: datetime,
    day: date | None = None,
    full: bool = False,
    by: User | None = None,
) -> ScoringRun:
    """Write a run of the published rulebook into the ledger. Raises NothingPublished.

    The run pins its rulebook and its day. It has a chunk for each range with a lead that is due, or with
    any lead where it is `full`; a publication always is. Of any day but today it is full, too, and neither
    promotes nor demotes.
    """
    return join_or_request_run(kind=kind, at=at, day=day, full=full, by=by)[0]


def join_or_request_run(
    *,
    kind: ScoringRun.Kind,
    at: datetime,
    day: date | None = None,
    full: bool = False,
    by: User | None = None,
) -> tuple[ScoringRun, bool]:
    """The run asked for, and whether it is new: while such a one is active, nothing new is written.

    Such a one: of the same kind, day and rulebook, and as full. Raises NothingPublished; and IntegrityError
    where there has been a nightly run of the day, which is never made again.
    """
    today = day_of(at)
    is_today = day in (None, today)
    asked = {
        "kind": kind,
        "day": day or today,
        "rulebook": published(),
        "full": full or kind == Kind.PUBLISH or not is_today,
        "promotes": is_today,
    }
    active = ScoringRun.objects.filter(state__in=ACTIVE, **asked).exclude(kind__in=(Kind.NIGHTLY, Kind.LIVE))
    if run := active.first():
        return run, False
    try:
        with transaction.atomic():
            run = ScoringRun.objects.create(**asked, requested_at=at, requested_by=by)
            ScoringChunk.objects.bulk_create(
                ScoringChunk(run=run, first_lead=leads.first, last_lead=leads.last)
                for leads in _ranges(run, today)
            )
    except IntegrityError:  # somebody else was a moment faster, and the database let only one through
        if run := active.first():
            return run, False
        raise
    return run, True


def _ranges(run: ScoringRun, today: date) -> list[LeadRange]:
    if run.full:
        return all_ranges()
    assert run.rulebook.number is not None  # it is published
    return due_ranges(Standard(today, run.rulebook.number))


# Working on a run ----------------------------------------------------------------------------------------------------


def work_on(run_id: int, *, clock: Clock = timezone.now, until: datetime | None = None) -> ScoringRun:
    """Take chunks of the run until none is free, or until the time is up, then end the run if it can be ended."""
    run = ScoringRun.objects.select_related("rulebook").get(pk=run_id)
    ScoringRun.objects.filter(pk=run_id, state=State.PENDING).update(state=State.RUNNING, started_at=clock())
    try:
        job = job_of(run)
    except RulebookError as error:
        # It was whole when it was published: a type of field or activity that it names is gone or changed.
        _close(run, State.FAILED, clock(), error=str(error))
        return run
    while until is None or clock() < until:
        try:
            if not _step(job, clock):
                break
        except DATABASE_ERRORS as error:
            if was_lost(error):
                wait_until_back()
            elif not was_deadlock(error):
                raise
    run.refresh_from_db()
    return run


def _step(job: Job, clock: Clock) -> bool:
    """Work on the next free chunk, or end the run; False once there is nothing left for us to do."""
    if _stop_if_superseded(job.run, clock()):
        return False
    chunk = _take(job.run, clock())
    if chunk is None:
        _end(job, clock)
        return False
    _work_on_chunk(job, chunk, clock)
    return True


def see_through(run_id: int) -> ScoringRun:
    """Work on the run until it has ended, whoever else works on it too."""
    run = work_on(run_id)
    while run.state in ACTIVE:  # a worker has joined in and holds a chunk
        time.sleep(0.2)
        run = work_on(run_id)
    return run


def _take(run: ScoringRun, at: datetime) -> ScoringChunk | None:
    """The next free chunk, ours by a lease; one whose worker has not been heard of counts as free."""
    if not ScoringRun.objects.filter(pk=run.pk, state=State.RUNNING).exists():
        return None
    _give_up(run, at)
    token = uuid.uuid4()
    for pk in _free(run, at).order_by("first_lead").values_list("pk", flat=True)[:20]:
        taken = (
            _free(run, at)
            .filter(pk=pk)
            .update(
                state=ChunkState.TAKEN, lease_token=token, leased_until=at + LEASE, attempts=F("attempts") + 1
            )
        )
        if taken:
            return ScoringChunk.objects.get(pk=pk)
    return None


def _free(run: ScoringRun, at: datetime) -> QuerySet[ScoringChunk]:
    expired = Q(state=ChunkState.TAKEN, leased_until__lte=at)
    return run.chunks.filter(Q(state=ChunkState.FREE) | expired, attempts__lt=MAX_ATTEMPTS)


def _give_up(run: ScoringRun, at: datetime) -> None:
    run.chunks.filter(state=ChunkState.TAKEN, leased_until__lte=at, attempts__gte=MAX_ATTEMPTS).update(
        state=ChunkState.FAILED, error=f"Begun {MAX_ATTEMPTS} times, and no worker came back."
    )


def _work_on_chunk(job: Job, chunk: ScoringChunk, clock: Clock) -> None:
    try:
        _score_chunk(job, chunk, clock)
    except LeaseLost:
        logger.warning("%s of %s was taken over by another worker", chunk, job.run)
    except Exception as error:  # the ledger is the edge: one bad range must not stop the others
        logger.exception("%s of %s failed", chunk, job.run)
        _give_back(chunk, error)


def _give_back(chunk: ScoringChunk, error: Exception) -> None:
    """Free the chunk for another attempt, if it has one left. An outage of the database does not count as one."""
    interrupted = was_lost(error)
    if interrupted:
        wait_until_back()
    is_excused = interrupted and chunk.interruptions < MAX_INTERRUPTIONS
    is_last = chunk.attempts >= MAX_ATTEMPTS and not is_excused
    ScoringChunk.objects.filter(pk=chunk.pk, lease_token=chunk.lease_token, state=ChunkState.TAKEN).update(
        state=ChunkState.FAILED if is_last else ChunkState.FREE,
        attempts=F("attempts") - int(is_excused),
        interruptions=F("interruptions") + int(interrupted),
        error=f"{type(error).__name__}: {error}"[:2000],
    )


@transaction.atomic
def _score_chunk(job: Job, chunk: ScoringChunk, clock: Clock) -> None:
    """One range, in one transaction with the word that it is done."""
    leads = LeadRange(chunk.first_lead, chunk.last_lead)
    outcome = rescore_range(job, leads, full=job.run.full, clock=clock)
    done = ScoringChunk.objects.filter(
        pk=chunk.pk, state=ChunkState.TAKEN, lease_token=chunk.lease_token
    ).update(
        state=ChunkState.DONE,
        done_at=clock(),
        scored=outcome.scored,
        changed=outcome.changed,
        error="",
    )
    if not done:
        raise LeaseLost


# Ending a run --------------------------------------------------------------------------------------------------------


def _stop_if_superseded(run: ScoringRun, at: datetime) -> bool:
    """A run of an older rulebook, or of an earlier day, stops: what it would write is out of date already."""
    later = Q(rulebook__number__gt=run.rulebook.number)
    if run.promotes:
        later |= Q(rulebook=run.rulebook_id, day__gt=run.day, promotes=True)
    # A live run looks only at what was changed: it stands in for nobody.
    newer = ScoringRun.objects.filter(later).exclude(state__in=(State.FAILED, State.CANCELLED))
    newer = newer.exclude(kind=Kind.LIVE)
    if not newer.exists():
        return False
    _close(run, State.SUPERSEDED, at)
    return True


def _close(run: ScoringRun, state: ScoringRun.State, at: datetime, *, error: str = "") -> None:
    ScoringRun.objects.filter(pk=run.pk, state__in=ACTIVE).update(state=state, ended_at=at, error=error)
    run.refresh_from_db()


def _end(job: Job, clock: Clock) -> None:
    """Promote, demote and close the run, once no chunk is left. Whoever comes second finds nothing to do."""
    run = job.run
    if run.chunks.filter(state__in=(ChunkState.FREE, ChunkState.TAKEN)).exists():
        return  # somebody else is at it; if they never come back, their lease runs out
    if run.promotes:
        while _promote_once(job, clock()):
            pass
        _signal_customers(job, clock)
    failed = run.chunks.filter(state=ChunkState.FAILED)
    totals = run.chunks.aggregate(scored=Sum("scored"), changed=Sum("changed"))
    ScoringRun.objects.filter(pk=run.pk, state=State.RUNNING).update(
        state=State.FAILED if failed.exists() else State.DONE,
        ended_at=clock(),
        scored=totals["scored"] or 0,
        changed=totals["changed"] or 0,
        error="\n".join(f"{chunk}: {chunk.error}" for chunk in failed[:20]),
    )


def _signal_customers(job: Job, clock: Clock) -> None:
    """Tell owners which customers qualify again. Selected by state: what a crash leaves undone, the next run does."""
    again = customers_again(compiled=job.compiled, version=job.version)
    for start in range(0, len(again), SIGNAL_BATCH):
        lead_ids = again[start : start + SIGNAL_BATCH]
        signal_batch(run=job.run, compiled=job.compiled, lead_ids=lead_ids, at=clock())


@transaction.atomic
def _promote_once(job: Job, at: datetime) -> bool:
    """One batch of promotions or demotions, counted in the same transaction; False once there is nothing left."""
    run = ScoringRun.objects.select_for_update(of=("self",)).get(pk=job.run.pk)
    if run.state != State.RUNNING:
        return False
    if run.kind in (Kind.NIGHTLY, Kind.MANUAL):
        demoted = demote_batch(run=run, form=job.compiled.form, at=at)
        if demoted:
            ScoringRun.objects.filter(pk=run.pk).update(demoted=F("demoted") + demoted)
            return True
    limit = Organisation.current().effective_promotion_limit()
    left = None if limit is None else max(limit - run.promoted, 0)
    outcome = promote_batch(run=run, compiled=job.compiled, version=job.version, at=at, limit=left)
    ScoringRun.objects.filter(pk=run.pk).update(
        promoted=F("promoted") + outcome.promoted, left_over=outcome.left_over
    )
    return outcome.promoted > 0 and (left is None or outcome.promoted < left)


# What is due ---------------------------------------------------------------------------------------------------------


def request_nightly_if_due(*, at: datetime) -> ScoringRun | None:
    """Tonight's run, if its hour has come and nobody has asked for it. Also catches up after an outage."""
    local = timezone.localtime(at, timezone.get_default_timezone())
    if local.hour < Organisation.current().nightly_hour or not _is_published():
        return None
    if ScoringRun.objects.filter(kind=Kind.NIGHTLY, day=local.date()).exists():
        return None
    try:
        return request_run(kind=Kind.NIGHTLY, at=at)
    except IntegrityError:  # a second beat was a moment faster: one nightly run a date
        return None


def _is_published() -> bool:
    return Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).exists()


def runs_to_work_on(*, at: datetime) -> list[int]:
    """Active runs that wait for a worker: with a free chunk, an expired lease, or nothing left but to be ended."""
    runs = ScoringRun.objects.filter(state__in=ACTIVE).order_by("pk")
    held = Q(chunks__state=ChunkState.TAKEN, chunks__leased_until__gt=at)
    waiting = [run.pk for run in runs if _free(run, at).exists()]
    idle = set(runs.exclude(held).values_list("pk", flat=True))
    return sorted({*waiting, *idle})
