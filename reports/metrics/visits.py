"""Stage visits: one stay of a lead in a stage, derived from the stage changes in their order."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypedDict

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

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
    # "" before the first change: NULL would be neither the same stage nor another one.
    stage_before = Coalesce(_stage_before(), Value(""))
    return in_period.annotate(stage_before=stage_before).exclude(stage_before=F("to_stage"))


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


def _stage_before() -> Subquery:
    """The stage of the same lead's change just before, in the order (occurred_at, to_position, id)."""
    earlier = Q(occurred_at__lt=OuterRef("occurred_at")) | Q(
        occurred_at=OuterRef("occurred_at"), to_position__lt=OuterRef("to_position")
    )
    same_moment = Q(
        occurred_at=OuterRef("occurred_at"), to_position=OuterRef("to_position"), pk__lt=OuterRef("pk")
    )
    return Subquery(
        StageChange.objects.counted()
        # The bound on occurred_at alone follows from the rest; it is what the index can use.
        .filter(lead=OuterRef("lead"), occurred_at__lte=OuterRef("occurred_at"))
        .filter(earlier | same_moment)
        .order_by("-occurred_at", "-to_position", "-pk")
        .values("to_stage")[:1]
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
