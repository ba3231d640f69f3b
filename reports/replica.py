"""Reports read from a copy of the database (REPLICA_DATABASE_URL) where there is one, so that nobody else waits.

Where the copy is away they read from the database itself, and say so.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, ProgrammingError, connections

logger = logging.getLogger(__name__)

REPLICA = "replica"
NOTICE = (
    "The database's copy that reports read from cannot be used just now; "
    "these numbers come from the database itself."
)
# Seconds for which a copy that was away is not asked again: each page would wait for it.
ASK_AGAIN_AFTER = 30.0

Answer = TypeVar("Answer")
_is_reading: ContextVar[bool] = ContextVar("is_reading", default=False)
_away_until = 0.0


class ReportsRouter:
    """Sends what is read within `_from_replica` to the replica, and everything else where it goes anyway."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return REPLICA if _is_reading.get() else None

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool | None:
        # The same rows, whichever of the two they were read from.
        return True if {first._state.db, second._state.db} <= {REPLICA, "default"} else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == REPLICA else None


def read(build: Callable[[], Answer]) -> tuple[Answer, str]:
    """What `build` makes of what it reads, and a notice ("" as a rule). `build` must only read: it may run twice."""
    global _away_until
    if REPLICA not in connections.settings:
        return build(), ""
    if time.monotonic() >= _away_until:
        try:
            with _from_replica():
                return build(), ""
        # The last of them: a copy that is older than the program, or is only just being made.
        except (OperationalError, InterfaceError, ProgrammingError) as error:
            logger.warning("The replica cannot be read, so the database is: %s", error)
            _away_until = time.monotonic() + ASK_AGAIN_AFTER
            connections[REPLICA].close()
    return build(), NOTICE


@contextmanager
def _from_replica() -> Iterator[None]:
    token = _is_reading.set(True)
    try:
        yield
    finally:
        _is_reading.reset(token)
