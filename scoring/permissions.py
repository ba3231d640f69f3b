"""Who may see and do what in `scoring`. Everybody who is signed in may read, drafts excepted.

Marketers edit, sign for marketing and publish; sales managers sign for sales and comment; reps read; administrators see
all and sign nothing. The services ask here too, so that no page can forget to.
"""

from __future__ import annotations

from leads.models import User
from leads.permissions import may_enter_admin
from scoring.models import Rulebook


def can_see(user: User, book: Rulebook) -> bool:
    """Everyone sees what was published once; drafts are for those who write, sign or look after them."""
    return not book.is_draft or can_see_drafts(user)


def can_see_drafts(user: User) -> bool:
    return may_enter_admin(user)


def can_edit_rulebooks(user: User) -> bool:
    """Make drafts, edit, discard and restore them, and publish one that both sides have signed."""
    return user.is_marketer


def can_sign(user: User) -> bool:
    return user.is_marketer or user.is_manager


def can_comment(user: User) -> bool:
    return user.is_marketer or user.is_manager


def can_review(user: User) -> bool:
    """Say that the published rulebook stays as it is until the next review."""
    return user.is_marketer or user.is_manager


def can_study(user: User) -> bool:
    """Ask for long computations about a rulebook, which change nothing, and cancel any of them."""
    return can_see_drafts(user)


def can_steer_runs(user: User) -> bool:
    """Ask for a rescore and cancel one: those who answer for the rulebook, and for the machine."""
    return user.is_marketer or user.is_administrator


def can_set_nightly_hour(user: User) -> bool:
    return user.is_administrator
