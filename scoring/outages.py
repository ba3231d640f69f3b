"""A database that goes away under a worker, as in a restart or a failover, and comes back."""

from __future__ import annotations

import logging
import time

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

# Errors that may mean it; `was_lost` and `was_deadlock` tell.
DATABASE_ERRORS = (OperationalError, InterfaceError)
# Seconds for which a worker waits for the database. With the working time of a task it stays below the time limit.
PATIENCE = 240.0
_DEADLOCKS = frozenset({"40P01", "40001"})


def was_lost(error: Exception) -> bool:
    """Whether the connection is gone, rather than a statement refused. To be asked outside of transactions."""
    return isinstance(error, DATABASE_ERRORS) and not connection.is_usable()


def was_deadlock(error: Exception) -> bool:
    """Whether the database undid our transaction in favour of another one: the same again will do."""
    return getattr(error.__cause__, "sqlstate", None) in _DEADLOCKS


def wait_until_back(*, seconds: float = PATIENCE) -> None:
    """Return once the database answers; raise what it says when it has not for so long."""
    deadline = time.monotonic() + seconds
    while True:
        connection.close()
        try:
            connection.ensure_connection()
            return
        except DATABASE_ERRORS as error:
            if time.monotonic() > deadline:
                raise
            logger.warning("The database does not answer: %s", str(error).strip())
            time.sleep(1)
