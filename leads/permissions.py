"""Who may do what in `leads`; the roles themselves are on the User."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from leads.models import Handoff, Role, User


def can_decide(user: User, handoff: Handoff, *, at: datetime) -> bool:
    """Whether this user may accept or reject this handoff, were it waiting."""
    return Handoff.objects.filter(pk=handoff.pk).decidable_by(user, at=at).exists()


def can_withdraw(user: User) -> bool:
    return user.is_marketer


def may_enter_admin(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Those roles that keep something there; each of them writes only what is theirs (leads.admin)."""
    return isinstance(user, User) and bool(user.roles & {Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR})
