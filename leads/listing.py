"""One page of leads at a time, by keyset: it costs the same however deep it lies and however many leads there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.query import QuerySet

from leads.errors import LeadError
from leads.models import Activity, Lead, LeadScore
from leads.querysets import LeadQuerySet
from leads.timeline import latest_activities

PAGE_SIZE = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = re.compile(r"(?P<key>-?\d{1,17})~(?P<pk>\d{1,18})")


class BadCursor(LeadError):
    """The address names a place in the list that cannot be one."""


@dataclass(frozen=True)
class Sort:
    key: str
    label: str
    field: str
    is_descending: bool

    @property
    def is_by_score(self) -> bool:
        """Then leads without a score have no place in the list."""
        return self.field == "total"


SORTS = (
    Sort("-created", "Newest", "created_at", True),
    Sort("created", "Oldest", "created_at", False),
    Sort("-score", "Highest score", "total", True),
    Sort("score", "Lowest score", "total", False),
)
SORT_OF = {sort.key: sort for sort in SORTS}


@dataclass(frozen=True)
class Cursor:
    """A place in the list: just after, or just before, the lead `pk` whose sort key is `key`."""

    key: int
    pk: int
    is_backward: bool = False

    @classmethod
    def parse(cls, *, after: str, before: str) -> Cursor | None:
        """From the parameters of an address; None for the first page. Raises BadCursor."""
        if not (after or before):
            return None
        match = CURSOR.fullmatch(after or before)
        if match is None:
            raise BadCursor(f"“{after or before}” is no place in this list; begin at its first page.")
        return cls(key=int(match["key"]), pk=int(match["pk"]), is_backward=not after)


@dataclass(frozen=True)
class LeadRow:
    lead: Lead
    score: LeadScore | None
    latest: Activity | None


@dataclass(frozen=True)
class LeadPage:
    """`after` and `before` are the cursors of the next and the previous page, None where there is none."""

    rows: Sequence[LeadRow]
    after: str | None = None
    before: str | None = None


def lead_page(*, leads: LeadQuerySet, sort: Sort, cursor: Cursor | None) -> LeadPage:
    """At most PAGE_SIZE leads. Four queries, whatever is filtered or shown."""
    is_backward = cursor is not None and cursor.is_backward
    found = _keys(leads, sort, cursor)
    has_more = len(found) > PAGE_SIZE
    found = found[:PAGE_SIZE]
    if is_backward:
        found.reverse()
    if not found:
        return LeadPage(rows=())
    first, last = (f"{key}~{pk}" for pk, key in (found[0], found[-1]))
    return LeadPage(
        rows=_rows([pk for pk, _ in found]),
        after=last if is_backward or has_more else None,
        before=first if (has_more if is_backward else cursor is not None) else None,
    )


def _keys(leads: LeadQuerySet, sort: Sort, cursor: Cursor | None) -> list[tuple[int, int]]:
    """Ids and sort keys of a page and one lead more, in reading direction: narrow, so that indexes can answer."""
    # Backward is the list read from its other end.
    descending = sort.is_descending != (cursor is not None and cursor.is_backward)
    rows: QuerySet[Any] = leads
    if sort.is_by_score:
        # From the narrow table, which is scanned in 0.1 s a million; joined to every lead it took 0.8 s.
        rows = LeadScore.objects.filter(lead__in=leads) if leads.query.where else LeadScore.objects.all()
    if cursor is not None:
        rows = rows.filter(_beyond(cursor, sort, descending))
    order = (f"-{sort.field}", "-pk") if descending else (sort.field, "pk")
    pairs = rows.order_by(*order).values_list("pk", sort.field)[: PAGE_SIZE + 1]
    return [(pk, key if sort.is_by_score else _number(key)) for pk, key in pairs]


def _beyond(cursor: Cursor, sort: Sort, descending: bool) -> Q:
    # Not `key < x OR (key = x AND pk < y)`: databases find their way into an index by the first half of an AND.
    value = cursor.key if sort.is_by_score else _instant(cursor.key)
    reached, passed = ("lte", "gte") if descending else ("gte", "lte")
    return Q(**{f"{sort.field}__{reached}": value}) & ~Q(**{sort.field: value, f"pk__{passed}": cursor.pk})


def _number(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


def _instant(number: int) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=number)
    except OverflowError:
        raise BadCursor(f"“{number}” is no place in this list; begin at its first page.") from None


def _rows(pks: Sequence[int]) -> list[LeadRow]:
    leads = Lead.objects.select_related("score", "company", "owner").in_bulk(pks)
    latest = latest_activities(pks)
    return [
        LeadRow(leads[pk], getattr(leads[pk], "score", None), latest.get(pk)) for pk in pks if pk in leads
    ]
