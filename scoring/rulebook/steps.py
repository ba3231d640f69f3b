"""What one editor may undo and do again: their own edits, the latest first."""

from __future__ import annotations

from dataclasses import dataclass

from leads.models import User
from scoring.models import Rulebook, RulebookEvent

# As many steps can be taken back.
_STEPS = 100


@dataclass(frozen=True)
class Steps:
    """The edit that an undo would take back, and the undo that a redo would take back. One query."""

    undo: RulebookEvent | None = None
    redo: RulebookEvent | None = None


def steps_of(book: Rulebook, user: User) -> Steps:
    events = book.events.filter(kind=RulebookEvent.Kind.EDITED, by=user).order_by("-revision")[:_STEPS]
    done: dict[int, RulebookEvent] = {}
    undone: dict[int, RulebookEvent] = {}
    for event in reversed(events):
        if event.undoes_id in undone:  # done again
            del undone[event.undoes_id]
            done[event.pk] = event
        elif event.undoes_id is not None:
            done.pop(event.undoes_id, None)
            undone[event.pk] = event
        else:
            done[event.pk] = event
            undone.clear()
    return Steps(_last(done), _last(undone))


def _last(events: dict[int, RulebookEvent]) -> RulebookEvent | None:
    return next(reversed(events.values()), None)
