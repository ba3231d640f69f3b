"""What has changed, folded in: the cells of stale leads are taken out, and put in as they are now."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from leads.models import Lead
from reports.models import StaleLead, StoreState
from reports.store import minutes, state, values
from reports.store.counting import (
    CELLS,
    CHANGED_CELLS,
    CHANGED_ROWS,
    KEY,
    changed_cells,
    changed_rows,
    insert_changes,
)
from reports.store.deriving import (
    JOURNEYS,
    MINUTES,
    VISITS,
    insert_journeys,
    insert_visits,
    journey_columns,
    visit_columns,
)
from reports.store.dialect import analyze, execute, fetch, is_postgresql, place, temporary
from reports.store.rebuilding import build, rebuild

logger = logging.getLogger(__name__)


# Rows of stale leads that one transaction takes; on SQLite, where everybody who writes waits for its end.
AT_ONCE, AT_ONCE_ALONE = 20_000, 1_000
# From so many on, as after a large import, making everything anew takes less time (on PostgreSQL, where nobody waits).
FLOOD = 300_000
# And so many at most are folded before a page is shown; it waits so many milliseconds for nobody.
BEFORE_A_PAGE, PATIENCE = 100, 100
CHOSEN, SUMS = "reports_chosen", "reports_sums"
# Copies of the rows of those leads: as they were counted, and as they are now.
BEFORE, AFTER = "_before", "_after"
ONLY = f"SELECT lead FROM {CHOSEN}"
STALE = StaleLead._meta.db_table
_SAME = " AND ".join(f"k.{column} = c.{column}" for column in KEY)


class DoNotAddUp(Exception):
    """A cell would count less than nothing: the cells are not those of the visits and journeys."""


def fold(*, at: datetime | None = None) -> None:
    """Bring everything up to date; build it where it never was. Two at once do it once."""
    at = at or timezone.now()
    try:
        while _fold_batch(at=at):
            pass
    except DoNotAddUp:
        logger.error("The rollups do not add up, so they are made anew.")
        rebuild(at=at)


def fold_some(*, most: int = BEFORE_A_PAGE, at: datetime | None = None) -> bool:
    """Bring everything up to date where that is little work and nobody else is at it; whether it is by then.

    For pages, before they read (from a replica or not): it neither waits nor fails.
    """
    try:
        is_built = state.is_built()
        work = StaleLead.objects if is_built else Lead.objects
        if not (is_built and not work.exists()):
            if work.order_by()[most : most + 1].exists():
                return False
            with _impatient(), transaction.atomic():
                return _fold_now(at or timezone.now())
    except (DatabaseError, DoNotAddUp) as error:
        logger.warning("Reports could not be brought up to date (%s); a worker will see to it.", error)
        return False
    return True


def _fold_now(at: datetime) -> bool:
    if is_postgresql():
        execute(f"SET LOCAL lock_timeout = {PATIENCE}")
    now = state.locked(wait=False)
    return now is not None and not _fold_locked(now, at=at)


@contextmanager
def _impatient() -> Iterator[None]:
    """On SQLite, to wait for another writer only so long. PostgreSQL is told within the transaction."""
    if is_postgresql() or connection.in_atomic_block:
        yield
        return
    patience = fetch("PRAGMA busy_timeout")[0][0]
    fetch(f"PRAGMA busy_timeout = {PATIENCE}")
    try:
        yield
    finally:
        fetch(f"PRAGMA busy_timeout = {patience}")


@transaction.atomic
def _fold_batch(*, at: datetime) -> bool:
    """Fold the leads that wait longest; whether there may be more."""
    now = state.locked(wait=True)
    assert now is not None
    return _fold_locked(now, at=at)


def _fold_locked(now: StoreState, *, at: datetime) -> bool:
    if now.built_at is None or (is_postgresql() and StaleLead.objects.order_by()[FLOOD : FLOOD + 1].exists()):
        build(now, at=at)
        return False
    most = AT_ONCE if is_postgresql() else min(AT_ONCE, AT_ONCE_ALONE)
    oldest = f"SELECT lead FROM {STALE} ORDER BY id LIMIT {most}"
    with temporary(**{CHOSEN: f"AS SELECT DISTINCT lead FROM ({oldest}) oldest"}):
        # What the planner knows of stale leads is often from when there were none: without an index it may then
        # compare each with each.
        execute(f"CREATE UNIQUE INDEX {CHOSEN}_lead ON {CHOSEN} (lead)")
        analyze(CHOSEN)
        # A lead's later rows go, too: whatever of them can be seen here, deriving sees.
        taken = execute(f"DELETE FROM {STALE} WHERE lead IN ({ONLY})")
        if taken:
            _fold_chosen()
    now.folded_at = at
    now.save(update_fields=["folded_at"])
    return taken >= most


def _fold_chosen() -> None:
    """Derive the leads anew, and count what that changes. Copies of few rows are scanned faster than found again."""
    copies = {}
    for table in (VISITS, JOURNEYS):
        copies[table + BEFORE] = f"AS SELECT * FROM {table} WHERE lead_id IN ({ONLY})"
        copies[table + AFTER] = f"AS SELECT * FROM {table} LIMIT 0"
    with temporary(**{MINUTES: minutes.COLUMNS, CHANGED_ROWS: changed_rows()}, **copies):
        minutes.fill(only=ONLY)
        insert_visits(only=ONLY, into=VISITS + AFTER)
        insert_journeys(only=ONLY, into=JOURNEYS + AFTER)
        for table, columns in ((VISITS, visit_columns()), (JOURNEYS, journey_columns())):
            names = ", ".join(columns)
            execute(f"DELETE FROM {table} WHERE lead_id IN ({ONLY})")
            execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}{AFTER}")
        for when, sign in ((BEFORE, -1), (AFTER, 1)):
            insert_changes(visits=VISITS + when, journeys=JOURNEYS + when, sign=sign)
        analyze(CHANGED_ROWS)
        with temporary(**{CHANGED_CELLS: changed_cells()}):
            analyze(CHANGED_CELLS)
            _apply()
            values.fold(only=ONLY)


def _apply() -> None:
    """Add `CHANGED_CELLS` to the cells; none is left with a count of zero."""
    key, changed = ", ".join(KEY), ", ".join(f"c.{column}" for column in KEY)
    sums = (
        f"AS SELECT {changed}, k.{place()} AS place, coalesce(k.count, 0) + c.n AS count "
        f"FROM {CHANGED_CELLS} c LEFT JOIN {CELLS} k ON {_SAME}"
    )
    with temporary(**{SUMS: sums}):
        if fetch(f"SELECT 1 FROM {SUMS} WHERE count < 0 LIMIT 1"):
            raise DoNotAddUp
        analyze(SUMS)
        execute(f"DELETE FROM {CELLS} WHERE ({key}) IN (SELECT {key} FROM {SUMS} WHERE count = 0)")
        # Where they stand: found by their keys a second time, that took more than twice as long.
        execute(
            f"UPDATE {CELLS} AS k SET count = c.count FROM {SUMS} c WHERE c.count > 0 AND k.{place()} = c.place"
        )
        execute(
            f"INSERT INTO {CELLS} ({key}, count) SELECT {key}, count FROM {SUMS} WHERE place IS NULL AND count > 0"
        )
