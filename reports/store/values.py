"""Which values dimensions have, for choosing one: those that cells have, texts spelled as their first lead does."""

from __future__ import annotations

from leads.models import Lead
from reports.dimensions import DIMENSIONS
from reports.measures import ENTRIES, REACH
from reports.models import SeenValue
from reports.store.counting import CELLS, CHANGED_CELLS
from reports.store.dialect import execute

SEEN, LEADS = SeenValue._meta.db_table, Lead._meta.db_table
# Dimension to the columns of its leads that hold a text, and how it is written.
_SPELLED = {
    "source": ("source_folded", "source"),
    "channel": ("channel_folded", "channel"),
    "industry": ("industry_folded", "industry"),
}
# Every lead is in the one, every visit in the other.
_COMPLETE = f"measure IN ({ENTRIES.number}, {REACH.number})"


def existing(*, cells: str = CELLS) -> str:
    """SELECT of all values with their dimensions."""
    return f"SELECT DISTINCT dimension, value FROM {cells} WHERE value <> '' AND {_COMPLETE}"


def rebuild(*, cells: str = CELLS) -> None:
    execute(f"DELETE FROM {SEEN}")
    execute(
        f"INSERT INTO {SEEN} (dimension, value, spelling) "
        f"SELECT dimension, value, '' FROM ({existing(cells=cells)}) existing"
    )
    for key, (folded, written) in _SPELLED.items():
        execute(
            f"UPDATE {SEEN} SET spelling = l.{written} FROM {LEADS} l "
            f"WHERE {SEEN}.dimension = {DIMENSIONS[key].number} AND l.{folded} = {SEEN}.value "
            f"AND l.id IN (SELECT min(id) FROM {LEADS} GROUP BY {folded})"
        )


def fold(*, only: str) -> None:
    """After `CHANGED_CELLS` was applied, which the leads that `only` selects have changed."""
    execute(
        f"INSERT INTO {SEEN} (dimension, value, spelling) "
        f"SELECT DISTINCT c.dimension, c.value, '' FROM {CHANGED_CELLS} c "
        f"WHERE c.value <> '' AND c.n > 0 AND {_COMPLETE} "
        f"AND NOT EXISTS (SELECT 1 FROM {SEEN} s WHERE s.dimension = c.dimension AND s.value = c.value)"
    )
    execute(
        f"DELETE FROM {SEEN} WHERE EXISTS (SELECT 1 FROM {CHANGED_CELLS} c WHERE c.n < 0 AND {_COMPLETE} "
        f"AND c.dimension = {SEEN}.dimension AND c.value = {SEEN}.value) AND NOT EXISTS ("
        f"SELECT 1 FROM {CELLS} k WHERE k.measure IN ({ENTRIES.number}, {REACH.number}) "
        f"AND k.dimension = {SEEN}.dimension AND k.value = {SEEN}.value)"
    )
    for key, (folded, written) in _SPELLED.items():
        execute(
            f"UPDATE {SEEN} SET spelling = l.{written} FROM {LEADS} l "
            f"WHERE {SEEN}.dimension = {DIMENSIONS[key].number} AND {SEEN}.spelling = '' "
            f"AND l.{folded} = {SEEN}.value AND l.id IN ("
            f"SELECT min(id) FROM {LEADS} WHERE id IN ({only}) GROUP BY {folded})"
        )
        # Somebody has spelt it anew where it is read from. Only one that differs is looked up: hardly any.
        execute(
            f"UPDATE {SEEN} SET spelling = l.{written} FROM {LEADS} l "
            f"WHERE {SEEN}.dimension = {DIMENSIONS[key].number} AND l.{folded} = {SEEN}.value "
            f"AND l.{written} <> {SEEN}.spelling "
            f"AND l.id IN (SELECT min(id) FROM {LEADS} WHERE id IN ({only}) GROUP BY {folded}) "
            f"AND l.id = (SELECT min(e.id) FROM {LEADS} e WHERE e.{folded} = l.{folded})"
        )
