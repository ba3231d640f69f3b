"""Everything from scratch, in one transaction: readers see what was there, or all that is new."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from leads.models import Lead
from reports.models import StaleLead, StoreState
from reports.store import minutes, state, swapping, values
from reports.store.counting import CELLS, insert_cells
from reports.store.deriving import JOURNEYS, MINUTES, VISITS, insert_journeys, insert_visits
from reports.store.dialect import analyze, execute, is_postgresql, temporary

# From so many leads on, new tables are made: below, that takes longer than filling those that are there.
MANY = 20_000


@transaction.atomic
def rebuild(*, at: datetime | None = None) -> None:
    """Derive and count all. Whoever folds meanwhile waits; leads go on changing, and are folded in later."""
    now = state.locked(wait=True)
    assert now is not None
    build(now, at=at or timezone.now())


def build(now: StoreState, *, at: datetime) -> None:
    """In the caller's transaction, which has locked the state."""
    # What was committed before this statement is seen by those that follow; what is appended later stays.
    StaleLead.objects.all().delete()
    is_large = is_postgresql() and Lead.objects.order_by()[MANY : MANY + 1].exists()
    with temporary(**{MINUTES: minutes.COLUMNS}):
        minutes.fill()
        analyze(MINUTES)
        cells = swapping.fill_new() if is_large else _fill_again()
    values.rebuild(cells=cells)
    now.built_at = now.folded_at = at
    now.save()
    if is_large:
        # Last of all: from now on readers wait for the end of the transaction.
        swapping.swap()


def _fill_again() -> str:
    """Into the tables that are there. Returns that of the cells."""
    for table in (VISITS, JOURNEYS, CELLS):
        execute(f"DELETE FROM {table}")
    insert_visits()
    insert_journeys()
    analyze(VISITS, JOURNEYS)
    insert_cells()
    analyze(CELLS)
    return CELLS
