"""Leads by how far they came, and by what they are chosen."""

from __future__ import annotations

import re
from datetime import date

from django.db.models import Q

from leads.models import Stage
from leads.models.stage import SUCCESS_PATH
from reports.drilling.conditions import Rows, Sought, WrongCondition, condition, one_of
from reports.measures import journeys
from reports.metrics.time_to_win import STARTS, with_days
from reports.period import Period

REACHED = {stage.value: f"reached_{stage.value}" for stage in SUCCESS_PATH[1:]}
STAGES = {stage.value: stage for stage in SUCCESS_PATH}
STARTING = {stage.value: stage for stage in STARTS}
_DAYS = re.compile(r"-?[0-9]{1,6}")
_MONTH = re.compile(r"(\d{4})-(\d{2})")


def leads_as_known(sought: Sought) -> Rows:
    return journeys(sought.known_on).filter(sought.scope.condition())


# --- When: one of these; created in the period where nothing is said -------------------------------------------


def created(rows: Rows, sought: Sought) -> Rows:
    period = sought.scope.period
    return rows.filter(created_day__gte=period.start, created_day__lt=period.end)


def reached_in_period(rows: Rows, sought: Sought) -> Rows:
    """First reached the stage of the condition `reached` in the period."""
    column = one_of("stage to reach", sought.where.get("reached", ""), REACHED)
    period = sought.scope.period
    return rows.filter(**{f"{column}__gte": period.start, f"{column}__lt": period.end})


WHEN = {
    "created": ("created_day", "Created", created),
    "reached": ("created_day", "Created", reached_in_period),
    "ever": ("created_day", "Created", lambda rows, sought: rows),
}


# --- Conditions ------------------------------------------------------------------------------------------------


@condition("leads", "reached", "that reached {}")
def reached(rows: Rows, value: str, sought: Sought) -> Rows:
    """At least the stage, by the as-of day."""
    return rows.filter(_known(one_of("stage to reach", value, STAGES), sought))


@condition("leads", "not_reached", "that did not reach {}")
def not_reached(rows: Rows, value: str, sought: Sought) -> Rows:
    return rows.filter(~_known(one_of("stage to reach", value, STAGES), sought))


@condition("leads", "reached_month", "in {}")
def reached_month(rows: Rows, value: str, sought: Sought) -> Rows:
    """In which month, YYYY-MM, the stage of the condition `reached` was first reached."""
    column = one_of("stage to reach", sought.where.get("reached", ""), REACHED)
    month = month_called(value)
    return rows.filter(**{f"{column}__gte": month.start, f"{column}__lt": month.end})


@condition("leads", "reached_until", "by {}")
def reached_until(rows: Rows, value: str, sought: Sought) -> Rows:
    """By the end of which month, YYYY-MM, the stage of the condition `reached` was first reached."""
    column = one_of("stage to reach", sought.where.get("reached", ""), REACHED)
    return rows.filter(**{f"{column}__lt": month_called(value).end})


# --- How long they took to become customers -------------------------------------------------------------------


@condition("leads", "won_from")
def from_stage(rows: Rows, value: str, sought: Sought) -> Rows:
    """From where `timed`, `days_from` and `days_to` count; from creation where nothing is said."""
    one_of("start", value, STARTING)
    return rows


@condition("leads", "timed", "with a time to win: {}")
def timed(rows: Rows, value: str, sought: Sought) -> Rows:
    """Whether they ever entered the start stage."""
    return _timed(rows, sought).filter(days__isnull=one_of("answer", value, {"yes": False, "no": True}))


@condition("leads", "days_from", "won in {} days or more")
def days_from(rows: Rows, value: str, sought: Sought) -> Rows:
    return _timed(rows, sought).filter(days__gte=_number_of_days(value))


@condition("leads", "days_to", "won in at most {} days")
def days_to(rows: Rows, value: str, sought: Sought) -> Rows:
    return _timed(rows, sought).filter(days__lte=_number_of_days(value))


def _timed(rows: Rows, sought: Sought) -> Rows:
    if "days" in rows.query.annotations:
        return rows
    return with_days(rows, start=one_of("start", sought.where.get("won_from", Stage.LEAD.value), STARTING))


def _number_of_days(text: str) -> int:
    if not _DAYS.fullmatch(text):
        raise WrongCondition(f"“{text}” is no number of days: give a whole number.")
    return int(text)


def month_called(text: str) -> Period:
    match = _MONTH.fullmatch(text)
    try:
        if match is not None:
            first = date(int(match[1]), int(match[2]), 1)
            return Period(first, date(first.year + first.month // 12, first.month % 12 + 1, 1))
    except ValueError:
        pass
    raise WrongCondition(f"“{text}” is no month: write it as YYYY-MM.")


def _known(stage: Stage, sought: Sought) -> Q:
    """Whether it was reached, by the day to which one looks back."""
    if stage.value not in REACHED:
        return Q(created_day__isnull=False)
    column = REACHED[stage.value]
    if sought.known_on is None:
        return Q(**{f"{column}__isnull": False})
    return Q(**{f"{column}__isnull": False, f"{column}__lte": sought.known_on})


def noun(where: dict[str, str]) -> str:
    if where.get("reached") == Stage.LEAD.value:
        del where["reached"]
        return "Leads created"
    return "Leads"
