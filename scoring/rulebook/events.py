"""The record of what is done to rulebooks. Nothing is done to one without a line here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads.models import User
from scoring.errors import ScoringError
from scoring.models import Rulebook, RulebookEvent

PAGE_SIZE = 30
MOST_CHARACTERS = 2000
Kind = RulebookEvent.Kind


def record(
    *,
    book: Rulebook,
    kind: RulebookEvent.Kind,
    what: str,
    at: datetime,
    by: User | None = None,
    origin: str = "",
    **change: Any,
) -> RulebookEvent:
    """Write down what was done, in the transaction that does it.

    `by` whom, or `origin` (such as “command line”) where no user of the site did it. An edit also says `path`,
    `before` and `after`; `book.revision` is the one after it.
    """
    if len(what) > MOST_CHARACTERS:
        what = f"{what[: MOST_CHARACTERS - 1]}…"
    return RulebookEvent.objects.create(
        rulebook=book, revision=book.revision, kind=kind, what=what, at=at, by=by, origin=origin, **change
    )


def check_text(text: str) -> None:
    """Raise ScoringError for a character that no database keeps as text."""
    if "\x00" in text:
        raise ScoringError("The text holds an invisible character (NUL) that cannot be kept; type it anew.")


class BadPlace(ScoringError):
    """The address names a place in the list that cannot be one."""

    def __init__(self, text: str) -> None:
        super().__init__(f"“{text[:60]}” is no place in this list; begin at its first page.")


@dataclass(frozen=True)
class EventPage:
    """Newest first; `older` is the id before which the next page begins, None on the last one."""

    events: Sequence[RulebookEvent]
    older: int | None = None


def events_page(book: Rulebook, *, before: int | None = None) -> EventPage:
    """What happened to a rulebook, comments included."""
    events = RulebookEvent.objects.filter(rulebook=book).select_related("by").order_by("-pk")
    if before is not None:
        events = events.filter(pk__lt=before)
    found = list(events[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return EventPage(shown, shown[-1].pk if len(found) > PAGE_SIZE else None)


def latest_edit(book: Rulebook) -> RulebookEvent | None:
    edits = RulebookEvent.objects.filter(rulebook=book, kind=Kind.EDITED)
    return edits.select_related("by").order_by("-revision").first()


def place_in_list(text: str) -> int | None:
    """Before which number or id a page begins, from an address; None for the first page. Raises BadPlace."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadPlace(text)
    return int(text)


def edits_since(book: Rulebook, revision: int) -> list[RulebookEvent]:
    """The edits that came after a revision, oldest first."""
    edits = RulebookEvent.objects.filter(rulebook=book, kind=Kind.EDITED, revision__gt=revision)
    return list(edits.select_related("by").order_by("pk"))
