"""The ranges of lead ids in which leads are scored, and the locks on them.

Their bounds are multiples of one size, whatever run they belong to, so that a night and a live
rescore of the same leads wait for one another.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from leads.conditions import Dialect, dialect_of
from scoring.engine.levels import LeadRange

# Leads a range: PostgreSQL is slower a lead in smaller ones (1.5 x at 10,000); on SQLite a range holds the
# only write lock, so that a web write waits for the whole of it.
RANGE_SIZE = {Dialect.POSTGRESQL: 50_000, Dialect.SQLITE: 5_000}
# The first half of the key of our advisory locks; the second is the number of the range.
_LOCK_CLASS = 0x5C0BE


# The numbers of all ranges with leads in them (and a null), by one look into the index for each: to go over all
# leads for it would take longer than everything else on a night on which nothing is due. Three times the size.
NUMBERS = (
    "WITH RECURSIVE numbers (number) AS (SELECT MIN(id) / %s FROM leads_lead UNION ALL"
    " SELECT (SELECT MIN(l.id) / %s FROM leads_lead l WHERE l.id >= (n.number + 1) * %s)"
    " FROM numbers n WHERE n.number IS NOT NULL)"
)


def range_size() -> int:
    return RANGE_SIZE[dialect_of(connection)]


def ranges_numbered(numbers: Iterable[int], size: int | None = None) -> list[LeadRange]:
    """The ranges with these numbers (id // range size), in the order of ids."""
    size = size or range_size()
    return [LeadRange(number * size, number * size + size - 1) for number in sorted(numbers)]


def range_of(lead_id: int) -> LeadRange:
    return ranges_numbered([lead_id // range_size()])[0]


def all_ranges(size: int | None = None) -> list[LeadRange]:
    """Every range with leads in it; of another size than that of runs where nothing is locked."""
    size = size or range_size()
    with connection.cursor() as cursor:
        cursor.execute(f"{NUMBERS} SELECT number FROM numbers WHERE number IS NOT NULL", [size] * 3)
        return ranges_numbered((number for (number,) in cursor.fetchall()), size)


def lock_range(leads: LeadRange) -> None:
    """Until the transaction ends, nobody else scores leads of this range."""
    if dialect_of(connection) == Dialect.SQLITE:
        return  # an IMMEDIATE transaction is alone with the database
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, leads.first // range_size()])
