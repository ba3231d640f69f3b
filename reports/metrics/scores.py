"""How scores are spread, and how well they tell what sales accepts and wins.

Definitions: docs/metrics.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F

from leads.models import LeadScore
from reports.cells import counts
from reports.dimensions import DIMENSIONS
from reports.measures import ACCEPTING, MQL, OUTCOMES, REJECTING
from reports.models import ScoreSnapshot
from reports.period import today
from reports.scope import Scope
from reports.snapshots import band_of_total
from reports.store.kept import kept_for

LETTERS, NUMBERS = "ABC", "123"
GRADES = tuple(f"{letter}{number}" for letter in LETTERS for number in NUMBERS)


@dataclass(frozen=True)
class Distribution:
    """Leads by the lower bound of the band of their total, and by grade.

    `counted_at`: when a snapshot was taken; None where leads were counted now, one by one.
    """

    bands: Mapping[int, int]
    grades: Mapping[str, int]
    counted_at: datetime | None

    @property
    def leads(self) -> int:
        return sum(self.bands.values())


@dataclass(frozen=True)
class Judged:
    """MQL visits that sales decided; accepted of them, and become customers of these."""

    decided: int = 0
    accepted: int = 0
    won: int = 0

    def __add__(self, other: Judged) -> Judged:
        return Judged(self.decided + other.decided, self.accepted + other.accepted, self.won + other.won)


def distribution(scope: Scope) -> Distribution | None:
    """Of all leads: as last counted by the as-of day. Filtered: of present scores. None: not known for that day."""
    if not scope.chosen:
        rows = ScoreSnapshot.objects.filter(day__lte=scope.as_of).order_by("-day")
        if (last := rows.values_list("day", flat=True).first()) is not None:
            return _of_snapshot(ScoreSnapshot.objects.filter(day=last))
    # Of an earlier day nothing finer than the snapshots is kept.
    return None if scope.as_of < today() else kept_for("spread of scores", scope, lambda: _of_rows(scope))


def is_counted(scope: Scope) -> bool:
    """Whether the distribution needs no look at each score."""
    return not scope.chosen and ScoreSnapshot.objects.filter(day__lte=scope.as_of).exists()


def calibration_by_band(scope: Scope) -> dict[int, Judged]:
    """MQL visits that began in the period, by the score band in which they were offered. Without evidence: none."""
    return {int(value): judged for value, judged in _judged(scope, "band").items() if value != ""}


def calibration_by_grade(scope: Scope) -> dict[str, Judged]:
    return {value: judged for value, judged in _judged(scope, "grade").items() if value in GRADES}


def _judged(scope: Scope, by: str) -> dict[str, Judged]:
    return kept_for(f"judged by {by}", scope, lambda: _count_judged(scope, by))


def _count_judged(scope: Scope, by: str) -> dict[str, Judged]:
    found: dict[str, Judged] = defaultdict(Judged)
    for row in counts(OUTCOMES, scope, by=by, positions=[MQL]):
        if row.a in ACCEPTING:
            found[row.value] += Judged(row.count, row.count, row.count if row.b else 0)
        elif row.a in REJECTING:
            found[row.value] += Judged(decided=row.count)
    return dict(found)


def _of_snapshot(rows: Any) -> Distribution:
    bands, grades = Counter[int](), Counter[str]()
    taken_at = None
    for row in rows:
        bands[row.band] += row.count
        grades[row.grade] += row.count
        taken_at = row.taken_at
    return Distribution(bands, grades, taken_at)


def _of_rows(scope: Scope) -> Distribution:
    facts = {f"of_{key}": F(f"lead__journey__{key}") for key in DIMENSIONS}
    scores = LeadScore.objects.order_by().annotate(**facts, of_band_of_total=band_of_total())
    for key, value in scope.chosen.items():
        scores = scores.filter(**_is(key, value))
    bands, grades = Counter[int](), Counter[str]()
    for band, grade, times in scores.values_list("of_band_of_total", "grade").annotate(times=Count("pk")):
        bands[band] += times
        grades[grade] += times
    return Distribution(bands, grades, None)


def _is(key: str, value: str) -> dict[str, Any]:
    """A choice, as a condition on the annotations above: `grade` is a column of scores, too."""
    if DIMENSIONS[key].is_text:
        return {f"of_{key}": value}
    return {f"of_{key}__isnull": True} if value == "" else {f"of_{key}": int(value)}
