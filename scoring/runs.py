"""Runs as a ledger: what is to be scored, who works on which range, and what is done.

Celery only carries "work on run N". A worker takes a free chunk by a conditional UPDATE and holds a
lease on it, so that a killed worker, a lost message, a second beat or a double delivery loses
nothing and repeats nothing.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from leads.conditions import Dialect, dialect_of
from leads.models import ChangeLogEntry, Lead, Organisation, User
from leads.models.fields import day_of
from scoring.engine.compiler import CompiledRulebook, LeadRange
from scoring.models import Rulebook, ScoringChunk, ScoringRun
from scoring.promotion import demote_batch, promote_batch
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of
from scoring.rulebook.versions import published

logger = logging.getLogger(__name__)

# Leads a chunk: PostgreSQL is slower a lead in smaller ranges (1.5 x at 10,000); on SQLite a chunk holds the
# only write lock, so that a web write waits for the whole of it.
CHUNK_SIZE = {Dialect.POSTGRESQL: 50_000, Dialect.SQLITE: 5_000}
LEASE = timedelta(minutes=10)
MAX_ATTEMPTS = 3
# The first half of the key of our advisory locks; the second is the number of the range.
_LOCK_CLASS = 0x5C0BE

State, ChunkState, Kind = ScoringRun.State, ScoringChunk.State, ScoringRun.Kind
ACTIVE = (State.PENDING, State.RUNNING)
Clock = Callable[[], datetime]


class LeaseLost(Exception):
    """Another worker has taken the chunk over: our work on it is rolled back."""


@dataclass(frozen=True)
class Job:
    """A run with what all its chunks share."""

    run: ScoringRun
    compiled: CompiledRulebook

    @property
    def version(self) -> int:
        assert self.run.rulebook.number is not None  # only published and retired ones are run
        return self.run.rulebook.number


def request_run(
    *, kind: ScoringRun.Kind, at: datetime, day: date | None = None, by: User | None = None
) -> ScoringRun:
    """Write a full run of the published rulebook into the ledger. Raises NothingPublished.

    The run pins its rulebook and its day. Of any day but today it neither promotes nor demotes.
    """
    today = day_of(at)
    with transaction.atomic():
        run = ScoringRun.objects.create(
            kind=kind,
            day=day or today,
            rulebook=published(),
            promotes=day in (None, today),
            requested_at=at,
            requested_by=by,
        )
        ScoringChunk.objects.bulk_create(
            ScoringChunk(run=run, first_lead=first, last_lead=last) for first, last in _ranges()
        )
    return run


def _ranges() -> list[tuple[int, int]]:
    """Ranges of ids with leads in them. Their bounds are those of the locks, whatever run they belong to."""
    size = CHUNK_SIZE[dialect_of(connection)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT id / %s AS number FROM leads_lead ORDER BY number", [size])
        return [(number * size, number * size + size - 1) for (number,) in cursor.fetchall()]


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
        if _stop_if_superseded(run, clock()):
            break
        chunk = _take(run, clock())
        if chunk is None:
            _end(job, clock)
            break
        _work_on_chunk(job, chunk, clock)
    run.refresh_from_db()
    return run


def see_through(run_id: int) -> ScoringRun:
    """Work on the run until it has ended, whoever else works on it too."""
    run = work_on(run_id)
    while run.state in ACTIVE:  # a worker has joined in and holds a chunk
        time.sleep(0.2)
        run = work_on(run_id)
    return run


def job_of(run: ScoringRun) -> Job:
    """The run with its rulebook compiled. Raises RulebookError."""
    return Job(run, CompiledRulebook(form_of(run.rulebook), cast("date", run.day)))


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
        is_last = chunk.attempts >= MAX_ATTEMPTS
        ScoringChunk.objects.filter(
            pk=chunk.pk, lease_token=chunk.lease_token, state=ChunkState.TAKEN
        ).update(
            state=ChunkState.FAILED if is_last else ChunkState.FREE,
            error=f"{type(error).__name__}: {error}"[:2000],
        )


@transaction.atomic
def _score_chunk(job: Job, chunk: ScoringChunk, clock: Clock) -> None:
    """One range, in one transaction. The order of its steps is what keeps late commits from being missed."""
    run, leads = job.run, LeadRange(chunk.first_lead, chunk.last_lead)
    lock_range(leads.first)
    ChangeLogEntry.objects.filter(lead_id__range=(leads.first, leads.last)).delete()
    # A statement of its own: its snapshot is newer than the one that saw which changes were logged.
    changed = job.compiled.score(
        leads, version=job.version, run=run.pk, today=day_of(clock()), is_ordinary=run.promotes
    )
    if not run.promotes:
        _mark_stale(leads)
    done = ScoringChunk.objects.filter(
        pk=chunk.pk, state=ChunkState.TAKEN, lease_token=chunk.lease_token
    ).update(
        state=ChunkState.DONE,
        done_at=clock(),
        scored=Lead.objects.filter(pk__range=(leads.first, leads.last)).count(),
        changed=changed,
        error="",
    )
    if not done:
        raise LeaseLost


def lock_range(lead_id: int) -> None:
    """Until the transaction ends, nobody else scores the range that the lead is in."""
    if dialect_of(connection) == Dialect.SQLITE:
        return  # an IMMEDIATE transaction is alone with the database
    with connection.cursor() as cursor:
        number = lead_id // CHUNK_SIZE[Dialect.POSTGRESQL]
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, number])


def _mark_stale(leads: LeadRange) -> None:
    """The scores of another day say nothing about today: the next run of today looks at every lead."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_changelogentry (lead_id) SELECT id FROM leads_lead WHERE id BETWEEN %s AND %s",
            [leads.first, leads.last],
        )


# Ending a run --------------------------------------------------------------------------------------------------------


def _stop_if_superseded(run: ScoringRun, at: datetime) -> bool:
    """A run of an older rulebook, or of an earlier day, stops: what it would write is out of date already."""
    later = Q(rulebook__number__gt=run.rulebook.number)
    if run.promotes:
        later |= Q(rulebook=run.rulebook_id, day__gt=run.day, promotes=True)
    newer = ScoringRun.objects.filter(later).exclude(state__in=(State.FAILED, State.CANCELLED))
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
    failed = run.chunks.filter(state=ChunkState.FAILED)
    totals = run.chunks.aggregate(scored=Sum("scored"), changed=Sum("changed"))
    ScoringRun.objects.filter(pk=run.pk, state=State.RUNNING).update(
        state=State.FAILED if failed.exists() else State.DONE,
        ended_at=clock(),
        scored=totals["scored"] or 0,
        changed=totals["changed"] or 0,
        error="\n".join(f"{chunk}: {chunk.error}" for chunk in failed[:20]),
    )


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
