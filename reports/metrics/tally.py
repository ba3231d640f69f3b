"""Counting the rows of a queryset by their values, in the database."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet


def tally(rows: QuerySet[Any, Any], *columns: str) -> list[tuple[Any, ...]]:
    """Counts `rows` by `columns`: a list of (*column values, count), in no particular order.

    `rows` is a `.values()` queryset of plain text and number columns. It stands as a subquery, which
    allows what the ORM refuses: to group by an aggregate (how many leads reached at most stage n).
    """
    connection = connections[rows.db]
    try:
        sql, params = rows.order_by().query.get_compiler(using=rows.db).as_sql()
    except EmptyResultSet:
        return []
    names = ", ".join(f"counted.{connection.ops.quote_name(column)}" for column in columns)
    with connection.cursor() as cursor:
        # Only names of columns, given by the metrics themselves, and SQL of the ORM; values are parameters.
        cursor.execute(f"SELECT {names}, COUNT(*) FROM ({sql}) counted GROUP BY {names}", params)
        return list(cursor.fetchall())
