"""The numbers of a backtest: counts of its lines and nothing else, so that each can be opened as a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.db.models.query import QuerySet

from leads.models import Handoff
from scoring.backtest.asked import Asked
from scoring.models import BacktestHandoff, Study

Kind, Side = BacktestHandoff.Kind, BacktestHandoff.Side
Lines = QuerySet[BacktestHandoff]
_OUTCOMES = {state.value: Count("pk", filter=Q(outcome=state)) for state in Handoff.State}


def week_of(day: date) -> date:
    """Its Monday."""
    return day - timedelta(days=day.weekday())


def weeks_of(asked: Asked, lines: Lines) -> Iterator[date]:
    """The Mondays of the period's weeks, and of those in which its handoffs would have been made instead."""
    found = lines.aggregate(first=Min("counted_on"), last=Max("counted_on"))
    week = week_of(min(asked.first, found["first"] or asked.first))
    while week <= max(asked.last, found["last"] or asked.last):
        yield week
        week += timedelta(days=7)


def count(study: Study, asked: Asked, sides: Iterable[BacktestHandoff.Side]) -> dict[str, Any]:
    """As JSON keeps it (scoring.backtest.result reads it), with one entry for each rulebook that was tried."""
    lines = BacktestHandoff.objects.filter(study=study).order_by()
    weeks = list(weeks_of(asked, lines))
    # Each rulebook has a line for each real handoff.
    real = lines.filter(side=Side.DRAFT, handoff__isnull=False)
    return {
        "weeks": [week.isoformat() for week in weeks],
        "real": {**_outcomes(real), "weekly": _weekly(real, "offered_on", weeks)},
        "sides": {str(side): _side(lines.filter(side=side), weeks) for side in sides},
    }


def _side(lines: Lines, weeks: list[date]) -> dict[str, Any]:
    same, missed = lines.filter(kind=Kind.SAME), lines.filter(kind=Kind.MISSED)
    days = Counter(days for days in same.values_list("days_later", flat=True) if days is not None)
    made = lines.filter(counted_on__isnull=False)
    return {
        "made": made.count(),
        "weekly": _weekly(made, "counted_on", weeks),
        "same": _outcomes(same),
        "missed": _outcomes(missed),
        "new": lines.filter(kind=Kind.NEW).count(),
        "start": lines.filter(kind=Kind.START).count(),
        "before": same.filter(handed_before__isnull=False).count(),
        "days": sorted(days.items()),
        "median_days": median(days.elements()) if days else None,
        "reasons": _reasons(lines),
    }


def _outcomes(lines: Lines) -> dict[str, int]:
    return lines.aggregate(total=Count("pk"), won=Count("pk", filter=Q(is_won=True)), **_OUTCOMES)


def _weekly(lines: Lines, column: str, weeks: list[date]) -> list[int]:
    found: Counter[date] = Counter()
    for day, number in lines.values(column).annotate(number=Count("pk")).values_list(column, "number"):
        found[week_of(day)] += number
    return [found[week] for week in weeks]


def _reasons(lines: Lines) -> list[dict[str, Any]]:
    """Why sales rejected real handoffs, the most frequent first; `missed`: rejections that would have been spared."""
    rows = (
        lines.filter(outcome=Handoff.State.REJECTED)
        .values("reason", "reason__label")
        .annotate(
            total=Count("pk"),
            missed=Count("pk", filter=Q(kind=Kind.MISSED)),
        )
        .order_by("-total", "reason__label")
    )
    return [
        {"pk": row["reason"], "label": row["reason__label"], "total": row["total"], "missed": row["missed"]}
        for row in rows
    ]
