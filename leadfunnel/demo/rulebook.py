"""The rulebook of the demo: the starter that comes with the program, signed by both sides and reviewed since."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import scoring
from leads.models import User
from scoring.models import Rulebook
from scoring.reviews import confirm
from scoring.rulebook.document import read_document
from scoring.rulebook.events import Kind, record
from scoring.rulebook.form import Form
from scoring.rulebook.rows import form_of, save_draft, vocabulary
from scoring.rulebook.signing import Side, sign
from scoring.rulebook.versions import NothingPublished, publish, published

STARTER = Path(scoring.__file__).with_name("starter_rulebook.json")
_BETWEEN_REVIEWS = timedelta(days=84)


def rulebook_in_force(*, marketer: User, manager: User, at: datetime, until: datetime) -> tuple[Form, int]:
    """The published rulebook and its number; where there is none the starter, published at the instant `at`.

    Marketing and sales have reviewed it in turn from then to `until`.
    """
    try:
        book = published()
    except NothingPublished:
        book = _publish_starter(marketer=marketer, manager=manager, at=at)
        _review(book, (manager, marketer), at, until)
    assert book.number is not None  # a published rulebook has one
    return form_of(book), book.number


def _publish_starter(*, marketer: User, manager: User, at: datetime) -> Rulebook:
    note = "The starter rulebook, to begin with."
    form = read_document(STARTER.read_bytes(), vocabulary())
    book = save_draft(form=form, by=marketer, note=note)
    record(book=book, kind=Kind.CREATED, what="Made from the starter rulebook", at=at, by=marketer)
    for side, signer in ((Side.MARKETING, marketer), (Side.SALES, manager)):
        book = sign(book=book, side=side, revision=book.revision, by=signer, at=at)
    return publish(book=book, note=note, at=at, by=marketer, revision=book.revision)


def _review(book: Rulebook, reviewers: tuple[User, User], at: datetime, until: datetime) -> None:
    number, day = 0, at + _BETWEEN_REVIEWS
    while day < until:
        confirm(book=book, by=reviewers[number % 2], at=day)
        number, day = number + 1, day + _BETWEEN_REVIEWS
