"""Counts of a measure: from the rollups where they have the answer, else from the rows themselves, never differing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import CharField, Count, DateField, F, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable

from leads.models import Stage
from reports.dimensions import DIMENSIONS, EVERYTHING
from reports.measures import NOTHING, Measure
from reports.models import Cell
from reports.period import DAY, Period, today
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
    """Whether an answer is counted row by row: of a past day, or by more than one dimension at once.

    Of a past day a measure that is settled is not (`counts`).
    """
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
    settled = _settled(measure, scope, positions)
    if settled is None:
        return []
    if reads_rows(settled, by=by):
        return _from_rows(measure, settled, by, by_day, positions, apart)
    return _from_rollup(measure, settled, by, by_day, positions, apart)


def _settled(measure: Measure, scope: Scope, positions: Sequence[int]) -> Scope | None:
    """Of an earlier as-of day the days until then, where they say the same today; None: there are none."""
    asked = positions or [stage.position for stage in Stage]
    if scope.as_of >= today() or not measure.settled.issuperset(asked):
        return scope
    if scope.as_of < scope.period.start:
        return None
    end = min(scope.period.end, scope.as_of + DAY)
    return replace(scope, period=Period(scope.period.start, end), as_of=today())


def counts_by_each(
    measure: Measure, scope: Scope, keys: Sequence[str], *, positions: Sequence[int] = ()
) -> dict[str, list[Counts]]:
    """The same by each of some dimensions; what has to be counted row by row is read once for all of them."""
    settled = _settled(measure, scope, positions)
    by_rows = [key for key in keys if settled and reads_rows(settled, by=key)]
    found = {key: counts(measure, scope, by=key, positions=positions) for key in keys if key not in by_rows}
    return found | _from_rows_by_each(measure, settled or scope, by_rows, positions)


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
    found: Counter[Any] = Counter()
    for rows in _rows(measure, scope, positions):
        rows = rows.annotate(by_value=value, by_day=F("cell_day") if by_day else Value(None, DateField()))
        keys = ("by_value", "by_day", "cell_position", *(("cell_a", "cell_b") if apart else ()))
        for row in _grouped(rows, keys, Count("pk")):
            # Where nothing is told apart, nothing counts 0.
            if row.count:
                found[(row.value, row.day, row.position, row.a, row.b)] += row.count
    return [Counts(value, day, position, a, b, n) for (value, day, position, a, b), n in found.items()]


def _from_rows_by_each(
    measure: Measure, scope: Scope, keys: Sequence[str], positions: Sequence[int]
) -> dict[str, list[Counts]]:
    if not keys:
        return {}
    found: dict[str, Counter[Any]] = {key: Counter() for key in keys}
    named = {f"by_{key}": DIMENSIONS[key].as_text() for key in keys}
    for rows in _rows(measure, scope, positions):
        grouped = rows.annotate(**named).order_by().values_list(*named, "cell_position", "cell_a", "cell_b")
        for *values, position, a, b, count in grouped.annotate(total=Count("pk")):
            for key, value in zip(keys, values, strict=True):
                found[key][(value, position, a, b)] += count
    return {
        key: [Counts(value, None, position, a, b, n) for (value, position, a, b), n in cells.items()]
        for key, cells in found.items()
    }


def _rows(measure: Measure, scope: Scope, positions: Sequence[int]) -> Iterator[QuerySet[Any]]:
    """Of a measure there may be several queries, which have no row in common."""
    for rows in measure.rows(scope.as_of):
        inside = rows.filter(_within("cell_day", scope.period), scope.condition())
        yield inside.filter(cell_position__in=positions) if positions else inside


def _grouped(rows: QuerySet[Any], keys: Sequence[str], total: Any) -> list[Counts]:
    found: Any = rows.order_by().values_list(*keys).annotate(total=total)
    return [_counts(*row) for row in found]


def _counts(value: str, day: date | None, position: int, *rest: int) -> Counts:
    """`rest`: a and b where they are told apart, and the count."""
    a, b = rest[:2] if len(rest) > 1 else (NOTHING, NOTHING)
    return Counts(value, day, position, a, b, rest[-1])


def _within(column: str, period: Period) -> Q:
    return Q(**{f"{column}__gte": period.start, f"{column}__lt": period.end})
