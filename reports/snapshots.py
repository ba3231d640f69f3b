"""Scores of all leads, counted once a day and after each run, so that no page has to look at all of them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Case, Count, F, IntegerField, Max, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Mod

from leads.models import LeadScore
from leads.models.fields import day_of
from reports.dimensions import BAND, LAST_BAND
from reports.models import ScoreSnapshot
from reports.period import today
from scoring.models import ScoringRun


def band_of_total(total: str = "total") -> Combinable:
    """Lower bound of the band of a column; all below 0 is one band, and so is all from the last bound on."""
    return Case(
        When(**{f"{total}__lt": 0}, then=Value(-BAND)),
        When(**{f"{total}__gte": LAST_BAND}, then=Value(LAST_BAND)),
        default=F(total) - Mod(F(total), Value(BAND)),
        output_field=IntegerField(),
    )


def is_due() -> bool:
    """Whether today's scores were not counted yet, or a run has ended since."""
    last = ScoreSnapshot.objects.filter(day=today()).aggregate(at=Max("taken_at"))["at"]
    return last is None or ScoringRun.objects.filter(ended_at__gt=last).exists()


def take_if_due(*, at: datetime) -> None:
    if is_due():
        take_snapshot(at=at)


@transaction.atomic
def take_snapshot(*, at: datetime) -> int:
    """Count all present scores for the day of `at`, in place of what was counted on it. Returns how many there are."""
    day = day_of(at)
    counted = (
        LeadScore.objects.order_by()
        .annotate(band=band_of_total())
        .values_list("grade", "band")
        .annotate(times=Count("pk"))
    )
    rows = [
        ScoreSnapshot(day=day, grade=grade, band=band, count=times, taken_at=at)
        for grade, band, times in sorted(counted)
    ]
    ScoreSnapshot.objects.filter(day=day).delete()
    # Two workers at once write the same.
    ScoreSnapshot.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["day", "grade", "band"],
        update_fields=["count", "taken_at"],
    )
    return sum(row.count for row in rows)
