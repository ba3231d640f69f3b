"""What a manager checks each morning: overdue decisions, acceptance without action, and what nobody has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from leads.desk.load import Load, late_first_touches, load_of
from leads.desk.scope import Scope
from leads.models import Handoff
from leads.querysets import HandoffQuerySet

# More than anybody works through in a sitting; each list says how many there are beyond.
MOST_ROWS = 50
# What is within its time needs no manager: these are the next ones.
MOST_UNASSIGNED = 15


@dataclass(frozen=True)
class Listed:
    rows: Sequence[Handoff]
    total: int

    @property
    def beyond(self) -> int:
        return self.total - len(self.rows)


@dataclass(frozen=True)
class Desk:
    scope: Scope
    load: Load
    overdue: Listed
    late_touches: Listed
    unassigned: Listed


def desk_of(scope: Scope, *, at: datetime) -> Desk:
    """The whole desk. Nine queries, whatever waits."""
    load = load_of(scope, at=at)
    waiting = scope.handoffs(Handoff.objects.waiting())
    overdue = waiting.filter(decide_due_at__lte=at)
    # Those that are overdue stand in the list above it already.
    unassigned = waiting.filter(assignee__isnull=True).exclude(decide_due_at__lte=at)
    shared_overdue = sum(team.shared.overdue for team in load.teams)
    return Desk(
        scope=scope,
        load=load,
        overdue=Listed(_rows(overdue, "decide_due_at"), load.overdue),
        late_touches=Listed(_rows(late_first_touches(scope, at=at), "first_touch_due_at"), load.late_touches),
        unassigned=Listed(
            _rows(unassigned, "decide_due_at", MOST_UNASSIGNED), load.unassigned - shared_overdue
        ),
    )


def _rows(handoffs: HandoffQuerySet, due: str, most: int = MOST_ROWS) -> list[Handoff]:
    """The longest overdue, or soonest due, first."""
    ordered = handoffs.order_by(F(due).asc(nulls_last=True), F("total").desc(nulls_last=True), "pk")
    return list(ordered.select_related("lead__owner", "team", "assignee", "claimed_by")[:most])
