"""Who may do what in `leads`; the roles themselves are on the User."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from leads.models import Handoff, Lead, Role, User


def can_decide(user: User, handoff: Handoff, *, at: datetime) -> bool:
    """Whether this user may accept or reject this handoff, were it waiting."""
    return Handoff.objects.filter(pk=handoff.pk).decidable_by(user, at=at).exists()


def can_edit_facts(user: User) -> bool:
    return user.is_marketer


def can_withdraw(user: User) -> bool:
    return user.is_marketer


def can_export(user: User) -> bool:
    return bool(user.roles & {Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR})


def can_work(user: User, lead: Lead) -> bool:
    """Whether the user may change this lead as an SQL: its owner, or a manager of the owner's team."""
    if user.is_rep and lead.owner_id == user.pk:
        return True
    return user.is_manager and (
        user.team_id is None or bool(lead.owner and lead.owner.team_id == user.team_id)
    )


def may_enter_admin(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Those roles that keep something there; each of them writes only what is theirs (leads.admin)."""
    return isinstance(user, User) and bool(user.roles & {Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR})
