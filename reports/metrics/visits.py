"""Stage visits: one stay of a lead in a stage, derived from the stage changes in their order."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypedDict

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from leads.models import Stage, StageChange
from reports.scope import Scope


class Outcome(Enum):
    """How an MQL visit ended: what sales, or the rulebook, made of it."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    WAITING = "waiting"


if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class _HowItEnded(TypedDict):
        next_stage: str | None

    MqlVisits = QuerySet[WithAnnotations[StageChange, _HowItEnded]]

# By the stage that follows. None: nothing does.
OUTCOME_OF_NEXT: dict[str | None, Outcome] = {
    Stage.SQL: Outcome.ACCEPTED,
    Stage.OPPORTUNITY: Outcome.ACCEPTED,
    Stage.CUSTOMER: Outcome.ACCEPTED,
    Stage.RECYCLED: Outcome.REJECTED,
    Stage.DISQUALIFIED: Outcome.REJECTED,
    Stage.LEAD: Outcome.WITHDRAWN,
    None: Outcome.WAITING,
}


def begun_visits(scope: Scope) -> QuerySet[StageChange]:
    """The visits that begin in the period and not after `as_of`, each as the change that began it.

    A further change to the stage where the lead already is (two systems may report the same move)
    begins nothing.
    """
    in_period: QuerySet[StageChange] = (
        StageChange.objects.counted()
        .filter(day__gte=scope.period.start, day__lt=scope.period.end, day__lte=scope.as_of)
        .filter(scope.leads.condition("lead__"))
    )
    return in_period.filter(~Exists(_same_stage_before()))


def mql_visits(scope: Scope, *, outcome: Outcome | None = None) -> MqlVisits:
    """MQL visits that begin in the period, with `next_stage` as it stood on `as_of` (None: still waiting).

    With `outcome`, only those that ended so.
    """
    visits = begun_visits(scope).filter(to_stage=Stage.MQL).annotate(next_stage=_stage_after(scope))
    if outcome is None:
        return visits
    if outcome is Outcome.WAITING:
        return visits.filter(next_stage__isnull=True)
    return visits.filter(
        next_stage__in=[stage for stage, found in OUTCOME_OF_NEXT.items() if found is outcome]
    )


def _same_stage_before() -> QuerySet[StageChange]:
    """Earlier changes to the same stage with no other stage since: the visit began there.

    Few leads are in one stage twice, so this is an anti-join that finds next to nothing to look at;
    asking for the stage before each change was five times slower.
    """
    # From inside, OuterRef is the earlier change, and OuterRef of OuterRef the one that is asked about.
    asked = {name: OuterRef(OuterRef(name)) for name in ("occurred_at", "to_position", "lead")}
    since = StageChange.objects.counted().filter(
        Q(occurred_at__gt=OuterRef("occurred_at"))
        | Q(occurred_at=OuterRef("occurred_at"), to_position__gt=OuterRef("to_position")),
        Q(occurred_at__lt=asked["occurred_at"])
        | Q(occurred_at=asked["occurred_at"], to_position__lt=asked["to_position"]),
        lead=asked["lead"],
    )
    return (
        StageChange.objects.counted()
        .filter(
            Q(occurred_at__lt=OuterRef("occurred_at"))
            | Q(occurred_at=OuterRef("occurred_at"), pk__lt=OuterRef("pk")),
            lead=OuterRef("lead"),
            to_stage=OuterRef("to_stage"),
        )
        .filter(~Exists(since.exclude(to_stage=OuterRef("to_stage"))))
    )


def _stage_after(scope: Scope) -> Subquery:
    """The first other stage that follows an MQL visit by `as_of`."""
    later = Q(occurred_at__gt=OuterRef("occurred_at")) | Q(
        occurred_at=OuterRef("occurred_at"), to_position__gt=OuterRef("to_position")
    )
    return Subquery(
        StageChange.objects.counted()
        .filter(lead=OuterRef("lead"), occurred_at__gte=OuterRef("occurred_at"), day__lte=scope.as_of)
        # The same stage again is the same visit, so ties by id need no third branch.
        .filter(later)
        .exclude(to_stage=OuterRef("to_stage"))
        .in_order()
        .values("to_stage")[:1]
    )
