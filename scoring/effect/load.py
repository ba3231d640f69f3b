"""What sales would get: leads that are free to be offered at once, and how many newly qualify a day.

The one place that says what these mean (LOAD_WORDS stands on the page):

- *at once*: qualified, in Lead or Recycled, without a waiting handoff, and not held, as promotion selects them;
- *a day*: leads that qualify today and did not 28 days ago, by the same rulebook, and that were in Lead or Recycled
  then or came in since; spread over the 20 working days between. Facts are today's; who qualified and fell back within
  these days is not seen. The backtest has the history day by day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Subquery, Sum

from leads.models import Handoff, Lead, Organisation, Stage, StageChange, Team
from scoring.engine.compiler import CompiledRulebook
from scoring.engine.levels import LeadSet
from scoring.engine.outcomes import Outcome, outcomes
from scoring.promotion import is_released

FLOW_DAYS, FLOW_WORKING_DAYS, WORKING_WEEK = 28, 20, 5
LOAD_WORDS = (
    "At publication: leads that qualify, are in Lead or Recycled, wait for no decision and are not on hold. "
    f"A working day: leads that qualify today and did not {FLOW_DAYS} days ago by the same rulebook, and that were in "
    f"Lead or Recycled then or came in since, over {FLOW_WORKING_DAYS} working days. Facts are today’s, and whoever "
    "qualified and fell back in between is not seen: the backtest has the history."
)
OFFERABLE = (Stage.LEAD, Stage.RECYCLED)


@dataclass(frozen=True)
class Capacity:
    """What sales can take. `weekly`: None while there is no active team; `limit`: most handoffs of one run."""

    weekly: int | None
    limit: int | None

    @property
    def a_day(self) -> float | None:
        return None if self.weekly is None else self.weekly / WORKING_WEEK


def capacity() -> Capacity:
    weekly = Team.objects.filter(is_active=True).aggregate(total=Sum("weekly_capacity"))["total"]
    return Capacity(weekly, Organisation.current().effective_promotion_limit())


class Standing(NamedTuple):
    """Where a lead stands."""

    stage: str
    created_day: date
    hold_until: date | None
    is_held: bool  # its evidence counts from an instant on
    is_waiting: bool


def standings(lead_ids: Collection[int]) -> dict[int, Standing]:
    """One query."""
    waiting = Handoff.objects.waiting().filter(lead=OuterRef("pk"))
    rows = Lead.objects.filter(pk__in=lead_ids).annotate(is_waiting=Exists(waiting))
    columns = ("pk", "stage", "created_day", "hold_until", "evidence_after", "is_waiting")
    return {
        pk: Standing(stage, created, until, since is not None, waits)
        for pk, stage, created, until, since, waits in rows.values_list(*columns)
    }


def free_leads(
    compiled: CompiledRulebook, qualified: Mapping[int, Outcome], standing: Mapping[int, Standing]
) -> int:
    """How many of the qualified would be offered to sales, were there no limit."""
    free, held = 0, []
    for pk in qualified:
        where = standing[pk]
        if where.stage not in OFFERABLE or where.is_waiting:
            continue
        if where.is_held:
            held.append(pk)
        else:
            free += where.hold_until is None or where.hold_until <= compiled.day
    if held:
        since = compiled.reentry(held)
        free += sum(
            is_released(compiled, qualified[pk], since[pk], hold_until=standing[pk].hold_until) for pk in held
        )
    return free


def fresh_leads(then: CompiledRulebook, qualified: Collection[int], standing: Mapping[int, Standing]) -> int:
    """How many of the qualified did not qualify on the day of `then`, and could have been offered since."""
    known = [pk for pk in qualified if standing[pk].created_day <= then.day]
    fresh = len(qualified) - len(known)
    if known:
        found = outcomes(then, LeadSet(known)).leads
        fresh += _offerable_on([pk for pk in known if pk in found and not found[pk].qualified], then.day)
    return fresh


def _offerable_on(lead_ids: Collection[int], day: date) -> int:
    """How many of the leads were in a stage at the end of the day from which they could have been offered."""
    history = StageChange.objects.counted().filter(lead=OuterRef("pk"), day__lte=day)
    latest = history.order_by("-occurred_at", "-to_position", "-pk").values("to_stage")[:1]
    leads = Lead.objects.filter(pk__in=lead_ids).annotate(stage_then=Subquery(latest))
    return leads.filter(stage_then__in=OFFERABLE).count() if lead_ids else 0


def flow_start(day: date) -> date:
    return day - timedelta(days=FLOW_DAYS)
