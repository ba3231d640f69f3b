"""What runs did and how far they are, for their pages: reads only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, F, IntegerField, Max, Q, Sum, Value, When
from django.db.models.functions import Abs
from django.db.models.query import QuerySet

from scoring.errors import ScoringError
from scoring.models import ScoreChange, ScoringChunk, ScoringRun
from scoring.runs import ACTIVE

PAGE_SIZE = 20
SHOWN_CHUNKS = 100
SHOWN_CHANGES = 20
# The tick hands out every minute what waits; after two of them nobody listens.
PATIENCE = timedelta(minutes=2)
CURSOR = re.compile(r"\d{1,18}")
COUNTED = ("run", "total", "done", "failed", "held", "scored", "changed", "last_done_at")
ChunkState = ScoringChunk.State


class BadCursor(ScoringError):
    """The address names a place in the history that cannot be one."""


@dataclass(frozen=True)
class Tally:
    """The ranges of a run, counted. `held`: a worker is on it now."""

    total: int = 0
    done: int = 0
    failed: int = 0
    held: int = 0
    scored: int = 0
    changed: int = 0
    last_done_at: datetime | None = None

    @property
    def ended(self) -> int:
        return self.done + self.failed


@dataclass(frozen=True)
class RunReport:
    """A run as its page shows it at the instant `at`."""

    run: ScoringRun
    ranges: Tally
    at: datetime

    @property
    def scored(self) -> int:
        """Its own count is written at its end; until then, or if it never comes, that of its ranges stands."""
        return self.run.scored or self.ranges.scored

    @property
    def changed(self) -> int:
        return self.run.changed or self.ranges.changed

    @property
    def took(self) -> timedelta | None:
        """From its start to its end, or until now; None if no worker ever began, or if it goes on all day."""
        begun = None if self.run.is_live else self.run.started_at
        return None if begun is None else (self.run.ended_at or self.at) - begun

    @property
    def took_words(self) -> str:
        return "–" if self.took is None else span_words(self.took)

    @property
    def percent(self) -> int:
        return 100 * self.ranges.ended // self.ranges.total if self.ranges.total else 0

    @property
    def per_second(self) -> int | None:
        """Leads a second since its start; None before there is something to measure."""
        seconds = self.took.total_seconds() if self.took else 0
        return round(self.scored / seconds) if self.scored and seconds >= 0.1 else None

    @property
    def time_left(self) -> str:
        """In words, as if the ranges left took as long as those before; '' where nothing can be said."""
        left, ended = self.ranges.total - self.ranges.ended, self.ranges.ended
        return span_words(self.took * left / ended) if self.took and left and ended else ""

    @property
    def is_offering(self) -> bool:
        """All ranges are through: what is left is to promote and demote."""
        return self.run.state == ScoringRun.State.RUNNING and self.ranges.ended == self.ranges.total

    @property
    def is_stalled(self) -> bool:
        """Nobody is at it, and for so long that no worker seems to listen."""
        seen = (self.run.requested_at, self.run.started_at, self.ranges.last_done_at)
        latest = max(instant for instant in seen if instant is not None)
        return self.run.is_active and not self.ranges.held and self.at - latest > PATIENCE


@dataclass(frozen=True)
class RunPage:
    """`older` and `newer` are ids for the address of the neighbouring pages, None where there is none."""

    rows: Sequence[RunReport]
    older: int | None = None
    newer: int | None = None


@dataclass(frozen=True)
class ChunkList:
    """Failed ranges first. `more`: how many others are not listed."""

    rows: Sequence[ScoringChunk]
    more: int


def span_words(span: timedelta) -> str:
    """0.4 s, 42 s, 12 min 5 s, 3 h 20 min: two units, so that runs can be compared."""
    seconds = max(span.total_seconds(), 0)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def reports(runs: Iterable[ScoringRun], *, at: datetime) -> list[RunReport]:
    """With their ranges counted, in one query for all of them."""
    shown = list(runs)
    held = Q(state=ChunkState.TAKEN, leased_until__gt=at)
    counts = (
        ScoringChunk.objects.filter(run__in=shown)
        .order_by()
        .values("run")
        .annotate(
            total=Count("pk"),
            done=Count("pk", filter=Q(state=ChunkState.DONE)),
            failed=Count("pk", filter=Q(state=ChunkState.FAILED)),
            held=Count("pk", filter=held),
            scored=Sum("scored"),
            changed=Sum("changed"),
            last_done_at=Max("done_at"),
        )
    )
    tallies = {pk: Tally(*numbers) for pk, *numbers in counts.values_list(*COUNTED)} if shown else {}
    return [RunReport(run, tallies.get(run.pk, Tally()), at) for run in shown]


def _for_page() -> QuerySet[ScoringRun]:
    return ScoringRun.objects.select_related("rulebook", "requested_by", "cancelled_by")


def at_work(*, at: datetime) -> list[RunReport]:
    return reports(_for_page().filter(state__in=ACTIVE).order_by("pk"), at=at)


def history_page(*, at: datetime, older_than: str = "", newer_than: str = "") -> RunPage:
    """Runs that have ended, newest first, by keyset. Raises BadCursor."""
    cursor = older_than or newer_than
    if cursor and not CURSOR.fullmatch(cursor):
        raise BadCursor(f"“{cursor}” is no place in the history of runs; begin at its first page.")
    ended = _for_page().exclude(state__in=ACTIVE)
    is_backward = bool(newer_than) and not older_than
    if is_backward:
        found = list(ended.filter(pk__gt=int(cursor)).order_by("pk")[: PAGE_SIZE + 1])
    else:
        beyond = ended.filter(pk__lt=int(cursor)) if cursor else ended
        found = list(beyond.order_by("-pk")[: PAGE_SIZE + 1])
    has_more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if is_backward:
        found.reverse()
    if not found:
        return RunPage(rows=())
    return RunPage(
        rows=reports(found, at=at),
        older=found[-1].pk if is_backward or has_more else None,
        newer=found[0].pk if (has_more if is_backward else cursor) else None,
    )


def last_ordinary_run() -> ScoringRun | None:
    """The latest run that offered leads to sales and came to its end: its word on who is left over holds."""
    done = (ScoringRun.State.DONE, ScoringRun.State.FAILED)
    ordinary = ScoringRun.objects.filter(promotes=True, state__in=done).exclude(kind=ScoringRun.Kind.LIVE)
    return ordinary.order_by("-pk").first()


def chunks_of(run: ScoringRun) -> ChunkList:
    """Those that need eyes first: failed, then tried more than once, then in the order of leads."""
    rank = Case(
        When(state=ChunkState.FAILED, then=Value(0)),
        When(attempts__gt=1, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = list(run.chunks.order_by(rank, "first_lead")[:SHOWN_CHUNKS])
    more = run.chunks.count() - SHOWN_CHUNKS if len(rows) == SHOWN_CHUNKS else 0
    return ChunkList(rows, more)


def largest_changes(run: ScoringRun) -> list[ScoreChange]:
    """Scores that moved furthest in the run. A first score is no move."""
    moved = Abs(F("fit_after") + F("engagement_after") - F("fit_before") - F("engagement_before"))
    changes = ScoreChange.objects.filter(run=run, fit_before__isnull=False).select_related("lead")
    return list(changes.annotate(moved=moved).order_by("-moved", "pk")[:SHOWN_CHANGES])
