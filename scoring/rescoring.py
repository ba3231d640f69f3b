"""One pass over a range of leads: what nights, publications and live rescoring have in common.

The order of its steps is what keeps late commits from being missed: lock the range, empty the change
log of its leads, and only then, in a statement of its own, compute and write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from leads.models import Lead
from leads.models.fields import day_of
from scoring.engine.compiler import CompiledRulebook, LeadRange, LeadSet
from scoring.engine.levels import Target
from scoring.models import ScoringRun
from scoring.ranges import lock_range, range_of
from scoring.rulebook.rows import form_of
from scoring.staleness import (
    Standard,
    ends_by,
    has_bounds,
    keep_bounds,
    log_again,
    outdated,
    take_logged,
    widen_bounds,
)

Clock = Callable[[], datetime]
# A lead that is looked up costs more than one of a whole range: from this share on a full pass is cheaper
# (PostgreSQL, 20 activities a lead, seconds for 100,000 leads: 25 % due 0.8, 50 % due 2.7, all 1.3 to 2.2).
FULL_PASS_SHARE = 1 / 3
_SMALL = 100  # so few that a look at the whole range is never cheaper


@dataclass(frozen=True)
class Job:
    """A run with what all its passes share."""

    run: ScoringRun
    compiled: CompiledRulebook

    @property
    def version(self) -> int:
        assert self.run.rulebook.number is not None  # only published and retired ones are run
        return self.run.rulebook.number

    @property
    def standard(self) -> Standard:
        return Standard(self.compiled.day, self.version)


@dataclass(frozen=True)
class Pass:
    """What a pass did: leads looked at, and rows written."""

    scored: int = 0
    changed: int = 0


def job_of(run: ScoringRun) -> Job:
    """The run with its rulebook compiled. Raises RulebookError."""
    return Job(run, CompiledRulebook(form_of(run.rulebook), cast("date", run.day)))


def rescore_range(job: Job, leads: LeadRange, *, full: bool, clock: Clock) -> Pass:
    """Score all leads of the range, or those that are due. The range is locked until the transaction ends."""
    lock_range(leads)
    logged = take_logged(leads)
    in_range = Lead.objects.filter(pk__range=(leads.first, leads.last)).count()
    due = set() if full else logged | outdated(leads, job.standard, of=in_range)
    if not full and not due:
        keep_bounds(leads)
        return Pass()
    is_full = full or _is_full_pass_cheaper(len(due), in_range)
    changed = _score(job, leads if is_full else LeadSet(sorted(due)), logged, clock)
    if changed or not has_bounds(leads):
        keep_bounds(leads)
    return Pass(in_range if is_full else len(due), changed)


def rescore_logged(job: Job, lead_ids: Collection[int], *, clock: Clock) -> Pass:
    """Score these leads, all of one range, for what the change log says of them."""
    leads = LeadSet(sorted(lead_ids))
    home = range_of(leads.ids[0])
    lock_range(home)
    found = take_logged(leads)
    changed = _score(job, leads, found, clock)
    if changed:
        widen_bounds(home, leads)
    return Pass(len(found), changed)


def _score(job: Job, target: Target, logged: set[int], clock: Clock) -> int:
    changed = job.compiled.score(
        target,
        version=job.version,
        run=job.run.pk,
        today=day_of(clock()),
        is_ordinary=job.run.promotes,
    )
    _log_what_stays_open(job, target, logged, clock)
    return changed


def _is_full_pass_cheaper(due: int, in_range: int) -> bool:
    return due > _SMALL and due > FULL_PASS_SHARE * in_range


def _log_what_stays_open(job: Job, target: Target, logged: set[int], clock: Clock) -> None:
    """Put back into the change log what this pass has taken out, or seen, and could not settle."""
    if not job.run.promotes:
        log_again(target)  # the scores of another day say nothing about today
        return
    today = day_of(clock())
    if logged:
        # A run of a newer rulebook, or of a later day, was here before us. Its scores stand, without what we took.
        log_again(LeadSet(sorted(logged)), job.standard.ahead(today))
    if today > job.compiled.day:
        # Midnight has passed under way. The run of the new day may have been planned before these scores were
        # there, when the leads were neither over nor in the log any more for it to see.
        log_again(target, ends_by(today))
