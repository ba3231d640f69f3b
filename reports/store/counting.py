"""Cells from the querysets of measures (reports.measures): of all rows at once, or what some rows change."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connection

from reports.dimensions import DIMENSIONS, EVERYTHING, Dimension
from reports.measures import MEASURES, Measure
from reports.models import Cell
from reports.store.deriving import JOURNEYS, VISITS
from reports.store.dialect import as_text, execute, is_postgresql

CELLS = Cell._meta.db_table
KEY = ("measure", "dimension", "value", "day", "position", "a", "b")
_KEY = ", ".join(KEY)
_GROUP = ("cell_day", "cell_position", "cell_a", "cell_b")
# Rows of measures that are taken out (n is negative) and put in, with all that they are counted by.
CHANGED_ROWS, CHANGED_CELLS = "reports_changed_rows", "reports_changed_cells"
_FACTS = ", ".join(DIMENSIONS)

Statement = tuple[str, tuple[Any, ...]]


def insert_cells(*, into: str = CELLS, visits: str = VISITS, journeys: str = JOURNEYS) -> None:
    """Count all visits and journeys, by each dimension and by none; all three tables may be others of that form."""
    sql, params = all_cells(visits=visits, journeys=journeys)
    execute(f"INSERT INTO {into} ({_KEY}, count) {sql}", params)


def all_cells(*, visits: str = VISITS, journeys: str = JOURNEYS) -> Statement:
    """SELECT of all cells, columns as in `KEY`, then the count. PostgreSQL works on several parts of it at once.

    The queries of a measure have no position in common, and so no cell.
    """
    parts = [
        (_cells_of(measure, dimension, rows), params)
        for measure in MEASURES
        for rows, params in rows_of(measure, connection.vendor)
        for dimension in (None, *DIMENSIONS.values())
    ]
    sql = _of_tables(" UNION ALL ".join(sql for sql, _ in parts), visits, journeys)
    return sql, tuple(param for _, params in parts for param in params)


def _cells_of(measure: Measure, dimension: Dimension | None, rows: str) -> str:
    """SELECT of the cells of a dimension (None: not broken down) that these rows of a measure come to."""
    # Grouped by the column as it is, which is quicker than by its text.
    group = ", ".join((*([dimension.key] if dimension else []), *_GROUP))
    return (
        f"SELECT CAST({measure.number} AS smallint) AS measure, "
        f"CAST({dimension.number if dimension else EVERYTHING} AS smallint) AS dimension, "
        f"{_value(dimension)} AS value, cell_day AS day, CAST(cell_position AS smallint) AS position, "
        f"CAST(cell_a AS integer) AS a, CAST(cell_b AS integer) AS b, count(*) AS count "
        f"FROM ({rows}) counted GROUP BY {group}"
    )


def insert_changes(*, visits: str, journeys: str, sign: int) -> None:
    """Write the measures' rows of two tables of that form to `CHANGED_ROWS`, `sign` times each."""
    parts = [
        (f"SELECT {measure.number} AS measure, {_FACTS}, {', '.join(_GROUP)} FROM ({rows}) counted", params)
        for measure in MEASURES
        for rows, params in rows_of(measure, connection.vendor)
    ]
    united = _of_tables(" UNION ALL ".join(sql for sql, _ in parts), visits, journeys)
    execute(
        f"INSERT INTO {CHANGED_ROWS} (measure, {_FACTS}, day, position, a, b, n) "
        f"SELECT measure, {_FACTS}, {', '.join(_GROUP)}, {sign} FROM ({united}) every",
        [param for _, params in parts for param in params],
    )


@cache
def rows_of(measure: Measure, vendor: str) -> tuple[Statement, ...]:
    """SELECTs of the rows of a measure as they stand, with all facts, day, position, a and b.

    Compiled once: that takes longer than counting a small table.
    """
    columns = (*DIMENSIONS, *_GROUP)
    return tuple(
        rows.order_by().values(*columns).query.get_compiler(connection=connection).as_sql()
        for rows in measure.rows(None)
    )


def changed_rows() -> str:
    """Definition of `CHANGED_ROWS`."""
    facts = ", ".join(f"{key} {'text' if item.is_text else 'bigint'}" for key, item in DIMENSIONS.items())
    return f"(measure integer, {facts}, day integer, position integer, a integer, b integer, n integer)"


def changed_cells() -> str:
    """Definition of `CHANGED_CELLS`: by how much which cells change. Most rows come back as they were."""
    net = (
        f"SELECT measure, {_FACTS}, day, position, a, b, sum(n) AS n FROM {CHANGED_ROWS} "
        f"GROUP BY measure, {_FACTS}, day, position, a, b HAVING sum(n) <> 0"
    )
    parts = [
        f"SELECT measure, {dimension.number if dimension else EVERYTHING} AS dimension, {_value(dimension)} AS value, "
        f"day, position, a, b, CAST(sum(n) AS bigint) AS n FROM net "
        f"GROUP BY measure, {dimension.key + ', ' if dimension else ''}day, position, a, b HAVING sum(n) <> 0"
        for dimension in (None, *DIMENSIONS.values())
    ]
    return f"AS WITH net AS ({net}) {' UNION ALL '.join(parts)}"


def _of_tables(sql: str, visits: str, journeys: str) -> str:
    """The same of other tables than the ORM has written."""
    return sql.replace(f'"{VISITS}"', f'"{visits}"').replace(f'"{JOURNEYS}"', f'"{journeys}"')


def _value(dimension: Dimension | None) -> str:
    column = "''" if dimension is None else dimension.key if dimension.is_text else as_text(dimension.key)
    text = f"CAST({column} AS varchar(201))"
    # Compared byte by byte, as the cells' own column is: else PostgreSQL knows no order of the two.
    return f'{text} COLLATE "C"' if is_postgresql() else text
