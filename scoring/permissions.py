"""Who may see and do what in `scoring`. Everybody who is signed in may read, drafts excepted."""

from __future__ import annotations

from leads.models import User
from leads.permissions import may_enter_admin
from scoring.models import Rulebook


def can_see(user: User, book: Rulebook) -> bool:
    """Everyone sees what was published once; drafts are for those who may look at them in the admin."""
    return not book.is_draft or may_enter_admin(user)


def can_steer_runs(user: User) -> bool:
    """Ask for a rescore and cancel one: those who answer for the rulebook, and for the machine."""
    return user.is_marketer or user.is_administrator


def can_set_nightly_hour(user: User) -> bool:
    return user.is_administrator
