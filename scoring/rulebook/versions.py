"""Versions of the rulebook: which one is published, and publishing another."""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Max

from leads.models import Organisation, User
from scoring.engine.compiler import CompiledRulebook, LeadRange
from scoring.errors import ScoringError
from scoring.models import Rulebook
from scoring.rulebook.form import Form
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of

_EPOCH = date(1970, 1, 1)


class NothingPublished(ScoringError):
    """There is no published rulebook to score by."""

    def __init__(self) -> None:
        super().__init__(
            "No rulebook is published; publish one with: manage.py rulebook import FILE --publish --note TEXT"
        )


def published() -> Rulebook:
    """The published rulebook; NothingPublished where there is none."""
    book = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    if book is None:
        raise NothingPublished
    return book


@transaction.atomic
def publish(*, book: Rulebook, note: str, at: datetime, by: User | None = None, origin: str = "") -> Rulebook:
    """Make a draft the published rulebook, under the next number; the one before is retired.

    `origin` says from where an operator published it over the heads of both signatories. Raises
    ScoringError, and RulebookError for what is wrong with the rules; then nothing is changed.
    Start a full rescore afterwards (scoring.runs.request_run).
    """
    # Whoever publishes waits for the other here: numbers follow the order of publication.
    Organisation.objects.select_for_update().get(pk=1)
    book = Rulebook.objects.select_for_update(of=("self",)).get(pk=book.pk)
    if not book.is_draft:
        raise ScoringError(f"{book} is {book.get_state_display().lower()}; only a draft can be published.")
    if not note.strip():
        raise ScoringError("Publishing needs a note that says what changed, and why.")
    check_compiles(form_of(book))
    Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).update(
        state=Rulebook.State.RETIRED, retired_at=at
    )
    highest = Rulebook.objects.aggregate(highest=Max("number"))["highest"] or 0
    book.number, book.state, book.note = highest + 1, Rulebook.State.PUBLISHED, note.strip()
    book.published_at, book.published_by, book.published_from = at, by, origin
    book.save(update_fields=["number", "state", "note", "published_at", "published_by", "published_from"])
    return book


def check_compiles(form: Form) -> None:
    """Let the database read the rulebook's statement, over no leads; what it refuses never becomes published."""
    statement = CompiledRulebook(form, _EPOCH).statement(LeadRange(0, 0))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.params)
    except Exception as error:  # whatever the database says: it is the judge
        raise RulebookError(f"The database cannot compute this rulebook: {error}".strip()) from error
