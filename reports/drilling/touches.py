"""Conditions on visits and deals by the last touch before their MQL visit."""

from __future__ import annotations

from reports.drilling.conditions import Rows, Sought, condition, one_of
from reports.metrics.costs import KNOWN_BY
from reports.metrics.last_touch import with_touch_of


@condition("visits", "touch_by")
@condition("deals", "touch_by")
def touch_by(rows: Rows, value: str, sought: Sought) -> Rows:
    """What the condition `touch` is a value of: source, channel or campaign."""
    one_of("way of telling touches apart", value, dict.fromkeys(KNOWN_BY, True))
    return rows


@condition("visits", "touch", "by their last touch")
def visits_touched(rows: Rows, value: str, sought: Sought) -> Rows:
    found: Rows = with_touch_of(rows, by=sought.where.get("touch_by", "source"), value=value, at="entered_at")
    return found


@condition("deals", "touch", "by their last touch")
def deals_touched(rows: Rows, value: str, sought: Sought) -> Rows:
    found: Rows = with_touch_of(rows, by=sought.where.get("touch_by", "source"), value=value, at="closed_at")
    return found
