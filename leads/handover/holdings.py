"""What somebody has that others would have to take over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from leads.models import Company, Deal, Handoff, Lead, NextStep, Stage, User
from leads.routing.document import in_force

IN_WORK = (Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER)


@dataclass(frozen=True)
class Holdings:
    waiting: int
    overdue: int
    sqls: int
    opportunities: int
    customers: int
    open_deals: int
    open_steps: int
    companies: int
    rules: Sequence[str]  # names of routing rules in force that send to them

    @property
    def leads(self) -> int:
        return self.sqls + self.opportunities + self.customers

    @property
    def is_anything(self) -> bool:
        return bool(self.waiting or self.leads or self.open_deals or self.companies)


def holdings_of(user: User, *, at: datetime) -> Holdings:
    """Six queries. Leads that went back to marketing are history, though the last owner's name stays on them."""
    waiting = Handoff.objects.waiting().filter(assignee=user)
    handoffs = waiting.aggregate(all=Count("pk"), overdue=Count("pk", filter=Q(decide_due_at__lte=at)))
    owned = Lead.objects.filter(owner=user, stage__in=IN_WORK)
    stages = dict(owned.order_by().values_list("stage").annotate(n=Count("pk")))
    return Holdings(
        waiting=handoffs["all"],
        overdue=handoffs["overdue"],
        sqls=stages.get(Stage.SQL, 0),
        opportunities=stages.get(Stage.OPPORTUNITY, 0),
        customers=stages.get(Stage.CUSTOMER, 0),
        open_deals=Deal.objects.filter(owner=user, state=Deal.State.OPEN).count(),
        open_steps=NextStep.objects.filter(done_at=None, lead__in=owned).count(),
        companies=Company.objects.filter(owner=user).count(),
        rules=_rules_naming(user),
    )


def _rules_naming(user: User) -> list[str]:
    rules = in_force()
    if rules is None:
        return []
    return [
        rule["name"]
        for rule in rules.document["rules"]
        if rule["enabled"] and rule["target"].get("user") == user.pk
    ]
