"""Numbers for documents, made alike everywhere: shares with their counts and intervals, small ones marked."""

from __future__ import annotations

from decimal import Decimal

from reports.document import Drill, Kind, Number
from reports.metrics.quantiles import Histogram, percentile
from scoring.evidence.proportions import Share

# A share of fewer is greyed: it may be chance.
FEW_BELOW = 20
FEW, IMMATURE = "few", "immature"


def few(of: int) -> str:
    """The mark of a number that rests on so many; of nobody there is nothing to mark."""
    return FEW if 0 < of < FEW_BELOW else ""


def drill(rows: str, **where: str) -> Drill:
    return Drill(rows, where)


def count(value: int, behind: Drill | None = None, *, before: int | None = None) -> Number:
    return Number(value, Kind.COUNT, drill=behind, before=before)


def share(
    part: int,
    whole: int,
    behind: Drill | None = None,
    *,
    before: float | None = None,
    interval: bool = False,
    marked: bool = True,
    is_immature: bool = False,
) -> Number:
    """`part` of `whole`; None of nobody. With its Wilson interval where asked; `marked`: grey where of few."""
    found = Share(part, whole)
    reach = (found.interval.low, found.interval.high) if interval and whole else None
    mark = mark_of(whole, is_immature=is_immature) if marked else ""
    return Number(
        found.share, Kind.SHARE, of=(part, whole), drill=behind, interval=reach, mark=mark, before=before
    )


def mark_of(of: int, *, is_immature: bool = False) -> str:
    """That of a share: that it will still grow says more than that it is of few."""
    return IMMATURE if is_immature and of else few(of)


def minutes(
    values: Histogram, percent: int, behind: Drill | None = None, *, before: Histogram | None = None
) -> Number:
    """A percentile of minutes, in whole ones."""
    return Number(
        _whole(percentile(values, percent)),
        Kind.MINUTES,
        drill=behind,
        mark=few(sum(values.values())),
        before=None if before is None else _whole(percentile(before, percent)),
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def money(value: Decimal | None, behind: Drill | None = None, *, before: Decimal | None = None) -> Number:
    return Number(value, Kind.MONEY, drill=behind, before=before)
