"""What has to hold after every fault, whatever it was."""

from __future__ import annotations

import hashlib

from django.core.management import call_command
from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from leads.models import ChangeLogEntry, Handoff, LeadScore, Stage, StageChange
from scoring import live
from scoring.models import ScoringChunk, ScoringRun
from scoring.runs import ACTIVE, request_run, see_through
from tests.scoring.faults.dataset import LEADS
from tests.workers import wait_until

COLUMNS = (
    "lead_id",
    "fit",
    "engagement",
    "total",
    "grade",
    "qualified",
    "fast_tracked",
    "disqualified",
    "known_facts",
    "asked_facts",
    "rulebook_version",
)


def scores_hash() -> str:
    rows = LeadScore.objects.order_by("lead_id").values_list(*COLUMNS)
    assert len(rows) == LEADS
    return hashlib.sha256(repr(list(rows)).encode()).hexdigest()


def assert_all_is_well() -> None:
    """Nothing runs any more, nothing was promoted twice, and the scores are those of a clean run."""
    wait_until(nothing_is_left, what="the end of all work")
    assert_promoted_once()
    assert_scores_are_those_of_a_clean_run()


def nothing_is_left() -> bool:
    """Whether no run, chunk, session or change waits or works."""
    return not (
        ScoringRun.objects.filter(state__in=ACTIVE).exists()
        or ScoringChunk.objects.filter(state=ScoringChunk.State.TAKEN).exists()
        or live.is_pending()
        or other_sessions()
    )


def other_sessions() -> list[tuple[str, str]]:
    """Sessions in a transaction or with a lock, other than ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.state, s.query FROM pg_stat_activity s"
            " WHERE s.datname = current_database() AND s.pid <> pg_backend_pid() AND (s.xact_start IS NOT NULL"
            " OR EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = s.pid AND l.locktype = 'advisory'))"
        )
        return cursor.fetchall()


def assert_promoted_once() -> None:
    """Whoever qualifies was offered once, and the ledger says so."""
    waiting = Handoff.objects.waiting().values("lead").annotate(times=Count("pk"))
    assert not waiting.filter(times__gt=1).exists()
    moves = StageChange.objects.filter(to_stage=Stage.MQL).values_list("lead_id", "run")
    offers = Handoff.objects.values_list("lead_id", "run")
    assert len(moves) > 0
    assert sorted(moves) == sorted(offers)
    assert len({lead for lead, _ in offers}) == len(offers)
    assert set(LeadScore.objects.filter(qualified=True).values_list("pk", flat=True)) <= {
        lead for lead, _ in offers
    }
    for run in ScoringRun.objects.all():
        assert run.promoted == Handoff.objects.filter(run=run.pk).count(), run
    assert not ScoringRun.objects.filter(~Q(error=""), state=ScoringRun.State.DONE).exists()


def assert_scores_are_those_of_a_clean_run() -> None:
    call_command("rescore", verify=True)  # raises where something differs, or is valid for too long
    assert not ChangeLogEntry.objects.exists()
    after_the_fault = scores_hash()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_leadscore")
    run = request_run(kind=ScoringRun.Kind.MANUAL, at=timezone.now(), full=True)
    clean = see_through(run.pk)
    assert (clean.state, clean.scored) == (ScoringRun.State.DONE, LEADS), clean.error
    assert scores_hash() == after_the_fault
