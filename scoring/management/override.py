"""What an operator does to rulebooks on the server, over the heads of those who would sign: recorded as such."""

from __future__ import annotations

import getpass

from django.db import transaction
from django.utils import timezone

from scoring.models import Rulebook, ScoringRun
from scoring.publication import publish_unsigned
from scoring.rulebook.events import Kind, record
from scoring.rulebook.form import Form
from scoring.rulebook.rows import form_of, save_draft


def origin() -> str:
    """Where an operator's act comes from, with the account on the server."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return "command line"
    return f"command line ({account})"[:100]


@transaction.atomic
def keep_draft(form: Form, *, note: str, made_from: str, copy_of: Rulebook | None = None) -> Rulebook:
    book = save_draft(form=form, by=None, note=note)
    if copy_of is not None:
        book.copy_of = copy_of
        book.save(update_fields=["copy_of"])
    record(book=book, kind=Kind.CREATED, what=f"Made from {made_from}", at=timezone.now(), origin=origin())
    return book


def publish_draft(book: Rulebook, *, note: str) -> ScoringRun:
    return publish_unsigned(book=book, note=note, at=timezone.now(), origin=origin())


@transaction.atomic
def publish_form(form: Form, *, note: str, made_from: str) -> ScoringRun:
    return publish_draft(keep_draft(form, note="", made_from=made_from), note=note)


@transaction.atomic
def roll_back(version: Rulebook, *, note: str) -> ScoringRun:
    """Publish a copy of a version under the next number."""
    draft = keep_draft(form_of(version), note="", made_from=f"version {version.number}", copy_of=version)
    return publish_draft(draft, note=note)
