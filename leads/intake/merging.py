"""Rows of one file about one lead become one: later cells win, blanks say nothing.

Neighbours are merged in pairs, then pairs of pairs: the number of statements grows with the logarithm
of the longest group, the work with the number of rows.
"""

from __future__ import annotations

from leads.intake.identity import RESOLVED
from leads.intake.staging import Staging, is_postgresql

_PLACES = "intake_places"
_NEVER_ERASED = frozenset(
    {"external_id", "email", "email_folded", "email_domain", "email_domain_type", "link_domain"}
)
_JSON_OVERLAID = frozenset({"attributes", "attributes_typed", "unparsed"})


def merge_repeated(staging: Staging, *, erase_blanks: bool) -> None:
    """Bring the staged row of each head to what all rows of its lead say together."""
    staging.scratch(
        _PLACES,
        f"""AS SELECT line, head, row_number() OVER (PARTITION BY head ORDER BY line) - 1 AS place FROM {RESOLVED}
            WHERE head IN (SELECT head FROM {RESOLVED} WHERE head <> line)""",
    )
    staging.index(_PLACES, "head", "place")
    if is_postgresql():
        staging.execute(f"CREATE INDEX IF NOT EXISTS {staging.name}_line ON {staging.name} (line)")
    staging.analyze(_PLACES)
    assignments = ", ".join(
        f"{column.name} = {_later(column.name, erase_blanks)}" for column in staging.columns
    )
    while staging.value(f"SELECT 1 FROM {_PLACES} WHERE place > 0 LIMIT 1"):
        staging.execute(
            f"""
            UPDATE {staging.name} AS a SET {assignments}
            FROM (SELECT p.line AS into_line, later.* FROM {_PLACES} p
                  JOIN {_PLACES} q ON q.head = p.head AND q.place = p.place + 1
                  JOIN {staging.name} later ON later.line = q.line WHERE p.place %% 2 = 0) AS b
            WHERE a.line = b.into_line"""
        )
        staging.execute(f"DELETE FROM {_PLACES} WHERE place %% 2 = 1")
        staging.execute(f"UPDATE {_PLACES} SET place = place / 2")


def _later(name: str, erase_blanks: bool) -> str:
    if name in ("created_at", "created_day"):
        earlier = "b.created_at IS NOT NULL AND (a.created_at IS NULL OR b.created_at < a.created_at)"
        return f"CASE WHEN {earlier} THEN b.{name} ELSE a.{name} END"
    if erase_blanks and name not in _NEVER_ERASED and name != "unparsed":
        return f"b.{name}"
    if name in _JSON_OVERLAID:
        both = f"a.{name} || b.{name}" if is_postgresql() else f"json_patch(a.{name}, b.{name})"
        return f"CASE WHEN a.{name} IS NULL THEN b.{name} WHEN b.{name} IS NULL THEN a.{name} ELSE {both} END"
    return f"coalesce(b.{name}, a.{name})"
