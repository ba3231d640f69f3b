"""Rows into the database, many at a time: COPY on PostgreSQL, multi-row inserts on SQLite.

On PostgreSQL bulk_create took twice as long, most of it for reading its own statements.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Field, ForeignKey, JSONField, Model

from leads.models import Activity
from leads.models.fields import DayField, day_number

if TYPE_CHECKING:
    AnyField = Field[Any, Any]


class ActivityRow(NamedTuple):
    """The columns of Activity, in the order of _COLUMNS; `known_at` is `occurred_at`."""

    lead_id: int
    type_id: int
    occurred_at: datetime
    day: int
    asset_id: int | None
    campaign_id: int | None
    key: UUID
    properties: str | None
    properties_typed: str | None


_COLUMNS = (
    "lead_id",
    "type_id",
    "occurred_at",
    "day",
    "asset_id",
    "campaign_id",
    "key",
    "properties",
    "properties_typed",
    "known_at",
)


def insert(rows: Sequence[Model]) -> None:
    """Write new rows of one model, with their related rows written before; they get their primary keys."""
    if not rows:
        return
    if connection.vendor != "postgresql":
        type(rows[0])._default_manager.bulk_create(rows, batch_size=1000)
        return
    # What the database works out itself cannot be written.
    fields = [field for field in rows[0]._meta.local_concrete_fields if not field.generated]
    _give_keys(rows)
    reads = [_reading(field) for field in fields]
    with _copying(rows[0]._meta.db_table, [str(field.column) for field in fields]) as copy:
        for row in rows:
            _settle_relations(row, fields)
            copy.write_row([read(row) for read in reads])


def settle_references(*, after_growth: bool) -> None:
    """Check the foreign keys of what was written so far: else millions of checks pile up until the commit.

    `after_growth`: the tables are many times as large as when this was last said. The checks keep their
    plans, and one that was made for a nearly empty table reads all of it for every row.
    """
    if connection.vendor != "postgresql":
        return
    if after_growth:
        refresh_statistics()
    connection.check_constraints()


def refresh_statistics() -> None:
    """Let the planner know what was written: in order of time, so that what it knew ends long ago."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _give_keys(rows: Sequence[Model]) -> None:
    table, key = rows[0]._meta.db_table, rows[0]._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [table, key, len(rows)],
        )
        for row, (number,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = number


def _settle_relations(row: Model, fields: Iterable[AnyField]) -> None:
    """A related row that was written after it had been assigned has its key by now."""
    for field in fields:
        if isinstance(field, ForeignKey) and field.is_cached(row):
            related = field.get_cached_value(row)
            setattr(row, field.attname, None if related is None else related.pk)


def _reading(field: AnyField) -> Callable[[Model], Any]:
    """How the value of a field is read from a row, as COPY takes it."""
    name = field.attname
    if isinstance(field, DayField):
        return lambda row: None if (day := getattr(row, name)) is None else day_number(day)
    if isinstance(field, JSONField):
        return lambda row: None if (value := getattr(row, name)) is None else json.dumps(value)
    return attrgetter(name)


@contextmanager
def _copying(table: str, columns: Iterable[str]) -> Iterator[Any]:
    names = ", ".join(f'"{column}"' for column in columns)
    # Django's cursor knows no COPY; the one of psycopg inside it does.
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
    ):
        yield copy


def insert_activities(rows: Iterable[ActivityRow]) -> None:
    """Write activities; each is known when it happened."""
    if connection.vendor == "postgresql":
        _copy(rows)
    else:
        _insert(rows)


def _copy(rows: Iterable[ActivityRow]) -> None:
    with _copying(Activity._meta.db_table, _COLUMNS) as copy:
        for row in rows:
            copy.write_row((*row, row.occurred_at))


def _insert(rows: Iterable[ActivityRow]) -> None:
    columns, places = ", ".join(f'"{name}"' for name in _COLUMNS), ", ".join(["%s"] * len(_COLUMNS))
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {Activity._meta.db_table} ({columns}) VALUES ({places})",
            [
                (*row[:2], adapt(row.occurred_at), *row[3:6], row.key.hex, *row[7:], adapt(row.occurred_at))
                for row in rows
            ],
        )
