"""How much the open opportunities bring a day, and how fast MQLs grow in number. Definitions: docs/metrics.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from leads.models import Stage
from leads.models.fields import EARLIEST_DAY, day_number
from reports.cells import counts
from reports.deals import won_amounts
from reports.measures import ENTRIES, EXITS, MQL, NOTHING, OUTCOMES, month_number, still_there
from reports.models import Visit
from reports.money import Amounts, cents, kept_at_these_rates
from reports.period import DAY, Period
from reports.scope import Scope
from reports.slices import month_after, whole_months
from reports.store.kept import kept_for, until_next_fold

OPPORTUNITY, CUSTOMER = Stage.OPPORTUNITY.position, Stage.CUSTOMER.position
LOST = (Stage.RECYCLED.position, Stage.DISQUALIFIED.position)


@dataclass(frozen=True)
class SalesVelocity:
    """The four factors. `open_now`: leads at opportunity at the end of the as-of day.

    `won` and `lost`: opportunity visits that ended so in the period. `amounts`: of the deals won in it.
    `won_hours`: how long all of the visits that were won lasted together.
    """

    open_now: int
    won: int
    lost: int
    amounts: Amounts
    won_hours: int

    @property
    def win_rate(self) -> float | None:
        return self.won / (self.won + self.lost) if self.won + self.lost else None

    @property
    def cycle(self) -> float | None:
        """Mean length of the visits that were won, in hours."""
        return self.won_hours / self.won if self.won else None

    @property
    def a_day(self) -> Decimal | None:
        """open opportunities x win rate x mean deal amount / mean cycle; None where one of them is not known, or 0."""
        if self.win_rate is None or self.amounts.mean is None or not self.cycle:
            return None
        customers = Decimal(self.open_now * self.won) / (self.won + self.lost)
        return cents(customers * self.amounts.mean * 24 * self.won / self.won_hours)


@dataclass(frozen=True)
class MonthOfMqls:
    """Distinct leads that became MQLs in a calendar month, and in the one before."""

    month: Period
    entrants: int
    before: int

    @property
    def growth(self) -> float | None:
        """The lead velocity rate: (this month - last month) / last month."""
        return (self.entrants - self.before) / self.before if self.before else None


def sales_velocity(scope: Scope) -> SalesVelocity:
    return kept_at_these_rates("sales velocity", scope, lambda: _sales_velocity(scope))


def _sales_velocity(scope: Scope) -> SalesVelocity:
    ended = counts(EXITS, scope, positions=(OPPORTUNITY,))
    hours = opportunities_ended(scope, (CUSTOMER,)).aggregate(total=Sum("hours"))["total"]
    return SalesVelocity(
        open_now=standing_by_stage(scope)[Stage.OPPORTUNITY],
        won=sum(cell.count for cell in ended if cell.a == CUSTOMER),
        lost=sum(cell.count for cell in ended if cell.a in LOST),
        amounts=won_amounts(scope),
        won_hours=hours or 0,
    )


def standing_by_stage(scope: Scope) -> Mapping[Stage, int]:
    """How many leads stood in each stage at the end of the as-of day."""
    # Whatever the period, so that they are counted once for all periods.
    key = f"standing|{scope.as_of}|{sorted(scope.chosen.items())}"
    found = until_next_fold(key, lambda: _standing_by_position(scope))
    return {stage: found.get(stage.position, 0) for stage in Stage}


def _standing_by_position(scope: Scope) -> dict[int, int]:
    """Visits that nothing had followed yet."""
    found: Counter[int] = Counter()
    for row in counts(OUTCOMES, scope.during(Period(EARLIEST_DAY, scope.as_of + DAY))):
        found[row.position] += row.count if row.a == NOTHING else 0
    return found


def standing(scope: Scope) -> QuerySet[Visit]:
    """The visits that were running at the end of the as-of day, whenever they began."""
    return Visit.objects.filter(scope.condition(), still_there(scope.as_of), entered_day__lte=scope.as_of)


def leads_at(scope: Scope, stage: Stage) -> QuerySet[Any]:
    """Their ids."""
    return standing(scope).filter(position=stage.position).values("lead_id")


def opportunities_ended(scope: Scope, following: tuple[int, ...]) -> QuerySet[Visit]:
    """Opportunity visits that ended in the period, by the as-of day, with one of these stages (positions)."""
    period = scope.period
    return Visit.objects.filter(
        scope.condition(),
        position=OPPORTUNITY,
        next_position__in=following,
        left_day__gte=period.start,
        left_day__lt=period.end,
        left_day__lte=scope.as_of,
    )


def lead_velocity(scope: Scope) -> tuple[MonthOfMqls, ...]:
    """The whole months of the period that were over by the end of the as-of day, oldest first."""
    return kept_for("lead velocity", scope, lambda: _lead_velocity(scope))


def _lead_velocity(scope: Scope) -> tuple[MonthOfMqls, ...]:
    months = whole_months(scope.period, as_of=scope.as_of)
    if not months:
        return ()
    first = months[0].start
    during = scope.during(Period(month_after(first, -1), months[-1].end))
    entrants: Counter[int] = Counter()
    for cell in counts(ENTRIES, during, by_day=True, positions=(MQL,)):
        assert cell.day is not None
        # Whoever had become an MQL earlier in the same month was counted then.
        if cell.a < day_number(cell.day.replace(day=1)):
            entrants[month_number(cell.day)] += cell.count
    return tuple(
        MonthOfMqls(month, entrants[month_number(month.start)], entrants[month_number(month.start) - 1])
        for month in months
    )
