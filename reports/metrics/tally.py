"""Counting the rows of a queryset by their values and by a fact of their leads, in the database."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet

from leads.models import Lead


def tally(rows: QuerySet[Any, Any], *, by: str, of_lead: str) -> list[tuple[Any, Any, int]]:
    """Counts `rows` by a fact of the lead and a column of their own: (fact, value, count), in no order.

    `rows` is a `.values()` queryset with `lead_id` and `by`. It stands as a subquery, which allows what
    the ORM refuses (to group by an aggregate: how many leads reached at most stage n), and keeps the
    lead's text out of sorting and grouping until there is one row a lead.
    """
    connection = connections[rows.db]
    try:
        sql, params = rows.order_by().query.get_compiler(using=rows.db).as_sql()
    except EmptyResultSet:
        return []
    # Only names of columns, given by the metrics themselves, and SQL of the ORM; values are parameters.
    fact, value = f"l.{connection.ops.quote_name(of_lead)}", f"counted.{connection.ops.quote_name(by)}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {fact}, {value}, COUNT(*) FROM ({sql}) counted "
            f"JOIN {Lead._meta.db_table} l ON l.id = counted.lead_id GROUP BY {fact}, {value}",
            params,
        )
        return list(cursor.fetchall())
