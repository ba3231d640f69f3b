"""Temporary tables in which a file stands while it is matched: one import, one connection.

The whole file is staged before anything is written, so that a dry run counts exactly what a real run
does. Memory stays flat: rows pass through in batches, and the tables live in the database.
"""

from __future__ import annotations

import csv
import fcntl
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from django.db import connection

REFUSED = "intake_refused"
_TYPES = {
    "postgresql": {"timestamp": "timestamptz", "json": "jsonb", "numeric": "numeric(15, 4)"},
    "sqlite": {
        "timestamp": "text",
        "json": "text",
        "numeric": "decimal",
        "uuid": "char(32)",
        "boolean": "bool",
    },
}
MANY = 5_000
# Any number will do that nothing else in this database locks.
IMPORT_LOCK = 0x6C656164


@dataclass(frozen=True)
class StagedColumn:
    """A column of a staging table. NULL stands for "the row says nothing about it"."""

    name: str
    type: str = "text"


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def differs(left: str, right: str) -> str:
    """SQL: the two expressions differ, NULL being a value like others."""
    return f"{left} IS {'DISTINCT FROM' if is_postgresql() else 'NOT'} {right}"


def merged_json(old: str, new: str) -> str:
    """SQL: the keys of `old` overlaid by those of `new`; a JSON null in `new` takes its key away."""
    if is_postgresql():
        return f"jsonb_strip_nulls({old} || {new})"
    return f"json_patch({old}, {new})"


def canonical_json(expression: str) -> str:
    """SQL: stored JSON in the form in which merged_json() gives it, for comparing."""
    return expression if is_postgresql() else f"json({expression})"


def empty_json() -> str:
    """SQL: a JSON object without keys."""
    return "'{}'::jsonb" if is_postgresql() else "'{}'"


class Staging:
    """The staging table `name`, with `line` and the given columns, and the table of refused rows."""

    def __init__(self, name: str, columns: Sequence[StagedColumn]) -> None:
        self.name = name
        self.columns = tuple(columns)
        self._scratch: list[str] = []
        self._refused: list[tuple[int, str]] = []
        self._copying = ExitStack()
        self._copy: Any = None
        self._until_done = ExitStack()

    def __enter__(self) -> Staging:
        _wait_for_other_imports(self._until_done)
        self._tune()
        columns = ", ".join(f"{column.name} {self.sql_type(column)}" for column in self.columns)
        # SQLite finds a row by its line at once only where that is the key; PostgreSQL loads faster without.
        key = "line bigint" if is_postgresql() else "line integer PRIMARY KEY"
        self.scratch(self.name, f"({key}, {columns})")
        self.scratch(REFUSED, "(line bigint, reason text)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        # An open COPY must learn of the error, else the connection stays in it.
        self._copying.__exit__(kind, error, tb)
        if connection.needs_rollback or connection.connection is None:
            return
        if error is not None and not is_postgresql() and not connection.in_atomic_block:
            # SQLite's temporary database was seen damaged after a rollback: it goes with the connection.
            connection.close()
        else:
            self._clean_up()
        self._until_done.close()

    def _clean_up(self) -> None:
        with connection.cursor() as cursor:
            for table in self._scratch:
                cursor.execute(f"DROP TABLE IF EXISTS {table}")
            if is_postgresql():
                for setting in ("work_mem", "jit", "enable_nestloop"):
                    cursor.execute(f"RESET {setting}")
            elif not connection.in_atomic_block:
                cursor.execute("PRAGMA temp_store=MEMORY")

    def _tune(self) -> None:
        with connection.cursor() as cursor:
            if is_postgresql():
                # A million keys are hashed in memory; compiling each statement would cost more than it saves.
                cursor.execute("SET work_mem = '96MB'")
                cursor.execute("SET jit = off")
            elif not connection.in_atomic_block:
                # The file's size must not become the process's memory.
                cursor.execute("PRAGMA temp_store=FILE")

    @staticmethod
    def sql_type(column: StagedColumn) -> str:
        return _TYPES[connection.vendor].get(column.type, column.type)

    def scratch(self, name: str, definition: str, params: Sequence[Any] = ()) -> int:
        """Create a temporary table: "(columns)" or "AS SELECT ...". Returns the rows that it was filled with."""
        self._scratch.append(name)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            cursor.execute(f"CREATE TEMP TABLE {name} {definition}", list(params))
            if is_postgresql():
                return int(cursor.rowcount)
        return self.count(name)

    def count(self, table: str) -> int:
        return int(self.value(f"SELECT count(*) FROM {table}"))

    def expect(self, rows: int) -> None:
        """Before joins with so many rows: many are never joined in a loop.

        While a table fills, the planner still takes it for empty: a loop over 50,000 rows that it took for one ran
        200 s instead of one. A few rows are best looked up one by one in tables of millions.
        """
        if is_postgresql():
            self.execute(f"SET enable_nestloop = {'off' if rows > MANY else 'on'}")

    def index(self, table: str, *columns: str) -> None:
        self.execute(f"CREATE INDEX {table}_{'_'.join(columns)} ON {table} ({', '.join(columns)})")

    def analyze(self, *tables: str) -> None:
        """Tell the planner how large they are: nothing does it for temporary tables."""
        if is_postgresql():
            for table in tables:
                self.execute(f"ANALYZE {table}")

    def refresh_statistics(self, table: str, *, added: int) -> None:
        """After `added` rows came into a permanent table that the planner may take for empty still.

        Within the transaction that added them: its foreign keys are checked at commit by whatever index seems as
        good as any, which took 20 s instead of 0.3 s for 30,000 rows.
        """
        if is_postgresql() and added > MANY:
            known = self.value("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
            if known * 10 < added:
                # One column will do: it is the size of the table that the planner has wrong.
                self.analyze(f"{table} (id)")

    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql, list(params))
            return int(cursor.rowcount)

    def value(self, sql: str, params: Sequence[Any] = ()) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(sql, list(params))
            row = cursor.fetchone()
            return None if row is None else row[0]

    def rows(self, sql: str, params: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Stream rows, however many."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(sql, list(params))
            while batch := cursor.fetchmany(2000):
                yield from batch

    def add(self, lines: Sequence[int], values: Sequence[Sequence[object]]) -> None:
        """Stage a batch: its lines, and for each column of the table its values."""
        names = ("line", *(column.name for column in self.columns))
        if not is_postgresql():
            self.fill(self.name, names, [lines, *values])
            return
        # One COPY for many batches: the database stores one while the next is read.
        if self._copy is None:
            cursor = self._copying.enter_context(connection.cursor())
            self._copy = self._copying.enter_context(
                cursor.copy(f"COPY {self.name} ({', '.join(names)}) FROM STDIN WITH (FORMAT csv)")
            )
        self._copy.write(_as_csv([lines, *values]))

    def _end_copy(self) -> None:
        self._copy = None
        self._copying.close()

    def fill(self, table: str, columns: Sequence[str], values: Sequence[Sequence[object]]) -> None:
        """Load columns of equal length into a table of ours, by COPY where there is one."""
        names = ", ".join(columns)
        with connection.cursor() as cursor:
            if is_postgresql():
                with cursor.copy(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv)") as copy:
                    copy.write(_as_csv(values))
                return
            marks = ", ".join(["%s"] * len(columns))
            # One transaction, but a deferred one: a temporary table needs no lock on the database.
            alone = not connection.in_atomic_block
            if alone:
                cursor.execute("BEGIN DEFERRED")
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", zip(*values, strict=True))  # type: ignore[arg-type]
            if alone:
                cursor.execute("COMMIT")

    def refuse(self, line: int, reason: str) -> None:
        self._refused.append((line, reason))
        if len(self._refused) >= 10_000:
            self.flush()

    def flush(self) -> None:
        """Have all that was added and refused in the tables."""
        self._end_copy()
        if self._refused:
            self.fill(REFUSED, ("line", "reason"), list(zip(*self._refused, strict=True)))
            self._refused.clear()


def _as_csv(values: Sequence[Sequence[object]]) -> str:
    """Columns as the text that COPY takes; None is the empty cell, which COPY takes for NULL."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(zip(*values, strict=True))
    return buffer.getvalue()


def _wait_for_other_imports(until_done: ExitStack) -> None:
    """One import at a time: two of one file would undo each other's chunks again and again.

    The lock goes with the process, however it ends.
    """
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
        until_done.callback(_unlock)
        return
    # Beside the database, since that is what it guards; an in-memory one has no other process.
    path = Path(str(connection.settings_dict["NAME"]) + ".import-lock")
    if path.parent.is_dir():
        lock = until_done.enter_context(path.open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)


def _unlock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [IMPORT_LOCK])
