"""When the derived tables were brought up to date, and the lock under which that is done by one at a time."""

from __future__ import annotations

from datetime import datetime

from reports.models import StoreState

ROW = 1


def locked(*, wait: bool) -> StoreState | None:
    """The state, locked until the end of the transaction; None where somebody else has it and one shall not wait.

    On SQLite there is one writer at a time, and this is it.
    """
    StoreState.objects.bulk_create([StoreState(pk=ROW)], ignore_conflicts=True)
    rows = StoreState.objects.select_for_update(skip_locked=not wait)
    return rows.get(pk=ROW) if wait else rows.filter(pk=ROW).first()


def is_built() -> bool:
    return StoreState.objects.filter(pk=ROW, built_at__isnull=False).exists()


def folded_at() -> datetime | None:
    """As of when the numbers are; None: never built."""
    state = StoreState.objects.filter(pk=ROW, built_at__isnull=False).first()
    return state.folded_at if state else None


def forget() -> None:
    """Have the next fold build everything anew. Readers go on with what is there."""
    StoreState.objects.update(built_at=None)
