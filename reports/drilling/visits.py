"""Stays in a stage, and by what they are chosen."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from leads.models import Stage
from reports.drilling.conditions import Rows, Sought, condition, one_of, whole_number
from reports.measures import ACCEPTING, LONGEST_WINDOW, NOTHING, REJECTING, still_there, visits

POSITIONS = {stage.value: stage.position for stage in Stage}
OUTCOMES = {
    "accepted": ACCEPTING,
    "rejected": REJECTING,
    "withdrawn": (Stage.LEAD.position,),
    "waiting": (NOTHING,),
    "decided": ACCEPTING + REJECTING,
}
ANSWERS = {"yes": True, "no": False}


def visits_as_known(sought: Sought) -> Rows:
    rows: Rows = visits(sought.known_on).filter(sought.scope.condition())
    return rows


# --- When: one of these; entered in the period where nothing is said -------------------------------------------


def entered(rows: Rows, sought: Sought) -> Rows:
    period = sought.scope.period
    return rows.filter(entered_day__gte=period.start, entered_day__lt=period.end)


def left(rows: Rows, sought: Sought) -> Rows:
    """As far as that is known."""
    period = sought.scope.period
    return rows.exclude(next=NOTHING).filter(left_day__gte=period.start, left_day__lt=period.end)


def open_on(rows: Rows, sought: Sought) -> Rows:
    """Still there at the end of the period's last day, or of the as-of day."""
    day = min(sought.scope.period.last_day, sought.scope.as_of)
    return rows.filter(still_there(day), entered_day__lte=day)


def won_in(rows: Rows, sought: Sought) -> Rows:
    period = sought.scope.period
    return rows.filter(won=1, won_day__gte=period.start, won_day__lt=period.end)


WHEN = {
    "entered": ("entered_day", "Entered", entered),
    "left": ("left_day", "Left", left),
    "open": ("entered_day", "Since", open_on),
    "won": ("won_day", "Won", won_in),
    "ever": ("entered_day", "Entered", lambda rows, sought: rows),
}


# --- Conditions ------------------------------------------------------------------------------------------------


@condition("visits", "stage", "{}")
def in_stage(rows: Rows, value: str, sought: Sought) -> Rows:
    return rows.filter(position=one_of("stage", value, POSITIONS))


@condition("visits", "outcome", "{}")
def with_outcome(rows: Rows, value: str, sought: Sought) -> Rows:
    """What sales, or the rulebook, made of it."""
    return rows.filter(next__in=one_of("outcome", value, OUTCOMES))


@condition("visits", "next", "then {}")
def followed_by(rows: Rows, value: str, sought: Sought) -> Rows:
    """The stage that followed; "none": none so far."""
    return rows.filter(next=one_of("stage", value, {**POSITIONS, "none": NOTHING}))


@condition("visits", "over", "over: {}")
def over(rows: Rows, value: str, sought: Sought) -> Rows:
    """Whether another stage had followed."""
    return rows.exclude(next=NOTHING) if one_of("answer", value, ANSWERS) else rows.filter(next=NOTHING)


@condition("visits", "entry")
def first_entry(rows: Rows, value: str, sought: Sought) -> Rows:
    """The first of the lead in the period: as many as leads entered."""
    one_of("entry", value, {"first": True})
    return rows.filter(Q(previous_day__isnull=True) | Q(previous_day__lt=sought.scope.period.start))


@condition("visits", "reason", "for one reason")
def for_reason(rows: Rows, value: str, sought: Sought) -> Rows:
    """By the id of the reason; "" for none."""
    if value == "":
        return rows.filter(reason__isnull=True)
    return rows.filter(reason=whole_number("reason", value, largest=10**9))


@condition("visits", "won", "became customers: {}")
def won(rows: Rows, value: str, sought: Sought) -> Rows:
    return rows.filter(won=int(one_of("answer", value, ANSWERS)))


@condition("visits", "ripe", "with {} days to be accepted")
def ripe(rows: Rows, value: str, sought: Sought) -> Rows:
    """Begun at least so many days before the as-of day."""
    days = whole_number("number of days", value, largest=LONGEST_WINDOW)
    return rows.filter(entered_day__lte=sought.scope.as_of - timedelta(days=days))


@condition("visits", "accepted_within", "accepted within {} days")
def accepted_within(rows: Rows, value: str, sought: Sought) -> Rows:
    days = whole_number("number of days", value, largest=LONGEST_WINDOW)
    return rows.filter(next__in=ACCEPTING, begun_days__lte=days)


@condition("visits", "hours_from", "{} hours or longer")
def hours_from(rows: Rows, value: str, sought: Sought) -> Rows:
    return rows.filter(hours__gte=whole_number("number of hours", value, largest=10**8))


@condition("visits", "hours_to", "less than {} hours")
def hours_to(rows: Rows, value: str, sought: Sought) -> Rows:
    return rows.filter(hours__lt=whole_number("number of hours", value, largest=10**8))


@condition("visits", "timed")
def timed(rows: Rows, value: str, sought: Sought) -> Rows:
    """Decided, with business minutes from offer to decision."""
    return rows.filter(minutes__isnull=not one_of("answer", value, ANSWERS))


def noun(where: dict[str, str]) -> str:
    """What the list holds: "MQL visits"."""
    stage = where.pop("stage", "")
    return f"{Stage(stage).label} visits" if stage in POSITIONS else "Visits"
