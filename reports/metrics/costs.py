"""What campaigns and sources cost: each cost spread evenly over its days, each day's part at the rate of that day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from leads.folding import fold
from leads.models import CampaignCost
from reports.money import Rates, cents
from reports.period import DAY, Period
from reports.scope import Scope

# By these costs can be told apart, and filtered.
KNOWN_BY = ("source", "channel", "campaign")


@dataclass(frozen=True)
class Costs:
    """By a dimension's values. `foreign`: parts in currencies without a rate for their days, by currency.

    `unknown_by`: filters that no cost knows; where there are any, nothing is known.
    """

    by_value: Mapping[str, Decimal] = field(default_factory=dict)
    foreign: Mapping[str, Decimal] = field(default_factory=dict)
    unknown_by: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal | None:
        """None where no cost is known: unknown is not 0."""
        return sum(self.by_value.values(), Decimal(0)) if self.by_value else None


def costs_by(scope: Scope, *, by: str) -> Costs:
    """By source, channel or campaign: what falls on the days of the period, up to the as-of day.

    A campaign's cost is also its source's and its channel's; that of a source as a whole has no campaign or channel.
    """
    others = tuple(key for key in scope.chosen if key not in KNOWN_BY)
    end = min(scope.period.end, scope.as_of + DAY)
    if others or end <= scope.period.start:
        return Costs(unknown_by=others)
    days, rates = Period(scope.period.start, end), Rates.known()
    rows = CampaignCost.objects.filter(starts_on__lt=days.end, ends_on__gte=days.start).select_related(
        "campaign"
    )
    exact: dict[str, Decimal] = defaultdict(Decimal)
    foreign: dict[str, Decimal] = defaultdict(Decimal)
    for cost in rows:
        belongs = _belongs(cost)
        if any(belongs[key] != value for key, value in scope.chosen.items()):
            continue
        for part in parts(cost, days, rates):
            if part.worth is None:
                foreign[cost.currency] += part.amount
            else:
                exact[belongs[by]] += part.worth
    return Costs(
        {value: cents(amount) for value, amount in exact.items()},
        {currency: cents(amount) for currency, amount in sorted(foreign.items())},
    )


@dataclass(frozen=True)
class Part:
    """What falls on some days of one rate. `worth` in the organisation's currency; None: there is no rate."""

    days: int
    amount: Decimal
    worth: Decimal | None


def parts(cost: CampaignCost, days: Period, rates: Rates) -> Iterator[Part]:
    """The part of a cost that falls on `days`, divided where the rate changes."""
    assert cost.starts_on is not None and cost.ends_on is not None
    whole = (cost.ends_on - cost.starts_on).days + 1
    first, end = max(cost.starts_on, days.start), min(cost.ends_on + DAY, days.end)
    changes = [day for day in rates.changes(cost.currency) if first < day < end]
    edges: list[date] = [first, *changes, end]
    for start, stop in zip(edges, edges[1:], strict=False):
        number = (stop - start).days
        amount = cost.amount * number / whole
        rate = rates.at(cost.currency, start)
        yield Part(number, amount, None if rate is None else amount * rate)


def _belongs(cost: CampaignCost) -> dict[str, str]:
    """The value of each dimension, as rows of leads have it."""
    if cost.campaign is None:
        return {"source": cost.source_folded, "channel": "", "campaign": ""}
    return {
        "source": fold(cost.campaign.source),
        "channel": fold(cost.campaign.channel),
        "campaign": str(cost.campaign.pk),
    }
