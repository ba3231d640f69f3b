"""What the two databases write differently, and how statements of the store are run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

MICROSECONDS_AN_HOUR = 3_600_000_000
MICROSECONDS_A_DAY = 24 * MICROSECONDS_AN_HOUR
# After whatever happened.
FAR_FUTURE = "9999-12-31 23:59:59"


def is_postgresql() -> bool:
    return bool(connection.vendor == "postgresql")


def execute(sql: str, params: Sequence[Any] = ()) -> int:
    """The number of rows that were changed. `sql` is our own; what is not stands in `params`."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        return int(cursor.rowcount)


def fetch(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        return list(cursor.fetchall())


@contextmanager
def temporary(**tables: str) -> Iterator[None]:
    """Temporary tables (name to columns, or "AS SELECT ...") while the block runs; nothing is left of them."""
    for name, definition in tables.items():
        execute(f"DROP TABLE IF EXISTS {name}")
        execute(f"CREATE TEMP TABLE {name} {definition}")
    yield
    # Not where it failed: the transaction takes them with it.
    for name in tables:
        execute(f"DROP TABLE {name}")


def analyze(*tables: str) -> None:
    """Tell the planner how large they are: nothing does it for temporary tables, nor soon for others."""
    if is_postgresql():
        for table in tables:
            execute(f"ANALYZE {table}")


def place() -> str:
    """Name of a row's place in its table, which nobody but who changes it may move."""
    return "ctid" if is_postgresql() else "rowid"


def whole_hours(since: str, until: str) -> str:
    """From one instant to another (columns), rounded down; exact to the microsecond."""
    return f"CAST({_passed(since, until)} / {MICROSECONDS_AN_HOUR} AS integer)"


def begun_days(since: str, until: str) -> str:
    """The same in days of 24 hours, rounded up."""
    return f"CAST(({_passed(since, until)} + {MICROSECONDS_A_DAY - 1}) / {MICROSECONDS_A_DAY} AS integer)"


def as_text(column: str) -> str:
    return f"coalesce(CAST({column} AS varchar(201)), '')"


def _passed(since: str, until: str) -> str:
    """Microseconds, whole. A double holds those of 285 years; numeric, which extract gives, took four times as long."""
    if is_postgresql():
        return f"CAST(date_part('epoch', {until} - {since}) * 1000000 AS bigint)"
    return f"({_microseconds(until)} - {_microseconds(since)})"


def _microseconds(instant: str) -> str:
    """SQLite keeps an instant as text, with a fraction of six digits or none. Its own functions round that."""
    seconds = f"CAST(strftime('%%s', substr({instant}, 1, 19)) AS integer)"
    fraction = f"CAST(substr(substr({instant}, 21) || '000000', 1, 6) AS integer)"
    return f"({seconds} * 1000000 + {fraction})"
