"""Live rescoring: leads with new facts are scored, and offered, within seconds of the change.

Everything to do stands in the change log, so a nudge carries nothing, several of them are as good as
one, and a lost one is made good by the next, or by the minutely tick. Newest changes go first: whoever
has just asked for a demo does not wait for an import that is being scored.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from leads.models import ChangeLogEntry, LeadScore, Organisation
from leads.models.fields import day_of
from scoring import promotion
from scoring.models import Rulebook, ScoringRun
from scoring.outages import DATABASE_ERRORS, was_deadlock
from scoring.ranges import range_of
from scoring.repeat import customers_again, signal_batch
from scoring.rescoring import Clock, Job, job_of, rescore_logged
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.versions import NothingPublished, published

logger = logging.getLogger(__name__)

# Leads a transaction, which scores and promotes them: as many as one batch of promotions, so that
# leads are locked in one order only.
BATCH = promotion.BATCH
_MOST_FAILURES = 20  # then it is not the leads
_LOCK = 0x5C0BF


def is_pending() -> bool:
    """Whether some lead has changed since it was scored."""
    return ChangeLogEntry.objects.exists()


def drain(*, clock: Clock = timezone.now, until: datetime | None = None, gather: float = 0) -> int:
    """Score and promote the leads in the change log until it is empty or the time is up; returns how many.

    Where somebody else is at it already, they do it. `gather`: seconds to wait first, for what comes
    together to be scored together.
    """
    scored = 0
    if not is_pending():
        return scored
    work = _Drain(clock)
    while work.has_more() and (until is None or clock() < until):
        with _alone() as is_alone:
            if not is_alone:
                break
            time.sleep(gather)
            scored += work.through(until)
        # Whoever came while we were alone has gone again: look once more after the lock is free.
    return scored


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether we are the only one who drains. SQLite needs no lock: its write transactions take turns."""
    if connection.vendor == "sqlite":
        yield True
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [_LOCK])
        (is_alone,) = cursor.fetchone()
        try:
            yield is_alone
        finally:
            if is_alone and connection.is_usable():  # else the lock went with the connection
                cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [_LOCK])


class _Drain:
    """Batch after batch of the change log, newest first, past leads that cannot be scored."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.failed: dict[int, str] = {}
        self.is_stuck = False  # there is no rulebook to score by
        self._job: Job | None = None

    def has_more(self) -> bool:
        return not self.is_stuck and len(self.failed) < _MOST_FAILURES and bool(self._next())

    def through(self, until: datetime | None) -> int:
        """Until the log is empty, or the time is up. Returns how many leads were scored."""
        scored = 0
        while self.has_more() and (until is None or self.clock() < until):
            job = self._current_job()
            if job is None:
                self.is_stuck = True
                return scored
            scored += self._rescore(job, self._next())
        self._close()
        return scored

    def _next(self) -> list[int]:
        """A batch of the leads that changed last, all of one range."""
        log = ChangeLogEntry.objects.exclude(lead_id__in=list(self.failed)).order_by("-pk")
        newest = dict.fromkeys(log.values_list("lead_id", flat=True)[: 4 * BATCH])
        if not newest:
            return []
        leads = range_of(next(iter(newest)))
        return [lead_id for lead_id in newest if leads.first <= lead_id <= leads.last][:BATCH]

    def _current_job(self) -> Job | None:
        """Today's live run of the published rulebook, compiled; None where there is nothing to score by."""
        today = day_of(self.clock())
        try:
            book = published()
            if self._job is None or (self._job.run.rulebook_id, self._job.run.day) != (book.pk, today):
                self._job = job_of(_run_of(book, today, self.clock()))
        except NothingPublished:
            return None
        except RulebookError as error:
            logger.error("Live rescoring waits for another rulebook: %s", error)
            _tell(_run_of(book, today, self.clock()), self.clock(), error=str(error))
            return None
        return self._job

    def _rescore(self, job: Job, lead_ids: Sequence[int]) -> int:
        """Score the leads; where the database refuses, by halves, until it is known which lead it is."""
        try:
            return self._rescore_at_once(job, lead_ids)
        except DATABASE_ERRORS as error:
            if was_deadlock(error):
                return 0  # the leads are in the log still: the next batch is the same
            raise  # the database is away, or busy; the next drain starts anew
        except Exception as error:
            if len(lead_ids) > 1:
                half = len(lead_ids) // 2
                return self._rescore(job, lead_ids[:half]) + self._rescore(job, lead_ids[half:])
            logger.exception("lead %s cannot be rescored", lead_ids[0])
            self.failed[lead_ids[0]] = f"lead {lead_ids[0]}: {type(error).__name__}: {error}"[:500]
            return 0

    @transaction.atomic
    def _rescore_at_once(self, job: Job, lead_ids: Sequence[int]) -> int:
        outcome = rescore_logged(job, lead_ids, clock=self.clock)
        promoted = self._offer(job, lead_ids)
        if again := customers_again(compiled=job.compiled, version=job.version, only=lead_ids):
            signal_batch(run=job.run, compiled=job.compiled, lead_ids=again, at=self.clock())
        ScoringRun.objects.filter(pk=job.run.pk).update(
            scored=F("scored") + outcome.scored,
            changed=F("changed") + outcome.changed,
            promoted=F("promoted") + promoted,
            ended_at=self.clock(),
        )
        return outcome.scored

    def _offer(self, job: Job, lead_ids: Sequence[int]) -> int:
        """Whoever raised a hand is offered at once. The others share a day's limit with what came before them, so that
        an import of many good leads does not flood sales; what is over waits for the night."""
        at = self.clock()
        raised = set(
            LeadScore.objects.filter(pk__in=lead_ids, fast_tracked=True).values_list("pk", flat=True)
        )
        limit = Organisation.current().effective_promotion_limit()
        before = ScoringRun.objects.values_list("promoted", flat=True).get(pk=job.run.pk)
        left = None if limit is None else max(limit - before, 0)
        promoted = 0
        promotion.lock_candidates(version=job.version, only=lead_ids)
        for only, most in ((raised, None), (set(lead_ids) - raised, left)):
            promoted += promotion.promote_batch(
                run=job.run, compiled=job.compiled, version=job.version, at=at, limit=most, only=only
            ).promoted
        return promoted

    def _close(self) -> None:
        if self._job is not None:
            _tell(self._job.run, self.clock(), error="\n".join(self.failed.values()))


def _run_of(book: Rulebook, day: date, at: datetime) -> ScoringRun:
    """The one live run of a day and a rulebook: a row for each change would drown the others."""
    kind = ScoringRun.Kind.LIVE
    with transaction.atomic():
        run = ScoringRun.objects.filter(kind=kind, day=day, rulebook=book).order_by("pk").first()
        return run or ScoringRun.objects.create(
            kind=kind,
            day=day,
            rulebook=book,
            full=False,
            state=ScoringRun.State.DONE,
            requested_at=at,
            started_at=at,
            ended_at=at,
        )


def _tell(run: ScoringRun, at: datetime, *, error: str) -> None:
    """A live run is as well as its last drain, which meets all that went wrong before."""
    state = ScoringRun.State.FAILED if error else ScoringRun.State.DONE
    ScoringRun.objects.filter(pk=run.pk).update(state=state, error=error, ended_at=at)
