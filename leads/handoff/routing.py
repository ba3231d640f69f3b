"""Who is offered a lead: the owner of its company where there is one, else the default team's shared queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.models import Company, Lead, Organisation, Role, Team, User


@dataclass(frozen=True)
class Assignment:
    team: Team | None
    assignee: User | None
    because: str


def assign(*, leads: Sequence[Lead]) -> dict[int, Assignment]:
    """An assignment for each lead, by lead id. Two queries for all leads."""
    shared = Organisation.current().default_team
    if shared is not None and not shared.is_active:
        shared = None
    owners = _account_owners(leads)
    floor = Assignment(
        team=shared,
        assignee=None,
        because=f"No rule applies: shared queue of {shared}."
        if shared
        else "No default team: open to every rep.",
    )
    assignments = {}
    for lead in leads:
        owner = owners.get(lead.company_id) if lead.company_id else None
        assignments[lead.pk] = (
            Assignment(team=owner.team, assignee=owner, because=f"{owner} owns the company.")
            if owner
            else floor
        )
    return assignments


def _account_owners(leads: Sequence[Lead]) -> dict[int, User]:
    """Company id to its owner, where that is somebody in sales who still works here."""
    companies = Company.objects.filter(
        pk__in={lead.company_id for lead in leads if lead.company_id},
        owner__is_active=True,
        owner__groups__name__in=[Role.REP.value, Role.MANAGER.value],
    ).select_related("owner__team")
    return {company.pk: company.owner for company in companies if company.owner is not None}
