"""The list behind a number: exactly the leads, or the MQL visits, that it counts, a page at a time by keyset."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from leads.models import Lead, Stage
from reports.filters import DrillDown
from reports.metrics.funnel import leads_at, visits_with
from reports.metrics.visits import OUTCOME_OF_NEXT, Outcome

PAGE_SIZE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"(?P<microseconds>-?\d{1,17})~(?P<pk>\d{1,18})")


class BadPlace(Exception):
    """The address names a place in the list that cannot be one; the message says so."""


@dataclass(frozen=True)
class Row:
    """A lead, and for a visit when it began and how it had ended by `as_of`."""

    lead: Lead
    at: datetime
    outcome: Outcome | None = None


@dataclass(frozen=True)
class Listing:
    """A page of the list, newest first. `total` is the number that was pressed; `after` begins the next page."""

    rows: Sequence[Row]
    total: int
    after: str = ""


def listing(asked: DrillDown, *, after: str = "") -> Listing:
    """The page of the list that follows the place `after` (the first one without). Raises BadPlace."""
    if asked.stage is not None:
        return _leads(leads_at(asked.asked.scope, mode=asked.asked.mode, stage=asked.stage), after)
    return _visits(visits_with(asked.asked.scope, outcome=asked.outcome), after)


def _leads(leads: QuerySet[Lead], after: str) -> Listing:
    found, following = _page(leads, "created_at", after)
    return Listing([Row(lead, lead.created_at) for lead in found], leads.count(), following)


def _visits(visits: QuerySet[Any, Any], after: str) -> Listing:
    found, following = _page(visits.select_related("lead"), "occurred_at", after)
    rows = [Row(visit.lead, visit.occurred_at, OUTCOME_OF_NEXT[visit.next_stage]) for visit in found]
    return Listing(rows, visits.count(), following)


def _page(rows: QuerySet[Any, Any], instant: str, after: str) -> tuple[list[Any], str]:
    """A page of rows from the newest `instant` on, and the place where the next one begins ("" at the end)."""
    if after:
        at, pk = _place(after)
        # Not `a OR (b AND c)`: databases find their way into an index by the first half of an AND.
        rows = rows.filter(~Q(**{instant: at, "pk__gte": pk}), **{f"{instant}__lte": at})
    found = list(rows.order_by(f"-{instant}", "-pk")[: PAGE_SIZE + 1])
    if len(found) <= PAGE_SIZE:
        return found, ""
    last = found[PAGE_SIZE - 1]
    return found[:PAGE_SIZE], f"{(getattr(last, instant) - _EPOCH) // timedelta(microseconds=1)}~{last.pk}"


def _place(text: str) -> tuple[datetime, int]:
    match = _PLACE.fullmatch(text)
    try:
        if match is not None:
            return _EPOCH + timedelta(microseconds=int(match["microseconds"])), int(match["pk"])
    except OverflowError:
        pass
    raise BadPlace(f"“{text}” is no place in this list; begin at its first page.")


def title(asked: DrillDown) -> str:
    """What the list holds, in words: "Leads that reached SQL"."""
    if asked.stage is None:
        return "MQL visits" if asked.outcome is None else f"MQL visits: {asked.outcome.value}"
    if asked.asked.is_cohort:
        return "Leads created" if asked.stage is Stage.LEAD else f"Leads that reached {asked.stage.label}"
    return f"Leads that entered {asked.stage.label}"
