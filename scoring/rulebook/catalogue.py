"""The list of rulebooks: drafts at work, and every version that was ever published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Max, QuerySet

from scoring.models import Rulebook, RulebookEvent
from scoring.rulebook.events import place_in_list
from scoring.rulebook.page import Signature, signature_of

PAGE_SIZE = 25
MOST_COMPARED = 200
# With whoever is named on a page of it.
PEOPLE = (
    "created_by",
    "published_by",
    "signed_marketing_by",
    "signed_sales_by",
    "discarded_by",
    "copy_of",
)


@dataclass(frozen=True)
class Row:
    """`latest` is what happened to it last; None for one older than the record."""

    book: Rulebook
    signature: Signature
    latest: RulebookEvent | None = None


@dataclass(frozen=True)
class VersionPage:
    """`older` is the number before which the next page begins; None on the last one."""

    rows: Sequence[Row]
    older: int | None = None


def versions_page(*, before: str = "") -> VersionPage:
    """Published and retired versions, newest first. Raises BadPlace."""
    place = place_in_list(before)
    books = _with_people(Rulebook.objects.exclude(number=None)).order_by("-number")
    if place is not None:
        books = books.filter(number__lt=place)
    found = list(books[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    rows = [Row(book, signature_of(book)) for book in shown]
    return VersionPage(rows, shown[-1].number if len(found) > PAGE_SIZE else None)


def drafts(*, discarded: bool = False) -> list[Row]:
    """Drafts at work, or those set aside; the one that was touched last first."""
    books = list(
        _with_people(
            Rulebook.objects.filter(state=Rulebook.State.DRAFT, discarded_at__isnull=not discarded)
        ).order_by("-pk")
    )
    latest = latest_events(books)
    rows = [Row(book, signature_of(book), latest.get(book.pk)) for book in books]
    return sorted(rows, key=lambda row: row.latest.at if row.latest else row.book.created_at, reverse=True)


def newest_drafts(count: int = 5) -> list[Rulebook]:
    """Those at work that were made last. One query."""
    at_work = Rulebook.objects.filter(state=Rulebook.State.DRAFT, discarded_at=None)
    return list(at_work.order_by("-pk")[:count])


def latest_events(books: Iterable[Rulebook]) -> dict[int, RulebookEvent]:
    """What happened to each of them last."""
    newest = (
        RulebookEvent.objects.filter(rulebook__in=[book.pk for book in books])
        .values("rulebook")
        .annotate(newest=Max("pk"))
        .order_by()
    )
    events = RulebookEvent.objects.filter(pk__in=[row["newest"] for row in newest])
    return {event.rulebook_id: event for event in events.select_related("by")}


def comparable(book: Rulebook, *, with_drafts: bool) -> list[Rulebook]:
    """What a rulebook can be compared with: versions, newest first, and before them drafts at work."""
    books = Rulebook.objects.exclude(pk=book.pk).filter(discarded_at=None)
    if not with_drafts:
        books = books.exclude(state=Rulebook.State.DRAFT)
    return list(books.select_related("copy_of")[:MOST_COMPARED])


def standard_of(book: Rulebook, others: Sequence[Rulebook]) -> Rulebook | None:
    """What a rulebook is compared with unless somebody asks for another: a draft with the published one, a version

    with the one before it.
    """
    if book.is_draft:
        return next((one for one in others if one.state == Rulebook.State.PUBLISHED), None)
    assert book.number is not None  # a version has one
    return next((one for one in others if one.number is not None and one.number < book.number), None)


def with_people(pk: int) -> Rulebook | None:
    return _with_people(Rulebook.objects.filter(pk=pk)).first()


def _with_people(books: QuerySet[Rulebook]) -> QuerySet[Rulebook]:
    return books.select_related(*PEOPLE)
