"""Counts of a measure: from the rollups where they have the answer, else from the rows themselves, never differing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import CharField, Count, DateField, F, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable

from reports.dimensions import DIMENSIONS, EVERYTHING
from reports.measures import NOTHING, Measure
from reports.models import Cell
from reports.period import Period, today
from reports.scope import Scope


@dataclass(frozen=True)
class Counts:
    """`value` is of the dimension that was asked for, "" also where none was; `day` is None unless asked by day."""

    value: str
    day: date | None
    position: int
    a: int
    b: int
    count: int


def reads_rows(scope: Scope, *, by: str | None = None) -> bool:
    """Whether the answer is counted row by row: of a past day, or by more than one dimension at once."""
    return scope.as_of < today() or len({*scope.chosen, *([by] if by else [])}) > 1


def counts(
    measure: Measure,
    scope: Scope,
    *,
    by: str | None = None,
    by_day: bool = False,
    positions: Sequence[int] = (),
    apart: bool = True,
) -> list[Counts]:
    """What of the measure falls into the scope: in all or by a dimension or day, of all stages or some. In no order.

    Not `apart`: whatever `a` and `b` are, which then say nothing.
    """
    if reads_rows(scope, by=by):
        return _from_rows(measure, scope, by, by_day, positions, apart)
    return _from_rollup(measure, scope, by, by_day, positions, apart)


def _from_rollup(
    measure: Measure, scope: Scope, by: str | None, by_day: bool, positions: Sequence[int], apart: bool
) -> list[Counts]:
    key = by or next(iter(scope.chosen), None)
    cells = Cell.objects.filter(
        _within("day", scope.period),
        measure=measure.number,
        dimension=DIMENSIONS[key].number if key else EVERYTHING,
    )
    if scope.chosen:
        cells = cells.filter(value__in=scope.chosen.values())
    elif key is None:
        # There is no other; said, it is a walk along the index.
        cells = cells.filter(value="")
    if positions:
        cells = cells.filter(position__in=positions)
    rows = cells.annotate(
        by_value=F("value") if by else Value("", CharField()),
        by_day=F("day") if by_day else Value(None, DateField()),
    )
    return _grouped(rows, ("by_value", "by_day", "position", *(("a", "b") if apart else ())), Sum("count"))


def _from_rows(
    measure: Measure, scope: Scope, by: str | None, by_day: bool, positions: Sequence[int], apart: bool
) -> list[Counts]:
    value: Combinable = DIMENSIONS[by].as_text() if by else Value("", CharField())
    # The rows of a measure may be several queries, which have no row in common.
    found: Counter[Any] = Counter()
    for rows in measure.rows(scope.as_of):
        rows = rows.filter(_within("cell_day", scope.period), scope.condition())
        if positions:
            rows = rows.filter(cell_position__in=positions)
        rows = rows.annotate(by_value=value, by_day=F("cell_day") if by_day else Value(None, DateField()))
        keys = ("by_value", "by_day", "cell_position", *(("cell_a", "cell_b") if apart else ()))
        for row in _grouped(rows, keys, Count("pk")):
            # Where nothing is told apart, nothing counts 0.
            if row.count:
                found[(row.value, row.day, row.position, row.a, row.b)] += row.count
    return [Counts(value, day, position, a, b, n) for (value, day, position, a, b), n in found.items()]


def _grouped(rows: QuerySet[Any], keys: Sequence[str], total: Any) -> list[Counts]:
    found: Any = rows.order_by().values_list(*keys).annotate(total=total)
    return [_counts(*row) for row in found]


def _counts(value: str, day: date | None, position: int, *rest: int) -> Counts:
    """`rest`: a and b where they are told apart, and the count."""
    a, b = rest[:2] if len(rest) > 1 else (NOTHING, NOTHING)
    return Counts(value, day, position, a, b, rest[-1])


def _within(column: str, period: Period) -> Q:
    return Q(**{f"{column}__gte": period.start, f"{column}__lt": period.end})
