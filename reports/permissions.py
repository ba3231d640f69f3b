"""Who may do what in `reports`. Everybody who is signed in may read."""

from __future__ import annotations

from leads.models import User


def can_keep_money(user: User) -> bool:
    """Enter exchange rates and what campaigns cost."""
    return user.is_marketer or user.is_manager or user.is_administrator
