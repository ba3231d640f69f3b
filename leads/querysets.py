from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from leads.models import Stage, User


# The type checker meets these modules in the midst of the models' import and cannot name the models yet.


class LeadQuerySet(models.QuerySet["Lead"]):  # type: ignore[name-defined]
    def in_stage(self, *stages: Stage) -> LeadQuerySet:
        return self.filter(stage__in=stages)


class StageChangeQuerySet(models.QuerySet["StageChange"]):  # type: ignore[name-defined]
    def counted(self) -> StageChangeQuerySet:
        """Undone changes do not exist for any metric."""
        return self.filter(undone=False)

    def in_order(self) -> StageChangeQuerySet:
        return self.order_by("occurred_at", "to_position", "pk")


class HandoffQuerySet(models.QuerySet["Handoff"]):  # type: ignore[name-defined]
    def waiting(self) -> HandoffQuerySet:
        return self.filter(state="waiting")

    def decided(self) -> HandoffQuerySet:
        return self.filter(state__in=("accepted", "rejected"))

    def of_leads(self, lead_ids: Collection[int]) -> HandoffQuerySet:
        return self.filter(lead_id__in=lead_ids)

    def unclaimed(self, *, at: datetime) -> HandoffQuerySet:
        return self.exclude(claimed_until__gt=at)

    def decidable_by(self, user: User, *, at: datetime) -> HandoffQuerySet:
        """Those whose decision is this user's, were they waiting. An overdue one is offered to the whole team."""
        team = Q(team__isnull=True) if user.team_id is None else Q(team__isnull=True) | Q(team=user.team_id)
        if user.is_manager:
            return self if user.team_id is None else self.filter(team)
        if user.is_rep:
            shared = Q(assignee__isnull=True) | Q(decide_due_at__lte=at)
            return self.filter(Q(assignee=user) | (shared & team))
        return self.none()

    def visible_in_queue_of(self, user: User, *, at: datetime) -> HandoffQuerySet:
        """Those who decide see what they may decide; everybody else sees all, and decides nothing."""
        return self.decidable_by(user, at=at) if user.decides_handoffs else self
