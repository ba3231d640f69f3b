"""A suggestion becomes a change in a draft: the marketer's to look at, backtest, sign, or take back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from leads.models import User
from scoring.models import Rulebook
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.editing import Edit, Saved, apply_edit


def open_drafts() -> list[Rulebook]:
    """Drafts that a suggestion can go into, the newest first."""
    return list(Rulebook.objects.filter(state=Rulebook.State.DRAFT, discarded_at=None).order_by("-pk"))


@transaction.atomic
def try_points(
    *, book: Rulebook, rule: str, points: int, draft: Rulebook | None, by: User, at: datetime
) -> Saved:
    """Give the rule these points in the draft; None: in a new one, a copy of `book`.

    Raises what apply_edit and create_draft raise; then nothing is changed, and no draft made.
    """
    target = draft or create_draft(by=by, at=at, copy_of=book)
    edit = Edit(f"rules.{rule}.points", points, seen=target.revision)
    return apply_edit(draft=target.pk, edit=edit, by=by, at=at)
