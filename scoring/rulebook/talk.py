"""What people say about a rulebook."""

from __future__ import annotations

from datetime import datetime

from leads.models import User
from scoring.errors import ScoringError
from scoring.models import Rulebook, RulebookEvent
from scoring.permissions import can_comment
from scoring.rulebook.events import MOST_CHARACTERS, Kind, check_text, record


def comment(*, book: Rulebook, text: str, by: User, at: datetime) -> RulebookEvent:
    """Keep a comment. Raises ScoringError for an empty or too long one, or from whom none is asked."""
    text = text.strip()
    if not can_comment(by):
        raise ScoringError("Marketers and sales managers comment on rulebooks.")
    if not text:
        raise ScoringError("A comment needs some words.")
    check_text(text)
    if len(text) > MOST_CHARACTERS:
        raise ScoringError(f"The comment has {len(text):,} characters; at most {MOST_CHARACTERS:,} are kept.")
    return record(book=book, kind=Kind.COMMENTED, what=text, at=at, by=by)
