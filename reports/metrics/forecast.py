"""What is to be expected of those that stand in open stages, by what became of earlier ones. See docs/metrics.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import sqrt
from typing import Any

from django.db.models import QuerySet

from leads.models import Stage
from reports.cells import counts
from reports.deals import open_deals, won_amounts
from reports.measures import OUTCOMES
from reports.metrics.maturity import Maturity, maturity_of_winning
from reports.metrics.velocity import leads_at, standing_by_stage
from reports.money import Amounts, amounts_of, cents, kept_at_these_rates, with_worth
from reports.period import Period
from reports.scope import Scope
from reports.store.kept import kept_for
from scoring.evidence.proportions import Z95

OPEN = (Stage.LEAD, Stage.MQL, Stage.SQL, Stage.OPPORTUNITY, Stage.RECYCLED)
# Fewer earlier visits than these say nothing.
FEWEST = 20


@dataclass(frozen=True)
class History:
    """What became of earlier visits to a stage: `won` of `visits` led to a customer by the as-of day.

    They began in the period, and long enough ago: `days` of it, None where none are, or how long is not known.
    """

    days: Period | None
    visits: int
    won: int
    maturity: Maturity

    @property
    def is_judged(self) -> bool:
        return self.visits >= FEWEST

    @property
    def share(self) -> float | None:
        return self.won / self.visits if self.is_judged else None


@dataclass(frozen=True)
class Expected:
    """A number that is expected, and how far the true one may lie from it (variance)."""

    value: float
    variance: float
    most: float | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """Where it will be with 95 %: never below 0, nor above what there is."""
        reach = Z95 * sqrt(self.variance)
        high = self.value + reach
        return max(0.0, self.value - reach), high if self.most is None else min(high, self.most)


@dataclass(frozen=True)
class StageForecast:
    """`now`: leads that stand in the stage. `worth`: what each of them comes to if it is won; None: not known."""

    stage: Stage
    now: int
    history: History
    # Known amounts of the open deals of these leads, and how many of these leads have one.
    own: Decimal = Decimal(0)
    with_own: int = 0
    mean: Decimal | None = None

    @cached_property
    def customers(self) -> Expected | None:
        """None where history does not say."""
        if self.history.share is None:
            return None
        return expected(self.now, won=self.history.won, of=self.history.visits)

    @property
    def worth(self) -> Decimal | None:
        """All of them together, if each were won."""
        others = self.now - self.with_own
        if not others:
            return self.own
        return None if self.mean is None else self.own + others * self.mean

    @property
    def amount(self) -> Decimal | None:
        if self.history.share is None or self.worth is None:
            return None
        return cents(self.worth * self.history.won / self.history.visits)

    @property
    def amount_interval(self) -> tuple[float, float] | None:
        """The interval of the customers, at the mean worth of one of these leads."""
        if self.customers is None or self.worth is None or not self.now:
            return None
        low, high = self.customers.interval
        each = float(self.worth) / self.now
        return low * each, high * each


@dataclass(frozen=True)
class Forecast:
    """`won`: the amounts of deals won in the period, by which others are valued; `open`: those of open deals."""

    stages: tuple[StageForecast, ...]
    won: Amounts
    open: Amounts

    @property
    def customers(self) -> Expected | None:
        """Of the stages that are judged, together."""
        return together([stage.customers for stage in self.stages])

    @property
    def amount(self) -> Decimal | None:
        known = [stage.amount for stage in self.stages if stage.amount is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def amount_interval(self) -> tuple[float, float] | None:
        """The interval of the customers, at the mean worth of one that is expected."""
        if self.customers is None or self.amount is None or not self.customers.value:
            return None
        low, high = self.customers.interval
        each = float(self.amount) / self.customers.value
        return low * each, high * each


def forecast(scope: Scope) -> Forecast:
    """By stage in the order of the funnel. History is of the period; who stands where, of the as-of day."""
    now = standing_by_stage(scope)
    won = won_amounts(scope)
    own, with_own = open_amounts(scope), leads_with_amount(scope)
    stages = [
        StageForecast(
            stage=stage,
            now=now[stage],
            history=history(scope, stage),
            own=(own.total or Decimal(0)) if stage is Stage.OPPORTUNITY else Decimal(0),
            with_own=with_own if stage is Stage.OPPORTUNITY else 0,
            mean=won.mean,
        )
        for stage in OPEN
    ]
    return Forecast(tuple(stages), won, own)


def history(scope: Scope, stage: Stage) -> History:
    """What became of the visits to a stage that began in the period, and long enough before the as-of day."""
    return kept_for(f"history of {stage.value}", scope, lambda: _history(scope, stage))


def _history(scope: Scope, stage: Stage) -> History:
    maturity = maturity_of_winning(scope.as_of)[stage]
    if maturity.young_from is None or maturity.young_from <= scope.period.start:
        return History(None, 0, 0, maturity)
    days = Period(scope.period.start, min(scope.period.end, maturity.young_from))
    found = counts(OUTCOMES, scope.during(days), positions=(stage.position,))
    return History(
        days=days,
        visits=sum(cell.count for cell in found),
        won=sum(cell.count for cell in found if cell.b),
        maturity=maturity,
    )


def expected(now: int, *, won: int, of: int) -> Expected:
    """How many of `now` will be won if each is with the chance that `won` of `of` earlier ones had.

    Two things are not known: the chance itself, known by `of` cases, and how chance will have it with `now`. Of the
    share that Agresti and Coull take (2 of 4 added), so that none or all of a few is no certainty.
    """
    share = (won + 2) / (of + 4)
    return Expected(now * won / of, now * share * (1 - share) * (1 + now / of), most=now)


def together(parts: Sequence[Expected | None]) -> Expected | None:
    """The sum of what is known, as of things that do not depend on each other; None where nothing is."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    most = sum(part.most for part in known if part.most is not None)
    return Expected(sum(part.value for part in known), sum(part.variance for part in known), most)


def deals_of_opportunities(scope: Scope) -> QuerySet[Any]:
    """The open deals of the leads that stand at opportunity."""
    return open_deals(scope, keys=()).filter(lead_id__in=leads_at(scope, Stage.OPPORTUNITY))


def open_amounts(scope: Scope) -> Amounts:
    return kept_at_these_rates("open amounts", scope, lambda: _open_amounts(scope))


def _open_amounts(scope: Scope) -> Amounts:
    return amounts_of(deals_of_opportunities(scope), at="opened_at").get("", Amounts())


def leads_with_amount(scope: Scope) -> int:
    """Leads at opportunity with an open deal that is worth a known amount."""
    return kept_at_these_rates("leads with an amount", scope, lambda: _leads_with_amount(scope))


def _leads_with_amount(scope: Scope) -> int:
    valued = with_worth(deals_of_opportunities(scope), at="opened_at").filter(worth__isnull=False)
    return int(valued.order_by().values("lead_id").distinct().count())
