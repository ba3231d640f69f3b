"""The funnel: how many leads come how far, and what part of the MQLs sales accepts.

Definitions: docs/metrics.md. A *cohort* funnel follows the leads created in a period; a *period*
funnel counts who entered each stage in it, whenever they were created.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from leads import distinct
from leads.models import Lead, Stage, StageChange
from leads.models.stage import SUCCESS_PATH
from reports.metrics.tally import tally
from reports.metrics.visits import OUTCOME_OF_NEXT, Outcome, begun_visits, mql_visits
from reports.scope import Scope

if TYPE_CHECKING:
    from reports.metrics.visits import MqlVisits


class Mode(Enum):
    COHORT = "cohort"
    PERIOD = "period"


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
class SourceLine:
    """One source: `source` as it is spelt, "" where it is not recorded."""

    source: str
    funnel: Funnel
    rate: MqlRate


@dataclass(frozen=True)
class FunnelReport:
    scope: Scope
    mode: Mode
    funnel: Funnel
    rate: MqlRate
    by_source: tuple[SourceLine, ...]


# --- What the page, the command and the test all call --------------------------------------------


def funnel_report(scope: Scope, *, mode: Mode) -> FunnelReport:
    """The funnel of the mode and the MQL to SQL rate of the period, overall and by source."""
    funnels = (cohort_by_source if mode is Mode.COHORT else entrants_by_source)(scope)
    rates = mql_to_sql_by_source(scope)
    spelling = {source.value: source.label for source in distinct.sources()}
    lines = [
        SourceLine(
            spelling.get(source, source), funnels.get(source, Funnel.of({})), rates.get(source, MqlRate())
        )
        for source in funnels.keys() | rates.keys()
    ]
    return FunnelReport(
        scope=scope,
        mode=mode,
        funnel=_all_together(funnels.values()),
        rate=_all_rates_together(rates.values()),
        by_source=tuple(sorted(lines, key=_largest_first)),
    )


def cohort_funnel(scope: Scope) -> Funnel:
    """Of the leads created in the period, how many ever reached at least each stage by `as_of`."""
    return _all_together(cohort_by_source(scope).values())


def period_funnel(scope: Scope) -> Funnel:
    """How many distinct leads entered each stage in the period, as recorded."""
    return _all_together(entrants_by_source(scope).values())


def mql_to_sql(scope: Scope) -> MqlRate:
    """What had become by `as_of` of the MQL visits that began in the period."""
    return _all_rates_together(mql_to_sql_by_source(scope).values())


# --- The numbers: one statement each, by the folded source ----------------------------------------


def cohort_by_source(scope: Scope) -> dict[str, Funnel]:
    reached = (
        _cohort(scope)
        .values(lead_id=F("pk"))
        .annotate(furthest=Max("stage_changes__to_position", filter=_reached_by(scope, "stage_changes__")))
    )
    counts: dict[str, Counter[Stage]] = defaultdict(Counter)
    for source, furthest, leads in tally(reached, by="furthest", of_lead="source_folded"):
        # Whoever reached a stage counts for those before it too, skipped or not; and nobody of the
        # cohort is less than a lead.
        for stage in SUCCESS_PATH[: (furthest or 0) + 1]:
            counts[source][stage] += leads
    return {source: Funnel.of(stages) for source, stages in counts.items()}


def entrants_by_source(scope: Scope) -> dict[str, Funnel]:
    entrants = (
        begun_visits(scope)
        .filter(to_position__lt=len(SUCCESS_PATH))
        .values("lead_id", "to_position")
        .distinct()
    )
    counts: dict[str, dict[Stage, int]] = defaultdict(dict)
    for source, stage, leads in tally(entrants, by="to_position", of_lead="source_folded"):
        counts[source][SUCCESS_PATH[stage]] = leads
    return {source: Funnel.of(stages) for source, stages in counts.items()}


def mql_to_sql_by_source(scope: Scope) -> dict[str, MqlRate]:
    visits = mql_visits(scope).values("lead_id", "next_stage")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for source, next_stage, found in tally(visits, by="next_stage", of_lead="source_folded"):
        counts[source][OUTCOME_OF_NEXT[next_stage].value] += found
    return {source: MqlRate(**outcomes) for source, outcomes in counts.items()}


# --- The leads behind a number --------------------------------------------------------------------


def leads_at(scope: Scope, *, mode: Mode, stage: Stage) -> QuerySet[Lead]:
    """Exactly the leads that a step of the funnel counts."""
    if mode is Mode.COHORT:
        return _leads_that_reached(scope, stage)
    entries = begun_visits(scope).filter(to_stage=stage)
    return Lead.objects.filter(pk__in=entries.values("lead_id"))


def visits_with(scope: Scope, *, outcome: Outcome | None = None) -> MqlVisits:
    """Exactly the MQL visits that the MQL to SQL rate counts, all or with one outcome."""
    return mql_visits(scope, outcome=outcome)


def _cohort(scope: Scope) -> QuerySet[Lead]:
    # By the instant rather than by created_day: created_at has the index that lists are ordered by.
    until = min(scope.period.ends_at, scope.known_until)
    created = Lead.objects.filter(created_at__gte=scope.period.starts_at, created_at__lt=until)
    return created.filter(scope.leads.condition())


def _leads_that_reached(scope: Scope, stage: Stage) -> QuerySet[Lead]:
    if stage is SUCCESS_PATH[0]:
        return _cohort(scope)
    reached = StageChange.objects.filter(
        _reached_by(scope), lead=OuterRef("pk"), to_position__gte=stage.position
    )
    return _cohort(scope).filter(Exists(reached))


def _reached_by(scope: Scope, path: str = "") -> Q:
    """Moves along the success path that had happened by `as_of` and were not undone."""
    return Q(
        **{
            f"{path}undone": False,
            f"{path}day__lte": scope.as_of,
            f"{path}to_position__lte": SUCCESS_PATH[-1].position,
        }
    )


# --- Sums -------------------------------------------------------------------------------------------


def _all_together(funnels: Iterable[Funnel]) -> Funnel:
    """A lead has one source, so the funnels of all sources add up without counting anybody twice."""
    counts: Counter[Stage] = Counter()
    for funnel in funnels:
        counts.update({step.stage: step.leads for step in funnel.steps})
    return Funnel.of(counts)


def _all_rates_together(rates: Iterable[MqlRate]) -> MqlRate:
    found = list(rates)
    return MqlRate(
        accepted=sum(rate.accepted for rate in found),
        rejected=sum(rate.rejected for rate in found),
        withdrawn=sum(rate.withdrawn for rate in found),
        waiting=sum(rate.waiting for rate in found),
    )


def _largest_first(line: SourceLine) -> tuple[bool, int, int, str]:
    """By leads, then by MQL visits, then by name; "not recorded" stands last, as it is no source."""
    return (line.source == "", -line.funnel.steps[0].leads, -line.rate.visits, line.source)
