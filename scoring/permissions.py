"""Who may see what in `scoring`."""

from __future__ import annotations

from leads.models import User
from leads.permissions import may_enter_admin
from scoring.models import Rulebook


def can_see(user: User, book: Rulebook) -> bool:
    """Everyone sees what was published once; drafts are for those who may look at them in the admin."""
    return not book.is_draft or may_enter_admin(user)
