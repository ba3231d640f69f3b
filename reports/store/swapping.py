"""New tables beside the old ones, filled without indexes, then put in their place (PostgreSQL).

Half of the time of filling a table in its place goes into its indexes, and readers of it would wait for nobody but find
its pages twice as many afterwards. Who else may read the tables is by default privileges: those granted on an old table
go with it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from django.db import OperationalError, transaction

from reports.store.counting import CELLS, all_cells
from reports.store.deriving import JOURNEYS, VISITS, insert_journeys, insert_visits
from reports.store.dialect import analyze, execute, fetch

NEW = "_new"
TABLES = (VISITS, JOURNEYS, CELLS)
# While a long query reads an old table it cannot go, and whoever comes later waits behind: so be it for a second.
PATIENCE, TRIES = 1000, 120

logger = logging.getLogger(__name__)


def fill_new() -> str:
    """Derive and count all into new tables, in the caller's transaction. Returns that of the cells."""
    # As much as a small machine has to spare: what is sorted and grouped does not go through files.
    execute("SET LOCAL work_mem = '128MB'")
    execute("SET LOCAL maintenance_work_mem = '256MB'")
    for table in (VISITS, JOURNEYS):
        execute(f"CREATE TABLE {table}{NEW} (LIKE {table} INCLUDING DEFAULTS INCLUDING IDENTITY)")
    # In the order in which they are counted and read: rows of a day stand together.
    insert_visits(into=f"{VISITS}{NEW}", order="position, entered_day")
    insert_journeys(into=f"{JOURNEYS}{NEW}", order="created_day")
    for table in (VISITS, JOURNEYS):
        _complete(table)
    _count()
    _complete(CELLS)
    return f"{CELLS}{NEW}"


def _count() -> None:
    """Several processes count parts of it, each part as a whole: shared out by rows they would be grouped twice.

    An INSERT is not shared out at all.
    """
    settings = ("parallel_tuple_cost", "min_parallel_table_scan_size", "min_parallel_index_scan_size")
    for setting, value in zip(settings, ("0", "'1TB'", "'1TB'"), strict=True):
        execute(f"SET LOCAL {setting} = {value}")
    sql, params = all_cells(visits=f"{VISITS}{NEW}", journeys=f"{JOURNEYS}{NEW}")
    # With room on each page, so that a fold changes counts without touching an index.
    execute(f"CREATE TABLE {CELLS}{NEW} WITH (fillfactor = 85) AS {sql}", params)
    for setting in settings:
        execute(f"SET LOCAL {setting} TO DEFAULT")


def swap() -> None:
    """Put the new tables in the place of the old ones. Readers wait for a moment, and see all of it."""
    _lock_old()
    for table in TABLES:
        execute(f"DROP TABLE {table}")
        execute(f"ALTER TABLE {table}{NEW} RENAME TO {table}")
        for (name,) in fetch("SELECT indexname FROM pg_indexes WHERE tablename = %s", [table]):
            execute(f"ALTER INDEX {name} RENAME TO {name.removesuffix(NEW)}")
    for (name,) in fetch(f"SELECT pg_get_serial_sequence('{VISITS}', 'id')"):
        execute(f"ALTER SEQUENCE {name} RENAME TO {VISITS}_id_seq")


def _complete(table: str) -> None:
    """All that the old table has: what is not null, checks, keys and indexes; and tell the planner."""
    needed = fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attnotnull",
        [table],
    )
    rules = [f"ALTER COLUMN {column} SET NOT NULL" for (column,) in needed]
    # A key is an index, whose name only one table may have; a check is not.
    rules += [
        f"ADD CONSTRAINT {name}{NEW if kind in ('p', 'u') else ''} {definition}"
        for name, kind, definition in fetch(
            "SELECT conname, contype::text, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'c')",
            [table],
        )
    ]
    execute(f"ALTER TABLE {table}{NEW} {', '.join(rules)}")
    for name, definition in _indexes(table):
        made = definition.replace(f"INDEX {name} ON", f"INDEX {name}{NEW} ON").replace(
            f".{table} USING", f".{table}{NEW} USING"
        )
        execute(made.replace("%", "%%"))
    analyze(f"{table}{NEW}")


def _indexes(table: str) -> Sequence[tuple[str, str]]:
    """Those that are no keys, with how each is made."""
    return [
        (name, definition)
        for name, definition in fetch(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE i.indrelid = %s::regclass "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)",
            [table],
        )
    ]


def _lock_old() -> None:
    """Alone with the old tables until the end of the transaction."""
    execute(f"SET LOCAL lock_timeout = {PATIENCE}")
    for number in range(TRIES):
        try:
            with transaction.atomic():
                execute(f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
        except OperationalError:
            if number + 1 == TRIES:
                raise
            time.sleep(PATIENCE / 1000)
        else:
            return
