"""New drafts: a copy of a version, or what a file says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from leads.models import User
from scoring.models import Rulebook
from scoring.permissions import can_edit_rulebooks
from scoring.rulebook.document import read_form
from scoring.rulebook.editing import NotEditable
from scoring.rulebook.events import Kind, record
from scoring.rulebook.rows import document_of, save_draft, vocabulary


@transaction.atomic
def create_draft(
    *,
    by: User,
    at: datetime,
    copy_of: Rulebook | None = None,
    document: object = None,
    name: str = "",
) -> Rulebook:
    """A draft as a copy of any version, or of a document (parsed JSON). Raises NotEditable, RulebookError."""
    if not can_edit_rulebooks(by):
        raise NotEditable("Only marketers make drafts of the rulebook.")
    value: Any = document_of(copy_of) if copy_of is not None else document
    if name.strip() and isinstance(value, dict):
        value = {**value, "name": name.strip()}
    book = save_draft(form=read_form(value, vocabulary()), by=by)
    book.created_at, book.copy_of = at, copy_of
    book.save(update_fields=["created_at", "copy_of"])
    what = f"Made as a copy of {copy_of}" if copy_of is not None else "Made from a file"
    record(book=book, kind=Kind.CREATED, what=what, at=at, by=by)
    return book
