"""Which leads stand for all of them where a page cannot look at each: a fixed random sample.

It depends on nothing but the ids that there are, and changes by little when leads come in: whoever asks
again, in whatever process, is told about the same leads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from django.db import connection
from django.db.models import Max

from leads.conditions.sql import sql
from leads.models import Lead
from scoring.engine.levels import LeadRange, LeadSet, Target

SAMPLE = 5_000
_RANGE = 50_000
_MORE = 8
_MANY = 100_000
# Ids are drawn block by block, so that new ids leave the draws of the blocks before alone.
_BLOCKS, _SMALLEST_BLOCK = 1024, 64


@dataclass(frozen=True)
class Look:
    """Which leads are looked at: all, or a sample."""

    targets: tuple[Target, ...]
    is_sample: bool


def a_sample(size: int = SAMPLE) -> Look:
    """About `size` leads drawn at random, or all where there are no more. A few small queries."""
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True)[: size + 1])
    if len(ids) <= size:
        return Look((LeadSet(ids),), is_sample=False)
    first, last = ids[0], _last()
    found = _existing(list(_drawn(first, last, size)))
    if len(found) < size // 2:  # most of the numbers fell into gaps
        more = _existing(list(_drawn(first, last, _MORE * size)))
        found = sorted(Random(0).sample(more, min(size, len(more))))
    return Look((LeadSet(found),), is_sample=True)


def _drawn(first: int, last: int, size: int) -> Iterator[int]:
    """About `size` of the numbers from first to last.

    Each block has an order of its own, drawn once and for all; how many are taken of it follows from
    the share that is wanted. So a larger span takes away the last of a few blocks, and no more.
    """
    span = last - first + 1
    block = max(_SMALLEST_BLOCK, 1 << (span // _BLOCKS).bit_length())
    share = min(1.0, size / span)
    for number in range(first // block, last // block + 1):
        random = Random(number)
        # The fraction left over becomes one more number in as many blocks as it says.
        for place in random.sample(range(block), min(block, int(share * block + random.random()))):
            if first <= (drawn := number * block + place) <= last:
                yield drawn


def _existing(drawn: list[int]) -> list[int]:
    """For each number the lead with that id, or the next one: ids may have gaps of any size."""
    if connection.vendor == "postgresql":
        numbers = sql("unnest({}::bigint[]) AS drawn (value)", drawn)
    else:
        numbers = sql("json_each({}) AS drawn", json.dumps(drawn))
    statement = sql(
        "SELECT DISTINCT (SELECT MIN(l.id) FROM leads_lead l WHERE l.id >= drawn.value) AS id FROM {} ORDER BY id",
        numbers,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        return [pk for (pk,) in cursor.fetchall() if pk is not None]


def all_leads() -> Look:
    """Every lead, in ranges."""
    starts = range(1, _last() + 1, _RANGE)
    return Look(tuple(LeadRange(start, start + _RANGE - 1) for start in starts), is_sample=False)


def _last() -> int:
    return int(Lead.objects.aggregate(last=Max("pk"))["last"] or 0)


def number_of_leads() -> int:
    """How many leads there are: about, by what PostgreSQL keeps for its planner, where that is many; else counted.

    Counting a million costs more than looking at the whole sample. What is kept may be long out of date
    while the table is small.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'leads_lead'::regclass")
            (kept,) = cursor.fetchone()
            if kept >= _MANY:
                return int(kept)
    return Lead.objects.count()
