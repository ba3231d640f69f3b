"""How the score of one lead went, and the threshold that it was measured by at each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from leads.models import Lead
from leads.models.fields import day_of
from scoring.models import Rulebook, ScoreChange

# The newest changes of a lead: years of them, and still a small figure.
MOST_CHANGES = 500


@dataclass(frozen=True)
class Level:
    """A value from a day on, until the next one."""

    day: date
    value: int


@dataclass(frozen=True)
class RecordedChange:
    change: ScoreChange
    threshold: int | None  # in force on that day; None before the first rulebook was published

    @property
    def points(self) -> int | None:
        """None for the first score."""
        before = self.change.total_before
        return None if before is None else self.change.total_after - before


@dataclass(frozen=True)
class ScoreHistory:
    """`changes` newest first; `totals` and `thresholds` in the order of days, one for each day at most."""

    changes: Sequence[RecordedChange]
    totals: Sequence[Level]
    thresholds: Sequence[Level]
    today: date
    is_cut: bool  # there are older changes


def score_history(lead: Lead, *, today: date) -> ScoreHistory:
    """The recorded changes of the lead's score up to today. Two queries.

    A run of another day than its own is an operator's look, which no line in time can show: it is left out.
    """
    found = list(
        ScoreChange.objects.filter(lead=lead, run__promotes=True).order_by("-pk")[: MOST_CHANGES + 1]
    )
    changes = found[:MOST_CHANGES]
    totals = {cast("date", change.day): change.total_after for change in reversed(changes)}
    thresholds = _thresholds(min(totals)) if totals else []
    return ScoreHistory(
        changes=[RecordedChange(change, _on(thresholds, cast("date", change.day))) for change in changes],
        totals=[Level(day, total) for day, total in sorted(totals.items())],
        thresholds=thresholds,
        today=today,
        is_cut=len(found) > MOST_CHANGES,
    )


def _thresholds(first: date) -> list[Level]:
    """Of the versions in force from the first day on; the last one published on a day counts."""
    books = Rulebook.objects.filter(number__isnull=False, published_at__isnull=False).order_by("number")
    by_day = {day_of(book.published_at): book.mql_threshold for book in books if book.published_at}
    levels = [Level(day, value) for day, value in sorted(by_day.items())]
    before = [level for level in levels if level.day <= first]
    return [Level(first, before[-1].value), *_after(levels, first)] if before else levels


def _on(levels: Sequence[Level], day: date) -> int | None:
    return next((level.value for level in reversed(levels) if level.day <= day), None)


def _after(levels: Sequence[Level], day: date) -> list[Level]:
    return [level for level in levels if level.day > day]
