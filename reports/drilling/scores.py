"""Conditions on leads by their present score."""

from __future__ import annotations

import re

from reports.dimensions import BAND, LAST_BAND
from reports.drilling.conditions import Rows, Sought, WrongCondition, condition, one_of
from reports.metrics.scores import GRADES

_BAND = re.compile(r"-?\d{1,3}")


@condition("leads", "score_band", "with a score in the band from {}")
def in_score_band(rows: Rows, value: str, sought: Sought) -> Rows:
    """By its lower bound."""
    low = int(value) if _BAND.fullmatch(value) else None
    if low is None or low % BAND or not -BAND <= low <= LAST_BAND:
        raise WrongCondition(
            f"“{value}” is no score band: give its lower bound, {-BAND}, 0, {BAND} ... {LAST_BAND}."
        )
    if low < 0:
        return rows.filter(lead__score__total__lt=0)
    found = rows.filter(lead__score__total__gte=low)
    return found if low == LAST_BAND else found.filter(lead__score__total__lt=low + BAND)


@condition("leads", "score_grade", "of grade {} now")
def of_grade(rows: Rows, value: str, sought: Sought) -> Rows:
    return rows.filter(lead__score__grade=one_of("grade", value, {grade: grade for grade in GRADES}))


@condition("visits", "scored")
def offered_with_score(rows: Rows, value: str, sought: Sought) -> Rows:
    """Visits whose handoff has evidence."""
    one_of("answer", value, {"yes": True})
    return rows.filter(band__isnull=False)


@condition("leads", "scored")
def scored(rows: Rows, value: str, sought: Sought) -> Rows:
    one_of("answer", value, {"yes": True})
    return rows.filter(lead__score__isnull=False)
