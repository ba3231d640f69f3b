"""Who works which lead."""

from __future__ import annotations

from leads.errors import LeadError
from leads.models import Lead, Stage, User

WORKED = (Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER)


class NotYourLead(LeadError):
    """The lead is somebody else's."""


class NotWorked(LeadError):
    """The lead is not one that sales works: it was not accepted, or has been given back."""


def can_work(user: User, lead: Lead) -> bool:
    """A rep works their own; a manager those of their team, without a team all of them."""
    if user.is_manager:
        return user.team_id is None or lead.owner is None or lead.owner.team_id == user.team_id
    return user.is_rep and lead.owner_id == user.pk


def check_worker(lead: Lead, by: User) -> None:
    """Raise NotYourLead or NotWorked."""
    if not can_work(by, lead):
        owner = lead.owner or "nobody"
        raise NotYourLead(f"{lead} is worked by {owner}; you can read it, and change nothing.")
    if lead.stage not in WORKED:
        raise NotWorked(
            f"{lead} is {Stage(lead.stage).label}: only leads that sales has accepted are worked."
        )
