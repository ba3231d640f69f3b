"""Which leads need rescoring: those that time, new facts or another rulebook version can have changed.

Nothing is marked by whoever changes a lead. Time is foretold by `valid_until`, versions are compared,
and new facts stand in the change log, which database triggers fill (leads/triggers.py). docs/scoring.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection

from leads.conditions import Fragment, dialect_of
from leads.conditions.sql import sql
from leads.models.fields import day_number
from scoring.engine.levels import LeadRange, LeadSet, Target
from scoring.ranges import range_size, ranges_numbered


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


_UNSCORED = "NOT EXISTS (SELECT 1 FROM leads_leadscore s WHERE s.lead_id = l.id)"


def ends_by(day: date, score: str = "s") -> Fragment:
    """Whether a score holds no longer than until a day."""
    return sql(f"{score}.valid_until <= {{}}", day_number(day))


def due_ranges(standard: Standard) -> list[LeadRange]:
    """The ranges with at least one lead that is due. One pass over the narrow score table, and none over leads.

    A lead without a score needs no look of its own: its insertion is in the change log.
    """
    size = range_size()
    statement = sql(
        "SELECT DISTINCT s.lead_id / {} FROM leads_leadscore s WHERE {}"
        " UNION SELECT DISTINCT g.lead_id / {} FROM leads_changelogentry g",
        size,
        standard.outdated(),
        size,
    )
    return ranges_numbered(int(number) for (number,) in _rows(statement))


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


def outdated(leads: LeadRange, standard: Standard) -> set[int]:
    """The leads of the range whose score does not hold any more, or that have none."""
    statement = sql(
        "SELECT s.lead_id FROM leads_leadscore s WHERE {} AND {}"
        f" UNION ALL SELECT l.id FROM leads_lead l WHERE {{}} AND {_UNSCORED}",
        leads.contains("s.lead_id", dialect_of(connection)),
        standard.outdated(),
        leads.contains("l.id", dialect_of(connection)),
    )
    return {int(lead_id) for (lead_id,) in _rows(statement)}


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


def _rows(statement: Fragment) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        return list(cursor.fetchall())
