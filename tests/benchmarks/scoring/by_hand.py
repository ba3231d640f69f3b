"""The best statement that was found for the benchmark's rulebook by hand: what the compiler is measured against.

It does the same work: the same columns, valid_until and below_since among them, comparison with what is
stored, the log of changes, and writing. It knows nothing of rulebooks, and scores all leads at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.db import connection, transaction

from leads.models import ActivityType

FOLDER = Path(__file__).parent


def statement(*, day: int, version: int, run: int, leads: tuple[int, int] | None = None) -> str:
    """Over all leads, or those of a range of ids."""
    ranges = dict.fromkeys(("range_of_activities", "range_of_leads", "range_of_scores"), "")
    if leads is not None:
        columns = ("a.lead_id", "l.id", "s.lead_id")
        ranges = {
            name: f"AND {column} BETWEEN {leads[0]} AND {leads[1]}"
            for name, column in zip(ranges, columns, strict=True)
        }
    text = (FOLDER / f"by_hand_{connection.vendor}.sql").read_text()
    types = dict(ActivityType.objects.values_list("code", "pk"))
    return text.format(day=day, version=version, run=run, **ranges, **types)


def lateral(*, day: int, version: int, run: int, lead_ids: Sequence[int]) -> str:
    """The same for these leads, each looked up by itself. For PostgreSQL."""
    text = (FOLDER / "by_hand_postgresql.sql").read_text()
    asked = text.partition("SELECT d.lead_id,")[2].partition("FROM days d")[0]
    days = text.partition("AS n\n")[2].partition("GROUP BY")[0].replace("WHERE", "WHERE a.lead_id = l.id AND")
    studied = text.partition("studied AS (")[2].partition("), facts")[0].partition("GROUP BY")[0]
    each = (
        f"LEFT JOIN LATERAL (SELECT {asked} FROM (SELECT a.type_id, a.day, count(*)::integer AS n {days}"
        " GROUP BY a.type_id, a.day) d) w ON true LEFT JOIN LATERAL ("
        + studied.replace("a.lead_id, ", "").replace(
            "WHERE a.type_id", "WHERE a.lead_id = l.id AND a.type_id"
        )
        + ") t ON true"
    )
    head, rest = text.partition("WITH days AS")[0], text.partition("), facts AS")[2]
    text = f"{head} WITH facts AS {rest}"
    text = text.replace("LEFT JOIN did w ON w.lead_id = l.id", each).replace(
        "LEFT JOIN studied t ON t.lead_id = l.id", ""
    )
    ids = f"ANY ('{{{','.join(str(pk) for pk in lead_ids)}}}'::bigint[])"
    ranges = {
        "range_of_leads": f"AND l.id = {ids}",
        "range_of_scores": f"AND s.lead_id = {ids}",
    }
    types = dict(ActivityType.objects.values_list("code", "pk"))
    return text.format(day=day, version=version, run=run, range_of_activities="", **ranges, **types)


def score(text: str) -> int:
    """Run it in a transaction of its own, as the product does; returns the rows written."""
    written = 0
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL jit = off")
        for one in text.split(";\n"):
            if one.strip():
                cursor.execute(one)
            if cursor.description:
                (written,) = cursor.fetchone()
    return int(written)
