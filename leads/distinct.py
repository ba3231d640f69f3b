"""Distinct values of an indexed text, by hopping from one to the next in its index.

SELECT DISTINCT reads every lead; this reads one index entry a value, so that a filter's choices cost the same
with 1,000,000 leads as with a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

# More than anybody scrolls through; a text with more values than this is no category.
MOST_CHOICES = 300
_HOPS = """
WITH RECURSIVE hop(value, number) AS (
    SELECT * FROM (SELECT {column}, 1 FROM leads_lead WHERE {column} > '' ORDER BY {column} LIMIT 1) first
    UNION ALL
    SELECT (SELECT {column} FROM leads_lead WHERE {column} > hop.value ORDER BY {column} LIMIT 1), number + 1
    FROM hop WHERE hop.value IS NOT NULL AND number < %s
)
SELECT value, {label} FROM hop WHERE value IS NOT NULL
"""


@dataclass(frozen=True)
class Value:
    """What to compare with, and how to show it."""

    value: str
    label: str


def _hop(column: str, label: str) -> list[Value]:
    with connection.cursor() as cursor:
        cursor.execute(_HOPS.format(column=column, label=label), [MOST_CHOICES])
        return [Value(value, shown) for value, shown in cursor.fetchall()]


def sources() -> list[Value]:
    """The known sources of leads, folded, each as its earliest lead spells it."""
    return _hop(
        "source_folded",
        "(SELECT source FROM leads_lead WHERE source_folded = hop.value ORDER BY created_at LIMIT 1)",
    )


def countries() -> list[Value]:
    """The known countries of leads as ISO 3166 codes."""
    return _hop("country", "value")
