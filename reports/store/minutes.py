"""Business minutes from offer to decision, and from acceptance to first touch: a table that deriving joins.

Only Python can tell them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.db.models.expressions import RawSQL

from leads.handoff.sla import HORIZON_DAYS, BusinessClock
from leads.models import Handoff, Team, Touch
from leads.querysets import HandoffQuerySet
from reports.store.deriving import MINUTES
from reports.store.dialect import is_postgresql

AT_ONCE = 20_000
COLUMNS = "(handoff bigint PRIMARY KEY, minutes integer, touch_minutes integer)"
_MINUTE = timedelta(minutes=1)


class Stopwatch:
    """Business time between instants of one clock, by sums kept: many of them are asked about the same months."""

    def __init__(self, clock: BusinessClock) -> None:
        self._clock = clock
        self._since: datetime | None = None
        self._until: datetime | None = None
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        self._before: list[timedelta] = []
        self._overlap = False

    def elapsed(self, *, start: datetime, end: datetime) -> timedelta:
        """As BusinessClock.elapsed."""
        if end <= start:
            return timedelta()
        # So far a clock looks and no further, which sums do not.
        if end - start > timedelta(days=HORIZON_DAYS - 2):
            return self._clock.elapsed(start=start, end=end)
        self._cover(start, end)
        if self._overlap:
            return self._clock.elapsed(start=start, end=end)
        return self._passed(end) - self._passed(start)

    def _cover(self, start: datetime, end: datetime) -> None:
        if (
            self._since is not None
            and self._until is not None
            and self._since <= start
            and end <= self._until
        ):
            return
        since, until = min(start, self._since or start), max(end, self._until or end)
        self._since, self._until = since - timedelta(days=100), until + timedelta(days=100)
        self._starts, self._ends, self._before = [], [], []
        total = timedelta()
        for opens, closes in self._stretches():
            # Hours that overlap count twice.
            self._overlap |= bool(self._ends) and opens < self._ends[-1]
            self._starts.append(opens)
            self._ends.append(closes)
            self._before.append(total)
            total += closes - opens

    def _stretches(self) -> Iterator[tuple[datetime, datetime]]:
        assert self._since is not None and self._until is not None
        at = self._since
        while at < self._until:
            end = min(at + timedelta(days=HORIZON_DAYS - 2), self._until)
            for stretch in self._clock.between(start=at, end=end):
                yield stretch.starts_at, stretch.ends_at
            at = end

    def _passed(self, at: datetime) -> timedelta:
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return timedelta()
        return self._before[index] + min(at, self._ends[index]) - self._starts[index]


def fill(*, only: str = "") -> None:
    """Into the temporary table: of each handoff on which sales decided against a clock, of all leads or some."""
    watches = _Watches()
    with connection.cursor() as reading:
        decided = Handoff.objects.filter(
            Q(decide_due_at__isnull=False) | Q(first_touch_due_at__isnull=False),
            state__in=(Handoff.State.ACCEPTED, Handoff.State.REJECTED),
        )
        if only:
            decided = decided.filter(lead_id__in=RawSQL(only, []))
        for page in _pages(_instants(decided)):
            _write(reading, [watches.row(Instants(*row)) for row in page])


@dataclass(frozen=True)
class Instants:
    """Of a decided handoff, with whose clocks they are measured by. Without a deadline there is no clock."""

    handoff: int
    team: int | None
    team_of_decider: int | None
    offered_at: datetime
    decided_at: datetime
    due_at: datetime | None
    touch_due_at: datetime | None
    touched_at: datetime | None


def _instants(decided: HandoffQuerySet) -> Any:
    touches = Touch.objects.filter(lead=OuterRef("lead"), at__gte=OuterRef("decided_at"))
    touched = touches.exclude(kind=Touch.Kind.NOTE).order_by("at").values("at")[:1]
    is_awaited = Q(state=Handoff.State.ACCEPTED, first_touch_due_at__isnull=False)
    return (
        decided.annotate(touched=Case(When(is_awaited, then=Subquery(touched))))
        .order_by("pk")
        .values_list(
            "pk",
            "team_id",
            "decided_by__team_id",
            "offered_at",
            "decided_at",
            "decide_due_at",
            "first_touch_due_at",
            "touched",
        )
    )


def _pages(rows: Any) -> Iterator[list[tuple[Any, ...]]]:
    last = 0
    while page := list(rows.filter(pk__gt=last)[:AT_ONCE]):
        yield page
        last = page[-1][0]


def _write(cursor: Any, rows: list[tuple[int, int | None, int | None]]) -> None:
    if is_postgresql():
        with cursor.copy(f"COPY {MINUTES} (handoff, minutes, touch_minutes) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    cursor.executemany(f"INSERT INTO {MINUTES} (handoff, minutes, touch_minutes) VALUES (%s, %s, %s)", rows)


class _Watches:
    """One of each team, read at its first decision."""

    def __init__(self) -> None:
        self._of_team: dict[int | None, Stopwatch] = {}

    def row(self, of: Instants) -> tuple[int, int | None, int | None]:
        """As the table has it."""
        to_decide = self._minutes(of.team, of.offered_at, of.decided_at) if of.due_at else None
        if of.touched_at is None:
            return of.handoff, to_decide, None
        team = of.team if of.team_of_decider is None else of.team_of_decider
        return of.handoff, to_decide, self._minutes(team, of.decided_at, of.touched_at)

    def _minutes(self, team_id: int | None, start: datetime, end: datetime) -> int:
        if team_id not in self._of_team:
            team = Team.objects.filter(pk=team_id).first() if team_id is not None else None
            self._of_team[team_id] = Stopwatch(BusinessClock.of_team(team))
        return self._of_team[team_id].elapsed(start=start, end=end) // _MINUTE
