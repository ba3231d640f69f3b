"""The invariant of docs/scoring.md, checked on live data: stored scores are those of a full rescore.

Nothing is written. Leads that are due are counted, not compared: the next incremental run looks at
them anyway. What is compared is what such a run would never look at again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection, transaction

from leads.conditions import Fragment, dialect_of
from leads.conditions.sql import joined, sql
from leads.models.fields import day_from_number
from scoring.engine.compiler import CompiledRulebook
from scoring.engine.levels import LeadSet, Target
from scoring.engine.writing import COMPUTED
from scoring.ranges import all_ranges, range_size
from scoring.rulebook.rows import form_of
from scoring.rulebook.versions import published
from scoring.staleness import Standard

_BOOLEANS = frozenset({"qualified", "fast_tracked", "disqualified"})


@dataclass(frozen=True)
class Mismatch:
    """A lead whose stored score is not what a rescore gives; by column, (stored, expected)."""

    lead_id: int
    columns: dict[str, tuple[Any, Any]]

    def __str__(self) -> str:
        parts = [f"{name} is {stored}, not {expected}" for name, (stored, expected) in self.columns.items()]
        return f"lead {self.lead_id}: {'; '.join(parts)}"


@dataclass
class Verification:
    """How many leads were compared, how many are due and were not, and what does not match."""

    day: date
    version: int
    compared: int = 0
    due: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)


def verify(*, day: date, sample: int | None = None) -> Verification:
    """Compare stored scores with a recomputation by the published rulebook. Raises NothingPublished, RulebookError.

    `sample`: that many leads, picked at random; None: all. `valid_until` may be earlier than necessary,
    never later.
    """
    book = published()
    assert book.number is not None
    compiled = CompiledRulebook(form_of(book), day)
    standard = Standard(day, book.number)
    result = Verification(day, book.number)
    for target in all_ranges() if sample is None else _samples(sample):
        compared, due = _counts(target, standard)
        result.compared += compared
        result.due += due
        result.mismatches += _mismatches(compiled, target, standard)
    return result


def _samples(size: int) -> Iterator[LeadSet]:
    ids = [
        lead_id for (lead_id,) in _rows(sql("SELECT l.id FROM leads_lead l ORDER BY random() LIMIT {}", size))
    ]
    for start in range(0, len(ids), range_size()):
        yield LeadSet(sorted(ids[start : start + range_size()]))


def _is_settled(standard: Standard) -> Fragment:
    """Whether no incremental run would look at the score `s` of the lead `l`."""
    return sql(
        "s.lead_id IS NOT NULL AND NOT {}"
        " AND NOT EXISTS (SELECT 1 FROM leads_changelogentry g WHERE g.lead_id = s.lead_id)",
        _never_null(standard.outdated()),
    )


def _never_null(condition: Fragment) -> Fragment:
    """A score without an end is never over; NOT NULL would not be true."""
    return sql("COALESCE({}, {})", condition, False)


def _counts(target: Target, standard: Standard) -> tuple[int, int]:
    """(settled leads, leads that are due)."""
    settled = _is_settled(standard)
    ((compared, everyone),) = _rows(
        sql(
            "SELECT COUNT(*) FILTER (WHERE {}), COUNT(*) FROM leads_lead l"
            " LEFT JOIN leads_leadscore s ON s.lead_id = l.id WHERE {}",
            settled,
            target.contains("l.id", dialect_of(connection)),
        )
    )
    return compared, everyone - compared


def _mismatches(compiled: CompiledRulebook, target: Target, standard: Standard) -> Iterator[Mismatch]:
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    differences = [Fragment(f"s.{name} {differs} r.{name}") for name in COMPUTED if name != "valid_until"]
    too_late = Fragment(
        "(r.valid_until IS NOT NULL AND (s.valid_until IS NULL OR s.valid_until > r.valid_until))"
    )
    columns = ", ".join(f"s.{name}, r.{name}" for name in COMPUTED)
    statement = sql(
        f"SELECT r.lead_id, {columns} FROM ({{}}) r JOIN leads_leadscore s ON s.lead_id = r.lead_id"
        " WHERE {} AND ({}) ORDER BY r.lead_id",
        compiled.statement(target),
        _is_settled(standard),
        joined(" OR ", [*differences, too_late]),
    )
    for lead_id, *values in _rows(statement):
        pairs = zip(COMPUTED, values[::2], values[1::2], strict=True)
        found = {name: (_told(name, stored), _told(name, expected)) for name, stored, expected in pairs}
        yield Mismatch(lead_id, {name: pair for name, pair in found.items() if pair[0] != pair[1]})


def _told(name: str, value: Any) -> Any:
    """A value as people know it: SQLite's booleans are 1 and 0, days are numbers."""
    if name in _BOOLEANS:
        return bool(value)
    return str(day_from_number(value)) if name == "valid_until" and value is not None else value


def _rows(statement: Fragment) -> list[tuple[Any, ...]]:
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL jit = off")
        cursor.execute(statement.sql, statement.params)
        return list(cursor.fetchall())
