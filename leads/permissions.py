"""Who may do what in `leads`; the roles themselves are on the User."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from leads.models import Handoff, Lead, Role, Team, User


def can_decide(user: User, handoff: Handoff, *, at: datetime) -> bool:
    """Whether this user may accept or reject this handoff, were it waiting."""
    return Handoff.objects.filter(pk=handoff.pk).decidable_by(user, at=at).exists()


def can_withdraw(user: User) -> bool:
    return user.is_marketer


def can_reassign(user: User, handoff: Handoff) -> bool:
    """A manager: what is offered to their team, to one of its members or to no team; without a team, everything."""
    if not user.is_manager or user.team_id is None:
        return user.is_manager
    assignee_team = handoff.assignee.team_id if handoff.assignee else None
    return handoff.team_id is None or user.team_id in (handoff.team_id, assignee_team)


def can_give_lead(user: User, lead: Lead) -> bool:
    """A manager: what their team's members own, or nobody; without a team, everything."""
    if not user.is_manager or user.team_id is None:
        return user.is_manager
    return lead.owner is None or lead.owner.team_id == user.team_id


def can_receive_from(user: User, to: User | Team) -> bool:
    """Whether this manager may give work to that person or team: within their own, without a team to all."""
    if user.team_id is None:
        return user.is_manager
    return user.is_manager and user.team_id == (to.pk if isinstance(to, Team) else to.team_id)


def can_edit_reasons(user: User) -> bool:
    return user.is_manager


def can_answer_feedback(user: User) -> bool:
    """Answer what sales said of a lead that marketing offered."""
    return user.is_marketer


def can_move_people(user: User) -> bool:
    """Make teams, and say who is in which: administrators, and managers who look after all teams."""
    return user.is_administrator or (user.is_manager and user.team_id is None)


def can_keep_team(user: User, team: Team) -> bool:
    """Its hours, settings and shares: administrators, its managers, and managers without a team."""
    return can_move_people(user) or (user.is_manager and user.team_id == team.pk)


def can_enter_absence(user: User, of: User) -> bool:
    """Everybody their own: it is a calendar, not a request. Of others: whoever keeps their team."""
    if user.pk == of.pk:
        return user.decides_handoffs
    return can_move_people(user) or (user.is_manager and user.team_id == of.team_id)


def can_hand_over(user: User, of: User) -> bool:
    """What somebody has: the managers of their team, and who looks after all people."""
    return can_move_people(user) or (user.is_manager and user.team_id == of.team_id)


def can_receive_hand_over(user: User, to: User) -> bool:
    return can_move_people(user) or can_receive_from(user, to)


def may_enter_admin(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Those roles that keep something there; each of them writes only what is theirs (leads.admin)."""
    return isinstance(user, User) and bool(user.roles & {Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR})


def can_edit_routing(user: User) -> bool:
    """Managers, as with reasons, hours and absences; and the administrator, who sets the place up."""
    return user.is_manager or user.is_administrator


def can_export_leads(user: User) -> bool:
    """Take a list of people out as a file. Everybody reads them on pages, and takes out sums."""
    return user.is_marketer or user.is_manager or user.is_administrator
