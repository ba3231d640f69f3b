"""Which leads need rescoring: those that time, new facts or another rulebook version can have changed.

Nothing is marked by whoever changes a lead. Time is foretold by `valid_until`, versions are compared,
and new facts stand in the change log, which database triggers fill (leads/triggers.py). docs/scoring.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Value
from django.db.models.functions import Greatest, Least

from leads.conditions import Dialect, Fragment, dialect_of
from leads.conditions.sql import sql
from leads.models.fields import EPOCH, LATEST_DAY, DayField, day_from_number, day_number
from scoring.engine.levels import LeadRange, LeadSet, Target
from scoring.models import ScoredRange
from scoring.ranges import NUMBERS, range_size, ranges_numbered


@dataclass(frozen=True)
class Standard:
    """By what a stored score is measured: a day, and the version that scores are to have."""

    day: date
    version: int

    def outdated(self, score: str = "s") -> Fragment:
        """Whether a row of the score table, under this alias, no longer holds.

        A row of a later day was written by an operator, or before the organisation's time zone moved west.
        """
        return sql(
            f"({score}.valid_until <= {{}} OR {score}.rulebook_version < {{}} OR {score}.day > {{}})",
            day_number(self.day),
            self.version,
            day_number(self.day),
        )

    def ahead(self, today: date, score: str = "s") -> Fragment:
        """Whether a row is of a newer version or of a later day that has come, so that a run leaves it as it is."""
        return sql(
            f"({score}.rulebook_version > {{}} OR ({score}.day > {{}} AND {score}.day <= {{}}))",
            self.version,
            day_number(self.day),
            day_number(today),
        )


# Where a range has no scores.
_ANY_VERSION = 2**31 - 1


def ends_by(day: date, score: str = "s") -> Fragment:
    """Whether a score holds no longer than until a day."""
    return sql(f"{score}.valid_until <= {{}}", day_number(day))


def due_ranges(standard: Standard) -> list[LeadRange]:
    """The ranges with at least one lead that is due.

    Scores are looked at only in ranges whose bounds leave it open, and only until one is found that is due.
    A lead without a score needs no look of its own: its insertion is in the change log.
    """
    size = range_size()
    statement = sql(
        f"{NUMBERS} SELECT n.number FROM numbers n LEFT JOIN scoring_scoredrange r"
        " ON r.first_lead = n.number * {} AND r.last_lead = n.number * {} + {}"
        " WHERE n.number IS NOT NULL AND (r.first_lead IS NULL OR {})"
        " AND EXISTS (SELECT 1 FROM leads_leadscore s"
        " WHERE s.lead_id BETWEEN n.number * {} AND n.number * {} + {} AND {})"
        " UNION SELECT DISTINCT g.lead_id / {} FROM leads_changelogentry g",
        *(size, size, size - 1),
        standard.outdated("r"),
        *(size, size, size - 1),
        standard.outdated(),
        size,
    )
    numbers = Fragment(statement.sql, (size, size, size, *statement.params))
    return ranges_numbered(int(number) for (number,) in _rows(numbers))


def has_bounds(leads: LeadRange) -> bool:
    """Whether something is written down of the range that holds as long as none of its scores changes."""
    return ScoredRange.objects.filter(first_lead=leads.first, last_lead=leads.last).exists()


def keep_bounds(leads: LeadRange) -> None:
    """Write down what holds for all scores of the range. Its lock is held, and they have just been looked through."""
    ScoredRange.objects.bulk_create(
        [_bounds(leads, leads)],
        update_conflicts=True,
        unique_fields=["first_lead"],
        update_fields=["last_lead", *_BOUNDS],
    )


def widen_bounds(leads: LeadRange, written: LeadSet) -> None:
    """Let what is written down of a range hold for these scores of it, too. Its lock is held."""
    new = _bounds(leads, written)
    ScoredRange.objects.filter(first_lead=leads.first).update(
        valid_until=Least("valid_until", Value(new.valid_until, DayField())),
        rulebook_version=Least("rulebook_version", Value(new.rulebook_version)),
        day=Greatest("day", Value(new.day, DayField())),
    )


_BOUNDS = ("valid_until", "rulebook_version", "day")


def _bounds(leads: LeadRange, of: Target) -> ScoredRange:
    ((valid_until, version, day),) = _rows(
        sql(
            "SELECT MIN(s.valid_until), MIN(s.rulebook_version), MAX(s.day) FROM leads_leadscore s WHERE {}",
            of.contains("s.lead_id", dialect_of(connection)),
        )
    )
    return ScoredRange(
        first_lead=leads.first,
        last_lead=leads.last,
        valid_until=LATEST_DAY if valid_until is None else day_from_number(valid_until),
        rulebook_version=_ANY_VERSION if version is None else version,
        day=EPOCH if day is None else day_from_number(day),
    )


def take_logged(leads: Target) -> set[int]:
    """Empty the change log of these leads; returns those of them that were in it and exist.

    Compute in a later statement: its snapshot is newer, so that whatever commits in between is either
    seen by the score or still in the log.
    """
    dialect = dialect_of(connection)
    taken = sql(
        "DELETE FROM leads_changelogentry WHERE {} RETURNING lead_id", leads.contains("lead_id", dialect)
    )
    logged = LeadSet(sorted({lead_id for (lead_id,) in _rows(taken)}))
    if not logged.ids:
        return set()
    existing = sql("SELECT l.id FROM leads_lead l WHERE {}", logged.contains("l.id", dialect))
    return {lead_id for (lead_id,) in _rows(existing)}


def outdated(leads: LeadRange, standard: Standard, *, of: int) -> set[int]:
    """The leads of the range whose score does not hold any more, or that have none. The range has `of` leads."""
    dialect = dialect_of(connection)
    gathered = "array_agg" if dialect == Dialect.POSTGRESQL else "json_group_array"
    ((scored, over),) = _rows(
        sql(
            f"SELECT COUNT(*), {gathered}(s.lead_id) FILTER (WHERE {{}}) FROM leads_leadscore s WHERE {{}}",
            standard.outdated(),
            leads.contains("s.lead_id", dialect),
        )
    )
    found = set(json.loads(over) if isinstance(over, str) else over or ())
    if scored < of:  # rare, and dear: all leads of the range are held against all of its scores
        found |= _unscored(leads)
    return found


def _unscored(leads: LeadRange) -> set[int]:
    statement = sql(
        "SELECT l.id FROM leads_lead l"
        " WHERE {} AND NOT EXISTS (SELECT 1 FROM leads_leadscore s WHERE s.lead_id = l.id)",
        leads.contains("l.id", dialect_of(connection)),
    )
    return {lead_id for (lead_id,) in _rows(statement)}


def log_again(target: Target, which: Fragment | None = None) -> None:
    """Put leads of the target back into the change log: all, or those for whose score `s` the condition holds."""
    statement = sql(
        "INSERT INTO leads_changelogentry (lead_id) SELECT s.lead_id FROM leads_leadscore s WHERE {}",
        target.contains("s.lead_id", dialect_of(connection)),
    )
    if which is not None:
        statement = sql("{} AND {}", statement, which)
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params)


def _rows(statement: Fragment) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        return list(cursor.fetchall())
