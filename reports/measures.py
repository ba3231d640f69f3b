"""What is counted, once: the same rows make the rollups, and the answers that no rollup gives.

A measure says of each row of `Visit` or `Journey` on which day it counts, for which stage, and two numbers `a` and `b`
that tell rows apart (-1: nothing). Whoever reads adds up counts (reports.cells).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, F, Func, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Least

from leads.models import Stage
from leads.models.stage import SUCCESS_PATH
from reports.models import Journey, Visit
from reports.period import end_of_day, today

NOTHING = -1
# Rows of a measure, as they stood at the end of a day; None: as they stand.
Rows = Callable[[date | None], Sequence[QuerySet[Any]]]

MQL = Stage.MQL.position
ACCEPTING = tuple(stage.position for stage in (Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER))
REJECTING = tuple(stage.position for stage in (Stage.RECYCLED, Stage.DISQUALIFIED))
# Windows of more days than these are not offered: what took longer counts as so many.
LONGEST_WINDOW = 90
IN_TIME, LATE = 1, 2


@dataclass(frozen=True)
class Measure:
    """`number` is how rollups name it: a measure that changes its meaning takes a new one.

    `settled`: of which stages a row says on its day all that it ever will, so that at the end of an earlier day there
    were the rows of all days until then, as they are now.
    """

    number: int
    name: str
    rows: Rows
    settled: frozenset[int] = frozenset()


class MonthOf(Func):
    """Months since the year 0 of a day (an integer): year * 12 + month - 1."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        part = "CAST(strftime('%%%%{0}', (%(expressions)s) * 86400, 'unixepoch') AS int)"
        return self._as(compiler, connection, f"{part.format('Y')} * 12 + {part.format('m')} - 1", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        text = "(extract(year FROM {0}) * 12 + extract(month FROM {0}) - 1)::int"
        return self._as(compiler, connection, text.format("DATE '1970-01-01' + (%(expressions)s)"), **context)

    def _as(self, compiler: Any, connection: Any, template: str, **context: Any) -> Any:
        # The expression stands twice, and so do its parameters.
        sql, params = super().as_sql(compiler, connection, template=template, **context)
        return sql, (*params, *params)


def month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _cell(rows: QuerySet[Any], *, day: Any, position: Any, a: Any = NOTHING, b: Any = NOTHING) -> Any:
    def number(value: Any) -> Any:
        return Value(value) if isinstance(value, int) else value

    return rows.annotate(cell_day=F(day), cell_position=number(position), cell_a=number(a), cell_b=number(b))


def visits(as_of: date | None) -> Any:
    """A queryset of visits as they stood: `next` is the stage that had followed (-1: none), `won` 1 where the lead had
    become a customer.
    """
    known = Q() if as_of is None else Q(left_day__lte=as_of)
    won = Q(won_day__isnull=False) if as_of is None else Q(won_day__lte=as_of)
    rows: QuerySet[Any] = (
        Visit.objects.all() if as_of is None else Visit.objects.filter(entered_day__lte=as_of)
    )
    return rows.annotate(
        next=Case(
            When(known & Q(next_position__isnull=False), then=F("next_position")),
            default=Value(NOTHING),
            output_field=IntegerField(),
        ),
        won=Case(When(won, then=Value(1)), default=Value(0), output_field=IntegerField()),
    )


def still_there(day: date) -> Q:
    """Of visits that had begun by the end of a day: those that had not ended."""
    still = Q(left_day__isnull=True)
    # What is there now has an index of its own.
    return still if day >= today() else still | Q(left_day__gt=day)


def _entries(as_of: date | None) -> Sequence[QuerySet[Any]]:
    before = Coalesce(F("previous_day"), Value(NOTHING), output_field=IntegerField())
    return [_cell(visits(as_of), day="entered_day", position=F("position"), a=before)]


def _exits(as_of: date | None) -> Sequence[QuerySet[Any]]:
    left = visits(as_of).exclude(next=NOTHING)
    return [_cell(left, day="left_day", position=F("position"), a=F("next"))]


def _outcomes(as_of: date | None) -> Sequence[QuerySet[Any]]:
    return [_cell(visits(as_of), day="entered_day", position=F("position"), a=F("next"), b=F("won"))]


def _accepted(as_of: date | None) -> Sequence[QuerySet[Any]]:
    accepted = visits(as_of).filter(position=MQL, next__in=ACCEPTING)
    days = Least(F("begun_days"), Value(LONGEST_WINDOW + 1), output_field=IntegerField())
    return [_cell(accepted, day="entered_day", position=MQL, a=days)]


def _reasons(as_of: date | None) -> Sequence[QuerySet[Any]]:
    rejected = visits(as_of).filter(position=MQL, next__in=REJECTING)
    reason = Coalesce(F("reason"), Value(NOTHING), output_field=IntegerField())
    return [_cell(rejected, day="entered_day", position=MQL, a=reason)]


def _punctuality(as_of: date | None) -> Sequence[QuerySet[Any]]:
    decided = visits(as_of).filter(position=MQL, next__in=ACCEPTING + REJECTING, due_at__isnull=False)
    late = Case(
        When(left_at__lte=F("due_at"), then=Value(IN_TIME)), default=Value(LATE), output_field=IntegerField()
    )
    return [_cell(decided, day="entered_day", position=MQL, a=late)]


def _touches(as_of: date | None) -> Sequence[QuerySet[Any]]:
    known = Q(touched_at__isnull=False) if as_of is None else Q(touched_at__lt=end_of_day(as_of))
    accepted = visits(as_of).filter(position=MQL, next__in=ACCEPTING, touch_due_at__isnull=False)
    how = Case(
        When(known & Q(touched_at__lte=F("touch_due_at")), then=Value(IN_TIME)),
        When(known, then=Value(LATE)),
        default=Value(NOTHING),
        output_field=IntegerField(),
    )
    return [_cell(accepted, day="entered_day", position=MQL, a=how)]


def journeys(as_of: date | None) -> QuerySet[Journey]:
    return Journey.objects.all() if as_of is None else Journey.objects.filter(created_day__lte=as_of)


def _reach(as_of: date | None) -> Sequence[QuerySet[Any]]:
    everybody = journeys(as_of)
    found = [_cell(everybody, day="created_day", position=0, a=MonthOf("created_day"))]
    for stage in SUCCESS_PATH[1:]:
        column = f"reached_{stage.value}"
        known = Q(**{f"{column}__isnull": False}) if as_of is None else Q(**{f"{column}__lte": as_of})
        reached = everybody.filter(known)
        found.append(_cell(reached, day="created_day", position=stage.position, a=MonthOf(column)))
    return found


_ALL = frozenset(stage.position for stage in Stage)
# Entered a stage. a: the day on which the same lead had entered it the time before (a day number, for entrants).
ENTRIES = Measure(1, "entries", _entries, settled=_ALL)
# Left a stage. a: for which other one.
EXITS = Measure(2, "exits", _exits, settled=_ALL)
# Entered a stage. a: which one followed; b: 1 where the lead became a customer in or after this visit.
OUTCOMES = Measure(3, "outcomes", _outcomes)
# MQL visits that were accepted. a: within how many days of 24 hours.
ACCEPTED = Measure(4, "accepted", _accepted)
# MQL visits that were rejected. a: the id of the reason.
REASONS = Measure(5, "reasons", _reasons)
# MQL visits that were accepted or rejected and had a deadline. a: in time, or late.
PUNCTUALITY = Measure(6, "punctuality", _punctuality)
# Leads by the day of their creation that reached at least a stage. a: in which month (month_number).
REACH = Measure(7, "reach", _reach, settled=frozenset({Stage.LEAD.position}))
# MQL visits that were accepted and whose first touch had a deadline. a: touched in time, or late; -1: not yet.
TOUCHES = Measure(8, "touches", _touches)

MEASURES = (ENTRIES, EXITS, OUTCOMES, ACCEPTED, REASONS, PUNCTUALITY, REACH, TOUCHES)
