"""Source economics: what came of each source, channel or campaign, and what it cost.

Definitions: docs/metrics.md. Things count in the period in which they happened: leads created, leads that entered a
stage, deals won. First touch is the lead's own source, channel and campaign; last touch: reports.metrics.last_touch.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from leads.models import Stage
from reports.cells import counts
from reports.deals import won_deals
from reports.measures import REACH
from reports.metrics.costs import Costs, costs_by
from reports.metrics.funnel import entrants_by, outcomes_by
from reports.metrics.last_touch import entrants_by_last_touch, names_of_campaigns, with_last_touch
from reports.money import Amounts, amounts_of, cents, kept_at_these_rates
from reports.scope import Scope
from reports.store.kept import kept_for

ENTERED = (Stage.MQL, Stage.SQL, Stage.CUSTOMER)


@dataclass(frozen=True)
class Line:
    """Of one source, channel or campaign. `cost` None: not known. `leads` are always by their own, first touch."""

    leads: int = 0
    mqls: int = 0
    sqls: int = 0
    customers: int = 0
    accepted: int = 0
    decided: int = 0
    deals: Amounts = field(default_factory=Amounts)
    cost: Decimal | None = None

    @property
    def revenue(self) -> Decimal | None:
        return self.deals.total

    @property
    def acceptance(self) -> float | None:
        return self.accepted / self.decided if self.decided else None

    def cost_per(self, number: int) -> Decimal | None:
        """None where the cost is not known, or there is nobody to divide it by."""
        return None if self.cost is None or not number else cents(self.cost / number)

    @property
    def return_on_cost(self) -> float | None:
        """(revenue - cost) / cost: 0 where it has just paid for itself."""
        if not self.cost or self.revenue is None:
            return None
        return float((self.revenue - self.cost) / self.cost)

    def __add__(self, other: Line) -> Line:
        known = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Line(
            leads=self.leads + other.leads,
            mqls=self.mqls + other.mqls,
            sqls=self.sqls + other.sqls,
            customers=self.customers + other.customers,
            accepted=self.accepted + other.accepted,
            decided=self.decided + other.decided,
            deals=self.deals + other.deals,
            cost=sum(known, Decimal(0)) if known else None,
        )


@dataclass(frozen=True)
class Economics:
    """By value. Acceptance is of MQL visits that began in the period, by first touch."""

    lines: Mapping[str, Line]
    costs: Costs

    @cached_property
    def total(self) -> Line:
        return sum(self.lines.values(), Line())

    @cached_property
    def with_cost(self) -> Line:
        """Of those whose cost is known: what has none brought its revenue at no price, which would flatter the rest."""
        return sum((line for line in self.lines.values() if line.cost is not None), Line())


def economics(scope: Scope, *, by: str, last_touch: bool = False) -> Economics:
    """By source, channel or campaign."""
    found: dict[str, Line] = defaultdict(Line)
    found.update(
        kept_for(f"came by {by}, last touch {last_touch}", scope, lambda: _came(scope, by, last_touch))
    )
    name = f"won by {by}, last touch {last_touch}"
    for value, deals in kept_at_these_rates(name, scope, lambda: _won(scope, by, last_touch)).items():
        found[value] = replace(found[value], deals=deals)
    costs = costs_by(scope, by=by)
    for value, cost in costs.by_value.items():
        found[value] = replace(found[value], cost=cost)
    return Economics({value: line for value, line in found.items() if line != Line()}, costs)


def _came(scope: Scope, by: str, last_touch: bool) -> dict[str, Line]:
    """Leads, entrants and decisions, without money."""
    found: dict[str, Line] = defaultdict(Line)
    for row in counts(REACH, scope, by=by, positions=[Stage.LEAD.position], apart=False):
        found[row.value] = replace(found[row.value], leads=row.count)
    entered = _by_last_touch(scope, by) if last_touch else _by_first_touch(scope, by)
    for value in {value for numbers in entered.values() for value in numbers}:
        mqls, sqls, customers = (entered[stage][value] for stage in ENTERED)
        found[value] = replace(found[value], mqls=mqls, sqls=sqls, customers=customers)
    for value, rate in outcomes_by(scope, by=by).items():
        found[value] = replace(found[value], accepted=rate.accepted, decided=rate.decided)
    return dict(found)


def _by_first_touch(scope: Scope, by: str) -> dict[Stage, Counter[str]]:
    entrants = entrants_by(scope, by=by)
    return {
        stage: Counter({value: funnel[stage].leads for value, funnel in entrants.items()})
        for stage in ENTERED
    }


def _by_last_touch(scope: Scope, by: str) -> dict[Stage, Counter[str]]:
    return {stage: entrants_by_last_touch(scope, by=by, position=stage.position) for stage in ENTERED}


def _won(scope: Scope, by: str, last_touch: bool) -> dict[str, Amounts]:
    deals = won_deals(scope)
    if not last_touch:
        return {
            "" if value is None else str(value): found for value, found in amounts_of(deals, by=by).items()
        }
    names, together = names_of_campaigns(by), defaultdict[str, Amounts](Amounts)
    touched = with_last_touch(deals, at="closed_at")
    for campaign, amounts in amounts_of(touched, by="last_touch").items():
        together[names.get(campaign, "")] += amounts
    return dict(together)
