"""The rulebook of the demo: the starter that comes with the program."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import scoring
from leads.models import User
from scoring.models import Rulebook
from scoring.rulebook.document import read_document
from scoring.rulebook.form import Form
from scoring.rulebook.rows import form_of, save_draft, vocabulary
from scoring.rulebook.versions import NothingPublished, publish, published

STARTER = Path(scoring.__file__).with_name("starter_rulebook.json")


def rulebook_in_force(*, by: User, at: datetime) -> tuple[Form, int]:
    """The published rulebook and its number; the starter, published at the instant `at`, where there is none."""
    try:
        book = published()
    except NothingPublished:
        book = _publish_starter(by=by, at=at)
    assert book.number is not None  # a published rulebook has one
    return form_of(book), book.number


def _publish_starter(*, by: User, at: datetime) -> Rulebook:
    note = "The starter rulebook, to begin with."
    form = read_document(STARTER.read_bytes(), vocabulary())
    return publish(
        book=save_draft(form=form, by=by, note=note), note=note, at=at, by=by, origin="demo command"
    )
