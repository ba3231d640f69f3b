"""Versions of the rulebook: which one is published, and publishing another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Max

from leads.models import Organisation, User
from scoring.engine.compiler import CompiledRulebook, LeadRange
from scoring.errors import ScoringError
from scoring.models import Rulebook
from scoring.rulebook.events import Kind, check_text, record
from scoring.rulebook.form import Form
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of
from scoring.rulebook.signing import MovedOn, Side, is_signed, locked_draft, needed_sides

_EPOCH = date(1970, 1, 1)


class NothingPublished(ScoringError):
    """There is no published rulebook to score by."""

    def __init__(self) -> None:
        super().__init__(
            "No rulebook is published; publish one with: manage.py rulebook import FILE --publish --note TEXT"
        )


class NotSigned(ScoringError):
    """A signature is missing."""

    def __init__(self, sides: Sequence[Side]) -> None:
        who = " and ".join(side.value for side in sides)
        super().__init__(f"Not published: the sign-off for {who} is missing.")


def published() -> Rulebook:
    """The published rulebook; NothingPublished where there is none."""
    book = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    if book is None:
        raise NothingPublished
    return book


@transaction.atomic
def publish(
    *,
    book: Rulebook,
    note: str,
    at: datetime,
    by: User | None = None,
    revision: int | None = None,
    origin: str = "",
) -> Rulebook:
    """Make a draft the published rulebook, under the next number; the one before is retired.

    It takes the signatures of both sides, and a `revision` to be sure that it is what the publisher saw. `origin`
    says from where an operator published it over the heads of both signatories. Raises ScoringError, and
    RulebookError for what is wrong with the rules; then nothing is changed.
    Start a full rescore afterwards (scoring.runs.request_run), as scoring.publication does.
    """
    # Whoever publishes waits for the other here: numbers follow the order of publication.
    organisation = Organisation.objects.select_for_update().get(pk=1)
    book = locked_draft(book)
    if not note.strip():
        raise ScoringError("Publishing needs a note that says what changed, and why.")
    check_text(note)
    if revision is not None and book.revision != revision:
        raise MovedOn(book, revision)
    missing = [side for side in needed_sides(organisation) if not is_signed(book, side)]
    if missing and not origin:
        raise NotSigned(missing)
    check_compiles(form_of(book))
    highest = Rulebook.objects.aggregate(highest=Max("number"))["highest"] or 0
    _retire(number=highest + 1, at=at, by=by, origin=origin)
    book.number, book.state, book.note = highest + 1, Rulebook.State.PUBLISHED, note.strip()
    book.published_at, book.published_by, book.published_from = at, by, origin
    book.save(update_fields=["number", "state", "note", "published_at", "published_by", "published_from"])
    override = " without all signatures, as an operator's override" if missing else ""
    what = f"Published as version {book.number}{override}: {book.note}"
    record(book=book, kind=Kind.PUBLISHED, what=what, at=at, by=by, origin=origin)
    return book


def _retire(*, number: int, at: datetime, by: User | None, origin: str) -> None:
    """End the published version, which the one with this number follows."""
    before = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    if before is None:
        return
    before.state, before.retired_at = Rulebook.State.RETIRED, at
    before.save(update_fields=["state", "retired_at"])
    record(
        book=before, kind=Kind.RETIRED, what=f"Retired: version {number} follows", at=at, by=by, origin=origin
    )


def check_compiles(form: Form) -> None:
    """Let the database read the rulebook's statement, over no leads; what it refuses never becomes published."""
    statement = CompiledRulebook(form, _EPOCH).statement(LeadRange(0, 0))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.params)
    except Exception as error:  # whatever the database says: it is the judge
        raise RulebookError(f"The database cannot compute this rulebook: {error}".strip()) from error
