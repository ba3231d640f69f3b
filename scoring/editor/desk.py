"""Everything that the editor's page and its parts show, from one place, so that they cannot drift."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from leads.models import User
from scoring.editor.arrival import Arrived
from scoring.editor.cells import Cell, CellMaker, Problem
from scoring.editor.presence import Glance, look
from scoring.editor.sheet import GroupLine, RuleLine, Sheet
from scoring.explanations import words
from scoring.models import Rulebook, RulebookEvent
from scoring.rulebook.document import read_form
from scoring.rulebook.keyed import keyed
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import document_of, vocabulary
from scoring.rulebook.steps import Steps, steps_of

_RECENT = 12


@dataclass(frozen=True)
class Notice:
    """What to say about an edit of which no field is left to say it at, with something that can be done about it."""

    text: str
    tag: str = "success"
    action: str = ""
    url: str = ""
    fields: Sequence[tuple[str, str]] = ()


@dataclass
class Desk:
    """A draft as one user sees it at work."""

    book: Rulebook
    user: User
    at: datetime
    may_edit: bool
    open: Collection[str] = ()
    problems: Mapping[str, Problem] = field(default_factory=dict)
    answer: str = ""
    arrived: Arrived = field(default_factory=Arrived)
    notice: Notice | None = None
    mistakes: tuple[str, ...] = ()

    @cached_property
    def sheet(self) -> Sheet:
        document = document_of(self.book)
        spoken = vocabulary()
        try:
            form = read_form(document, spoken)
        except RulebookError as error:
            form = None
            self.mistakes = error.mistakes
        cells = CellMaker(
            keyed(document), self.book.revision, self.problems, self.arrived.marks, answer=self.answer
        )
        return Sheet(cells, form, words(), spoken, frozenset(self.open))

    @cached_property
    def steps(self) -> Steps:
        return steps_of(self.book, self.user)

    @cached_property
    def recent(self) -> list[RulebookEvent]:
        events = self.book.events.filter(kind=RulebookEvent.Kind.EDITED).select_related("by")
        return list(events.order_by("-revision")[:_RECENT])

    @cached_property
    def glance(self) -> Glance:
        """Who else is here."""
        found = look(self.book.pk, user=self.user, at=self.at)
        assert found is not None  # the rulebook has just been read
        return found

    @property
    def name(self) -> Cell:
        return self.sheet.cells.cell("name")

    # What has changed ---------------------------------------------------------------------------------

    @property
    def changed_rules(self) -> list[RuleLine]:
        rules = self.sheet.doc["rules"]
        return (
            [] if self.arrived.sheet else [self.sheet.rule(key) for key in rules if key in self.arrived.rules]
        )

    @property
    def changed_groups(self) -> list[GroupLine]:
        groups = self.sheet.doc["groups"]
        return (
            []
            if self.arrived.sheet
            else [self.sheet.group(key) for key in groups if key in self.arrived.groups]
        )
