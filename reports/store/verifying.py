"""Whether what is kept is what the raw rows say: everything is derived anew and compared, both ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import transaction

from leads.models.fields import day_from_number
from reports.dimensions import DIMENSIONS
from reports.models import SeenValue, StaleLead
from reports.store import minutes, state, values
from reports.store.counting import CELLS, KEY, insert_cells
from reports.store.deriving import (
    JOURNEYS,
    MINUTES,
    VISITS,
    insert_journeys,
    insert_visits,
    journey_columns,
    visit_columns,
)
from reports.store.dialect import analyze, fetch, temporary

# Differences of one table that are told; how many there are beyond is counted.
TOLD = 20
ANEW = "_anew"
_STALE = StaleLead._meta.db_table


@dataclass(frozen=True)
class Compared:
    """A table, its columns without `id`, and how many of the first ones say which row it is."""

    table: str
    name: str
    columns: tuple[str, ...]
    key: int
    of_lead: bool = True

    @property
    def anew(self) -> str:
        return f"{self.table}{ANEW}"


def _compared() -> Sequence[Compared]:
    visit = tuple(visit_columns())
    first = ("lead_id", "entered_at", "position")
    return (
        Compared(VISITS, "visit", (*first, *(column for column in visit if column not in first)), key=3),
        Compared(JOURNEYS, "journey", tuple(journey_columns()), key=1),
        Compared(CELLS, "cell", (*KEY, "count"), key=len(KEY), of_lead=False),
    )


@transaction.atomic
def differences() -> list[str]:
    """In words; empty where all is well. Nothing is folded meanwhile.

    A lead that changed since the last fold is left out: it is known to be out of date. Cells are compared with what
    the visits and journeys that are kept come to, these with what the raw rows say.
    """
    now = state.locked(wait=True)
    if now is None or now.built_at is None:
        return ["Nothing was ever built."]
    tables = {c.anew: f"AS SELECT * FROM {c.table} LIMIT 0" for c in _compared()}
    with temporary(**{MINUTES: minutes.COLUMNS}, **tables):
        minutes.fill()
        analyze(MINUTES)
        insert_visits(into=f"{VISITS}{ANEW}")
        insert_journeys(into=f"{JOURNEYS}{ANEW}")
        insert_cells(into=f"{CELLS}{ANEW}")
        return [*(words for compared in _compared() for words in _told(compared)), *_values_told()]


def _told(compared: Compared) -> Iterator[str]:
    columns = ", ".join(compared.columns)
    # Of leads as they are now: whoever changed before they were derived is in it.
    fresh = f"WHERE lead_id NOT IN (SELECT lead FROM {_STALE})" if compared.of_lead else ""
    rows = f"""
        SELECT {columns}, sum(sign) AS surplus FROM (
            SELECT {columns}, 1 AS sign FROM {compared.table} {fresh}
            UNION ALL SELECT {columns}, -1 AS sign FROM {compared.anew} {fresh}) both_sides
        GROUP BY {columns} HAVING sum(sign) <> 0"""
    found = fetch(f"{rows} ORDER BY {columns} LIMIT {2 * TOLD}")
    told = [
        _words(compared, key, list(group))
        for key, group in groupby(found, key=lambda row: row[: compared.key])
    ][:TOLD]
    yield from told
    if len(found) == 2 * TOLD:
        total = fetch(f"SELECT count(*) FROM ({rows}) all_differences")[0][0]
        yield f"… {total} rows of {compared.table} differ in all."


def _values_told() -> Iterator[str]:
    """Values that can be chosen, against those that cells have."""
    offered = set(SeenValue.objects.values_list("dimension", "value"))
    there = set(fetch(values.existing()))
    keys = {dimension.number: key for key, dimension in DIMENSIONS.items()}
    for number, value in sorted(offered - there)[:TOLD]:
        yield f"{keys[number]}: {value!r} is offered, but no lead has it"
    for number, value in sorted(there - offered)[:TOLD]:
        yield f"{keys[number]}: {value!r} is not offered"


def _words(compared: Compared, key: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> str:
    """Of rows with one key, each with all columns and how often it is there too often (negative: is missing)."""
    named = zip(compared.columns, key, strict=False)
    what = f"{compared.name} of " + ", ".join(f"{column} {_shown(column, value)}" for column, value in named)
    kept = [row for row in rows if row[-1] > 0]
    anew = [row for row in rows if row[-1] < 0]
    if not anew:
        return f"{what}: kept{' more than once' if kept[0][-1] > 1 else ''}, but should not be"
    if not kept:
        return f"{what}: missing"
    differing = [
        f"{column} is {_shown(column, kept[0][index])}, should be {_shown(column, anew[0][index])}"
        for index, column in enumerate(compared.columns)
        if kept[0][index] != anew[0][index]
    ]
    return f"{what}: {'; '.join(differing)}"


def _shown(column: str, value: Any) -> str:
    is_day = column in ("day", "created_day") or column.endswith("_day") or column.startswith("reached_")
    if value is None:
        return "none"
    if is_day:
        return str(day_from_number(value))
    return repr(value) if isinstance(value, str) and not column.endswith("_at") else str(value)
