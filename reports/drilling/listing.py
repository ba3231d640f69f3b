"""The list behind a number: exactly the rows that it counts, a page at a time by keyset."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Q

from leads.models import Deal, Handoff, Lead, LeadScore, Stage
from leads.models.fields import day_from_number, day_number
from reports.dimensions import DIMENSIONS
from reports.document import Drill
from reports.drilling import deals, journeys, visits
from reports.drilling.conditions import Rows, Sought, WrongCondition, conditions_of, in_days, one_of
from reports.drilling.totals import total_of
from reports.measures import ACCEPTING, NOTHING, REJECTING
from reports.scope import Scope

PAGE_SIZE = 50
# Rows of a file that are read together.
AT_ONCE = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"(?P<key>-?\d{1,17})~(?P<pk>\d{1,18})")
# A row's day or instant, its heading, and which rows.
When = tuple[str, str, Callable[[Rows, Sought], Rows]]


class BadPlace(Exception):
    """The address names a place in the list that cannot be one; the message says so."""


@dataclass(frozen=True)
class Listed:
    """A kind of rows. `when`: how they lie in the period, the first being meant where nothing is said."""

    known: Callable[[Sought], Rows]
    when: Mapping[str, When]
    noun: Callable[[dict[str, str]], str]


LISTED = {
    "visits": Listed(visits.visits_as_known, visits.WHEN, visits.noun),
    "leads": Listed(journeys.leads_as_known, journeys.WHEN, journeys.noun),
    "deals": Listed(deals.deals_as_known, deals.WHEN, deals.noun),
}
# Conditions by which rows are chosen by a score, and which score it then is that the list shows.
BY_SCORE = {
    "leads": ({"scored", "score_band", "score_grade"}, "Score now"),
    "visits": ({"scored", "band", "grade"}, "Score when offered"),
}
# Ways of choosing by time that look at a day's end, and at no period.
OF_A_DAY = {"ever", "open"}
STAGE_AT = {stage.position: stage for stage in Stage}


@dataclass(frozen=True)
class Found:
    """The rows of a drill, unsorted, with the column that says when, and its heading.

    `score` heads the scores by which they were chosen; "": they were not. `is_of_period`: whether its days matter.
    """

    kind: str
    rows: Rows
    at: str
    heading: str
    title: str
    score: str = ""
    is_of_period: bool = True

    @property
    def notice(self) -> str:
        if self.kind != "leads" or not self.score:
            return ""
        return (
            "Scores as they are now; the report counts them once a day and after each run, so that the two may differ "
            "by what has changed since."
        )

    def using(self, database: str) -> Found:
        return replace(self, rows=self.rows.using(database))


@dataclass(frozen=True)
class ListedRow:
    lead: Lead
    at: date | datetime | None
    then: str = ""  # what became of it
    amount: str = ""
    score: str = ""


@dataclass(frozen=True)
class Listing:
    """A page of the list, newest first. `total` is the number that was pressed; `after` begins the next page."""

    found: Found
    rows: Sequence[ListedRow]
    total: int
    after: str = ""


def rows_behind(drill: Drill, scope: Scope) -> Found:
    """Exactly the rows that were counted. Raises WrongCondition."""
    listed = one_of("list", drill.rows, LISTED)
    scope, asked = in_days(scope, drill.where)
    sought = Sought(scope, asked)
    asked = dict(asked)
    default = "open" if drill.rows == "deals" and asked.get("state") == "open" else next(iter(listed.when))
    when = asked.pop("when", default)
    at, heading, choose = one_of("way of choosing by time", when, listed.when)
    rows = choose(listed.known(sought), sought)
    known = conditions_of(drill.rows)
    for name in [name for name in asked if name in DIMENSIONS]:
        rows = rows.filter(DIMENSIONS[name].condition(asked.pop(name)))
    for name, value in asked.items():
        if name not in known:
            raise WrongCondition(
                f"There is no condition “{name}” for {drill.rows}. There are: {', '.join(known)}."
            )
        rows = known[name].choose(rows, value, sought)
    by_score, score = BY_SCORE.get(drill.rows, (set(), ""))
    return Found(
        drill.rows,
        rows,
        at,
        heading,
        _title(listed, drill.rows, asked),
        score=score if by_score & {*drill.where, *scope.chosen} else "",
        is_of_period=when not in OF_A_DAY,
    )


def _title(listed: Listed, kind: str, where: dict[str, str]) -> str:
    """What the list holds: "MQL visits: rejected"."""
    noun = listed.noun(where)
    words = [
        chosen.words.format(_in_words(value))
        for name, value in where.items()
        if (chosen := conditions_of(kind)[name]).words
    ]
    return f"{noun}: {', '.join(words)}" if words else noun


def _in_words(value: str) -> str:
    return Stage(value).label if value in Stage.values else value or "not recorded"


# --- A page ----------------------------------------------------------------------------------------------------


def listing(drill: Drill, scope: Scope, *, after: str = "") -> Listing:
    """The page of the list that follows the place `after` (the first one without). Raises WrongCondition, BadPlace."""
    found = rows_behind(drill, scope)
    rows, following = _page(found, after)
    total = total_of(drill, scope, found.rows.count)
    return Listing(found, list(listed_rows(found, rows)), total, following)


def all_rows(found: Found) -> Iterator[ListedRow]:
    """Every row, newest first; few of them are in memory at a time."""
    rows = found.rows.order_by(f"-{found.at}", "-pk").iterator(chunk_size=AT_ONCE)
    while chunk := list(islice(rows, AT_ONCE)):
        yield from listed_rows(found, chunk)


def listed_rows(found: Found, rows: Sequence[Any]) -> Iterator[ListedRow]:
    """The same rows as people read them. Two queries, and one more for scores."""
    ids = {row.pk if found.kind == "leads" else row.lead_id for row in rows}
    leads = Lead.objects.using(found.rows.db).in_bulk(ids)
    scores = _scores(found, rows)
    for row in rows:
        lead = leads.get(row.pk if found.kind == "leads" else row.lead_id)
        if lead is not None:
            yield ListedRow(
                lead,
                getattr(row, found.at),
                _then(found.kind, row),
                _amount(found.kind, row),
                scores.get(row.pk, ""),
            )


def _scores(found: Found, rows: Sequence[Any]) -> dict[int, str]:
    """Those by which the rows were chosen, by the key of the row."""
    if not found.score:
        return {}
    database = found.rows.db
    if found.kind == "leads":
        known = LeadScore.objects.using(database).filter(lead__in=[row.pk for row in rows])
        return {score.lead_id: _score(score.total, score.grade) for score in known}
    handoffs = Handoff.objects.using(database).in_bulk([row.handoff for row in rows if row.handoff])
    return {
        row.pk: _score(handoff.total, handoff.grade)
        for row in rows
        if (handoff := handoffs.get(row.handoff)) is not None and handoff.total is not None
    }


def _score(total: int, grade: str) -> str:
    return f"{total} ({grade})" if grade else str(total)


def _then(kind: str, row: Any) -> str:
    if kind == "deals":
        return str(Deal.State(row.state).label)
    if kind == "leads":
        return ""
    if row.position != Stage.MQL.position:
        return "still there" if row.next == NOTHING else STAGE_AT[row.next].label
    if row.next in ACCEPTING:
        return "accepted"
    if row.next in REJECTING:
        return "rejected"
    return "waiting" if row.next == NOTHING else "withdrawn"


def _amount(kind: str, row: Any) -> str:
    if kind != "deals" or row.amount is None:
        return ""
    return f"{row.amount:,.2f} {row.currency}".strip()


def _page(found: Found, after: str) -> tuple[list[Any], str]:
    """A page of rows from the newest on, and the place where the next one begins ("" at the end)."""
    rows = found.rows
    if after:
        at, pk = _place(found, after)
        # Not `a OR (b AND c)`: databases find their way into an index by the first half of an AND.
        rows = rows.filter(~Q(**{found.at: at, "pk__gte": pk}), **{f"{found.at}__lte": at})
    page = list(rows.order_by(f"-{found.at}", "-pk")[: PAGE_SIZE + 1])
    if len(page) <= PAGE_SIZE:
        return page, ""
    last = page[PAGE_SIZE - 1]
    return page[:PAGE_SIZE], f"{_number(getattr(last, found.at))}~{last.pk}"


def _number(at: date | datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1) if isinstance(at, datetime) else day_number(at)


def _place(found: Found, text: str) -> tuple[date | datetime, int]:
    match = _PLACE.fullmatch(text)
    try:
        if match is not None:
            key = int(match["key"])
            by_instant = found.at.endswith("_at")
            at = _EPOCH + timedelta(microseconds=key) if by_instant else day_from_number(key)
            return at, int(match["pk"])
    except OverflowError:
        pass
    raise BadPlace(f"“{text}” is no place in this list; begin at its first page.")
