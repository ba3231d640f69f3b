"""The funnel: how many leads come how far, and what part of the MQLs sales accepts.

Definitions: docs/metrics.md. A *cohort* funnel follows the leads created in a period; a *period*
funnel counts who entered each stage in it, whenever they were created; a *windowed* rate gives every MQL visit
the same time to be accepted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import partial

from leads.models import Stage
from leads.models.fields import day_number
from leads.models.stage import SUCCESS_PATH
from reports.cells import Counts, counts, counts_by_each
from reports.measures import ACCEPTED, ACCEPTING, ENTRIES, MQL, NOTHING, OUTCOMES, REACH, REJECTING
from reports.period import DAY, Period
from reports.scope import Scope
from reports.store.kept import kept_for

PATH = tuple(stage.position for stage in SUCCESS_PATH)


class Mode(Enum):
    COHORT = "cohort"
    PERIOD = "period"
    WINDOWED = "windowed"


class Outcome(Enum):
    """How an MQL visit ended: what sales, or the rulebook, made of it."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    WAITING = "waiting"

    @classmethod
    def of_next(cls, position: int) -> Outcome:
        """By the stage that followed."""
        if position in ACCEPTING:
            return cls.ACCEPTED
        if position in REJECTING:
            return cls.REJECTED
        return cls.WAITING if position == NOTHING else cls.WITHDRAWN


def ratio(part: int, whole: int) -> float | None:
    """part / whole; None ("no data", shown "–") where there is nothing to divide by, never 0 %."""
    return part / whole if whole else None


@dataclass(frozen=True)
class FunnelStep:
    stage: Stage
    leads: int
    of_previous: int | None  # None for the first step
    of_first: int

    @property
    def conversion(self) -> float | None:
        """Share of the previous step; in a period funnel a mere ratio, which may exceed 1."""
        return None if self.of_previous is None else ratio(self.leads, self.of_previous)

    @property
    def overall(self) -> float | None:
        """Share of the first step."""
        return ratio(self.leads, self.of_first)


@dataclass(frozen=True)
class Funnel:
    """Leads at each stage of the success path, in its order."""

    steps: tuple[FunnelStep, ...]

    @classmethod
    def of(cls, leads: Mapping[Stage, int]) -> Funnel:
        first = leads.get(SUCCESS_PATH[0], 0)
        steps = []
        previous: int | None = None
        for stage in SUCCESS_PATH:
            steps.append(FunnelStep(stage, leads.get(stage, 0), previous, first))
            previous = leads.get(stage, 0)
        return cls(tuple(steps))

    def __getitem__(self, stage: Stage) -> FunnelStep:
        return self.steps[stage.position]

    @property
    def is_empty(self) -> bool:
        return not any(step.leads for step in self.steps)

    @property
    def overall(self) -> float | None:
        """Customers of leads."""
        return self.steps[-1].overall


@dataclass(frozen=True)
class MqlRate:
    """What became of the MQL visits that began in a period. A lead that came back counts again."""

    accepted: int = 0
    rejected: int = 0
    withdrawn: int = 0
    waiting: int = 0

    @property
    def visits(self) -> int:
        return self.accepted + self.rejected + self.withdrawn + self.waiting

    @property
    def decided(self) -> int:
        return self.accepted + self.rejected

    @property
    def of_visits(self) -> float | None:
        """The MQL to SQL rate: accepted of all, waiting and withdrawn ones included."""
        return ratio(self.accepted, self.visits)

    @property
    def of_decided(self) -> float | None:
        return ratio(self.accepted, self.decided)


@dataclass(frozen=True)
class WindowedRate:
    """Of the MQL visits that began at least so many days before the as-of day: accepted within as many."""

    accepted: int = 0
    visits: int = 0

    @property
    def share(self) -> float | None:
        return ratio(self.accepted, self.visits)


# --- In all ---------------------------------------------------------------------------------------------------


def cohort_funnel(scope: Scope) -> Funnel:
    """Of the leads created in the period, how many ever reached at least each stage by `as_of`."""
    return all_together(cohort_by(scope, by=None).values())


def leads_created(scope: Scope) -> int:
    """In the period, and by the as-of day."""
    rows = partial(counts, REACH, scope, positions=(Stage.LEAD.position,), apart=False)
    return kept_for("leads created", scope, lambda: sum(row.count for row in rows()))


def period_funnel(scope: Scope) -> Funnel:
    """How many distinct leads entered each stage in the period, as recorded."""
    return all_together(entrants_by(scope, by=None).values())


def mql_to_sql(scope: Scope) -> MqlRate:
    """What had become by `as_of` of the MQL visits that began in the period."""
    return all_rates_together(outcomes_by(scope, by=None).values())


def windowed_rate(scope: Scope, *, within: int) -> WindowedRate:
    """The MQL to SQL rate of visits that all had `within` days to be accepted."""
    return windowed_by(scope, by=None, within=within).get("", WindowedRate())


# --- By a dimension (None: everything, under "") ----------------------------------------------------------------


def cohort_by(scope: Scope, *, by: str | None) -> dict[str, Funnel]:
    return kept_for(f"cohort by {by}", scope, lambda: _cohort_by(scope, by))


def _cohort_by(scope: Scope, by: str | None) -> dict[str, Funnel]:
    found: dict[str, Counter[Stage]] = defaultdict(Counter)
    for row in counts(REACH, scope, by=by):
        found[row.value][SUCCESS_PATH[row.position]] += row.count
    return {value: Funnel.of(leads) for value, leads in found.items()}


def entrants_by(scope: Scope, *, by: str | None) -> dict[str, Funnel]:
    return kept_for(
        f"entrants by {by}",
        scope,
        lambda: _entrants(counts(ENTRIES, scope, by=by, positions=PATH), scope.period),
    )


def entrants_by_each(scope: Scope, *, keys: Sequence[str]) -> dict[str, dict[str, Funnel]]:
    """By the key of each dimension."""
    found = counts_by_each(ENTRIES, scope, keys, positions=PATH)
    return {key: _entrants(rows, scope.period) for key, rows in found.items()}


def _entrants(rows: Iterable[Counts], period: Period) -> dict[str, Funnel]:
    first = day_number(period.start)
    found: dict[str, Counter[Stage]] = defaultdict(Counter)
    for row in rows:
        # Whoever entered the stage before, and in the period, is counted by that visit.
        if row.a < first:
            found[row.value][SUCCESS_PATH[row.position]] += row.count
    return {value: Funnel.of(leads) for value, leads in found.items()}


def outcomes_by(scope: Scope, *, by: str | None) -> dict[str, MqlRate]:
    return kept_for(
        f"outcomes by {by}", scope, lambda: _outcomes(counts(OUTCOMES, scope, by=by, positions=(MQL,)))
    )


def outcomes_by_each(scope: Scope, *, keys: Sequence[str]) -> dict[str, dict[str, MqlRate]]:
    """By the key of each dimension."""
    found = counts_by_each(OUTCOMES, scope, keys, positions=(MQL,))
    return {key: _outcomes(rows) for key, rows in found.items()}


def _outcomes(rows: Iterable[Counts]) -> dict[str, MqlRate]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[row.value][Outcome.of_next(row.a).value] += row.count
    return {value: MqlRate(**outcomes) for value, outcomes in found.items()}


def windowed_by(scope: Scope, *, by: str | None, within: int) -> dict[str, WindowedRate]:
    return kept_for(
        f"accepted within {within} by {by}", scope, lambda: _windowed_by(scope, by=by, within=within)
    )


def _windowed_by(scope: Scope, *, by: str | None, within: int) -> dict[str, WindowedRate]:
    ripe = ripe_part(scope, within=within)
    if ripe is None:
        return {}
    visits: Counter[str] = Counter()
    for row in counts(OUTCOMES, ripe, by=by, positions=(MQL,)):
        visits[row.value] += row.count
    accepted: Counter[str] = Counter()
    for row in counts(ACCEPTED, ripe, by=by):
        accepted[row.value] += row.count if row.a <= within else 0
    return {value: WindowedRate(accepted[value], number) for value, number in visits.items()}


def ripe_part(scope: Scope, *, within: int) -> Scope | None:
    """The days of the period that lie at least `within` days before `as_of`; None where there are none."""
    end = min(scope.period.end, scope.as_of - timedelta(days=within) + DAY)
    return scope.during(Period(scope.period.start, end)) if end > scope.period.start else None


# --- Sums -------------------------------------------------------------------------------------------------------


def all_together(funnels: Iterable[Funnel]) -> Funnel:
    """A lead has one value of a dimension, so their funnels add up without counting anybody twice."""
    leads: Counter[Stage] = Counter()
    for funnel in funnels:
        leads.update({step.stage: step.leads for step in funnel.steps})
    return Funnel.of(leads)


def all_rates_together(rates: Iterable[MqlRate]) -> MqlRate:
    found = list(rates)
    return MqlRate(
        accepted=sum(rate.accepted for rate in found),
        rejected=sum(rate.rejected for rate in found),
        withdrawn=sum(rate.withdrawn for rate in found),
        waiting=sum(rate.waiting for rate in found),
    )
