"""Drafts are set aside and taken up again; never deleted."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from leads.models import User
from scoring.errors import ScoringError
from scoring.models import Rulebook
from scoring.permissions import can_edit_rulebooks
from scoring.rulebook.events import Kind, record
from scoring.rulebook.signing import locked_draft, withdraw_signatures


@transaction.atomic
def discard(*, book: Rulebook, by: User, at: datetime) -> Rulebook:
    """Set a draft aside; sign-offs of it are withdrawn. Raises ScoringError."""
    _refuse_stranger(by)
    book = locked_draft(book)
    withdraw_signatures(book=book, because="the draft was discarded", by=by, at=at)
    book.discarded_at, book.discarded_by = at, by
    book.save(update_fields=["discarded_at", "discarded_by"])
    record(book=book, kind=Kind.DISCARDED, what="Discarded", at=at, by=by)
    return book


@transaction.atomic
def restore(*, book: Rulebook, by: User, at: datetime) -> Rulebook:
    """Take up a discarded draft again, as it was. Raises ScoringError."""
    _refuse_stranger(by)
    book = Rulebook.objects.select_for_update(of=("self",)).get(pk=book.pk)
    if book.discarded_at is None:
        raise ScoringError(f"{book} is not discarded: there is nothing to restore.")
    book.discarded_at, book.discarded_by = None, None
    book.save(update_fields=["discarded_at", "discarded_by"])
    record(book=book, kind=Kind.RESTORED, what="Restored", at=at, by=by)
    return book


def _refuse_stranger(by: User) -> None:
    if not can_edit_rulebooks(by):
        raise ScoringError("Marketers discard and restore drafts.")
