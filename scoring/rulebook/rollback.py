"""Back to an older version: by a draft that is a copy of it, which both sides sign like any other."""

from __future__ import annotations

from datetime import datetime

from leads.models import User
from scoring.errors import ScoringError
from scoring.models import Rulebook
from scoring.rulebook.drafts import create_draft


def draft_rollback(*, to: Rulebook, by: User, at: datetime) -> Rulebook:
    """A draft “Rollback to version 3”. Raises ScoringError, and RulebookError where it can no longer be computed."""
    if to.number is None:
        raise ScoringError(f"{to} was never published: there is nothing to roll back to.")
    if to.state == Rulebook.State.PUBLISHED:
        raise ScoringError(f"Version {to.number} is the published one: there is nothing to roll back to.")
    book = create_draft(by=by, at=at, copy_of=to, name=f"Rollback to version {to.number}")
    book.note = f"Back to version {to.number}: "
    book.save(update_fields=["note"])
    return book
