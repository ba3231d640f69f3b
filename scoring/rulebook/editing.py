"""Edits of a draft.

Each is one transaction: checked as a whole by the code that reads a rulebook file, written, counted as one revision,
and recorded with what it changed. So a draft can score at any time, and nobody overwrites another silently: an edit
says which revision its editor saw, and is refused where somebody else has changed the same since.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from leads.models import User
from scoring.errors import ScoringError
from scoring.models import Rulebook, RulebookEvent
from scoring.permissions import can_edit_rulebooks
from scoring.rulebook.document import read_form, to_json
from scoring.rulebook.edit_wording import edit_wording, label_of
from scoring.rulebook.events import record
from scoring.rulebook.form import Form
from scoring.rulebook.keyed import DOCUMENT, Keyed, NoSuchPlace, changed, keyed, listed, touches, value_at
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.row_changes import save_changes
from scoring.rulebook.rows import document_of, vocabulary
from scoring.rulebook.signing import withdraw_signatures

_MISTAKE = re.compile(r"\$\.?(?P<path>\S*): (?P<sentence>.*)", re.DOTALL)
_LISTED = re.compile(r"(?P<part>rules|groups)\[(?P<index>\d+)\]")


@dataclass(frozen=True)
class Edit:
    """Another value at a path of the document (scoring.rulebook.keyed), by somebody who saw revision `seen`.

    None: made from what the draft is at this moment.
    """

    path: str
    value: Any
    seen: int | None = None


@dataclass(frozen=True)
class Saved:
    """The draft after an edit; `event` is None where the value had been there already."""

    book: Rulebook
    doc: Keyed
    event: RulebookEvent | None = None


class NotEditable(ScoringError):
    """The rulebook is no draft any more, or the user may not edit drafts."""


@dataclass(frozen=True)
class Mistake:
    """Something wrong, with the path of the document where it is: rules.pricing.conditions[0].values[1]."""

    path: str
    sentence: str


class EditInvalid(ScoringError):
    """The draft would no longer be sound. Nothing was changed."""

    def __init__(self, path: str, mistakes: tuple[Mistake, ...]) -> None:
        self.path, self.mistakes = path, mistakes
        super().__init__(" ".join(self.sentences))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Those about what was edited; others name the place that they are about."""
        return tuple(
            one.sentence if not one.path or _is_about(one.path, self.path) else f"{one.path}: {one.sentence}"
            for one in self.mistakes
        )


class EditConflict(ScoringError):
    """Somebody else has changed the same since the editor saw it. Nothing was changed.

    `is_gone`: what was to be edited is no longer there.
    """

    def __init__(self, edit: Edit, theirs: RulebookEvent, label: str, *, is_gone: bool = False) -> None:
        self.edit, self.theirs, self.label, self.is_gone = edit, theirs, label, is_gone
        super().__init__(f"{theirs.by or theirs.origin} has changed this: {theirs.what}.")


def apply_edit(*, draft: int, edit: Edit, by: User, at: datetime) -> Saved:
    """Save one edit. Raises NotEditable, NoSuchPlace, EditConflict or EditInvalid; then nothing is changed."""
    return change_draft(draft=draft, make=lambda _doc: edit, by=by, at=at)


@transaction.atomic
def change_draft(
    *,
    draft: int,
    make: Callable[[Keyed], Edit],
    by: User,
    at: datetime,
    undoes: RulebookEvent | None = None,
) -> Saved:
    """The same with an edit that is made from what the draft is now, such as a copy of a rule."""
    book = lock_draft(draft=draft, by=by)
    doc = keyed(document_of(book))
    edit = make(doc)
    theirs = _overlapping(book, doc, edit, by)
    try:
        old = value_at(doc, edit.path)
        form = _edited(doc, edit)
    except NoSuchPlace:
        if theirs is None:
            raise
        raise EditConflict(edit, theirs, label_of(doc, edit.path), is_gone=True) from None
    after = keyed(to_json(form))
    value = value_at(after, edit.path)
    if value == old:
        return Saved(book, doc)
    if theirs is not None:
        raise EditConflict(edit, theirs, label_of(doc, edit.path))
    save_changes(book=book, form=form)
    book.revision += 1
    book.save(update_fields=["revision"])
    event = record(
        book=book,
        kind=RulebookEvent.Kind.EDITED,
        what=edit_wording(doc, after, edit.path, old, value),
        at=at,
        by=by,
        path=edit.path,
        before=old,
        after=value,
        undoes=undoes,
    )
    withdraw_signatures(book=book, because="the draft was edited", by=by, at=at)
    return Saved(book, after, event)


def lock_draft(*, draft: int, by: User) -> Rulebook:
    """The draft, locked until the end of the transaction. NotEditable where it is none, or not for this user."""
    if not can_edit_rulebooks(by):
        raise NotEditable("Only marketers edit drafts of the rulebook.")
    book = Rulebook.objects.select_for_update(of=("self",)).filter(pk=draft).first()
    if book is None:
        raise NotEditable(f"There is no rulebook {draft}.")
    if not book.is_draft:
        raise NotEditable(
            f"{book} is {book.get_state_display().lower()} and never changes; edit a copy of it."
        )
    if book.discarded_at is not None:
        raise NotEditable(f"{book} was discarded; restore it to edit it.")
    return book


def _overlapping(book: Rulebook, doc: Keyed, edit: Edit, by: User) -> RulebookEvent | None:
    """The latest edit by somebody else, since the revision seen, of the same place or of what it is part of."""
    if edit.seen is None:
        return None
    places = [edit.path]
    if edit.path.startswith("groups.") and edit.value is None:
        key = edit.path.removeprefix("groups.")
        places += [f"rules.{name}" for name, rule in doc["rules"].items() if rule["group"] == key]
    since = book.events.filter(kind=RulebookEvent.Kind.EDITED, revision__gt=edit.seen).exclude(by=by)
    for event in since.select_related("by").order_by("-revision"):
        if any(touches(event.path, event.before, event.after, place) for place in places):
            return event
    return None


def _edited(doc: Keyed, edit: Edit) -> Form:
    """The draft with the edit, checked as a whole."""
    whole = edit.path == DOCUMENT
    document = edit.value if whole else listed(changed(doc, edit.path, edit.value))
    try:
        return read_form(document, vocabulary())
    except RulebookError as error:
        mistakes = (
            tuple(Mistake("", text) for text in error.mistakes) if whole else _mistakes(error, document)
        )
        raise EditInvalid(edit.path, mistakes) from error


def _mistakes(error: RulebookError, document: dict[str, Any]) -> tuple[Mistake, ...]:
    """What is wrong, with rules and groups by their keys."""

    def by_key(found: re.Match[str]) -> str:
        return f"{found['part']}.{document[found['part']][int(found['index'])]['key']}"

    found = []
    for text in error.mistakes:
        parts = _MISTAKE.match(text)
        found.append(
            Mistake(_LISTED.sub(by_key, parts["path"]), parts["sentence"]) if parts else Mistake("", text)
        )
    return tuple(found)


def _is_about(mistake: str, path: str) -> bool:
    above, _, last = path.rpartition(".")
    places = [f"{above}.{name}" if above else name for name in last.split("+")]
    return any(mistake == place or mistake.startswith((f"{place}.", f"{place}[")) for place in places)


# Undo -------------------------------------------------------------------------------------------------


def undo(*, draft: int, event: RulebookEvent, by: User, at: datetime) -> Saved:
    """A new edit that puts back what was there before another one.

    Raises EditConflict where somebody has changed the same since, and what apply_edit raises.
    """

    def make(doc: Keyed) -> Edit:
        current = RulebookEvent.objects.filter(undoes=event).first()
        if current is not None:
            raise NoSuchPlace(f"This was undone already: {event.what}.")
        edit = Edit(event.path, event.before, seen=event.revision)
        if _plain(_now(doc, event.path)) != _plain(event.after):
            latest = _since(draft, event)
            raise EditConflict(edit, latest or event, label_of(doc, event.path))
        return edit

    return change_draft(draft=draft, make=make, by=by, at=at, undoes=event)


@transaction.atomic
def bring_back(*, draft: int, deletion: RulebookEvent, edit: Edit, by: User, at: datetime) -> Saved:
    """Take back what somebody else deleted, and save an edit of it: two edits, or none."""
    back = undo(draft=draft, event=deletion, by=by, at=at)
    return apply_edit(draft=draft, edit=Edit(edit.path, edit.value, back.book.revision), by=by, at=at)


def _now(doc: Keyed, path: str) -> Any:
    try:
        return value_at(doc, path)
    except NoSuchPlace:
        return None


def _plain(value: Any) -> Any:
    """Without its place: that neighbours have moved changes nothing in it."""
    return {key: one for key, one in value.items() if key != "before"} if isinstance(value, dict) else value


def _since(draft: int, event: RulebookEvent) -> RulebookEvent | None:
    later = RulebookEvent.objects.filter(
        rulebook=draft, kind=RulebookEvent.Kind.EDITED, revision__gt=event.revision
    )
    for one in later.select_related("by").order_by("-revision"):
        if touches(one.path, one.before, one.after, event.path):
            return one
    return None
