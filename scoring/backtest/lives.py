"""What really happened to leads, in whole days, as history tells it: stays, holds, and handoffs.

Days are numbers (leads.models.fields.day_number), in TIME_ZONE.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from leads.handoff.decisions import WITHDRAWAL_HOLD_DAYS
from leads.handoff.imported import OTHER_REASON
from leads.models import Handoff, HandoffDecision, Lead, Reason, Stage, StageChange
from leads.models.fields import day_from_number, day_number, day_of

FOREVER = 9_999_999
# Ids in one query: SQLite takes no more than some ten thousand.
_IDS = 5_000


@dataclass(frozen=True)
class Hold:
    """From `day` on the lead is held: until that day (None: for no time), and until it has shown new evidence."""

    day: int
    since: datetime
    until: int | None

    def is_over(self, day: int) -> bool:
        """By time, that is."""
        return self.until is None or day >= self.until

    @property
    def until_day(self) -> date | None:
        return None if self.until is None else day_from_number(self.until)


@dataclass(frozen=True)
class RealHandoff:
    """A handoff that was made. `window`: the days on which a rulebook that qualifies the lead makes it, too."""

    pk: int
    offered: int
    window: tuple[int, int]


@dataclass(frozen=True)
class Life:
    """`stays`: first and last day of each stay in `lead` or `recycled`; all in the order of time."""

    created: int
    stays: Sequence[tuple[int, int]]
    holds: Sequence[Hold]
    handoffs: Sequence[RealHandoff]

    def is_free(self, day: int) -> bool:
        """Whether it exists and stood, at some moment of the day, where promotion takes leads from."""
        return day >= self.created and any(first <= day <= last for first, last in self.stays)

    def hold_on(self, day: int) -> Hold | None:
        """The hold in force at the end of the day."""
        begun = [hold for hold in self.holds if hold.day <= day]
        return begun[-1] if begun else None

    def is_compared(self, day: int) -> bool:
        """Whether the day belongs to a handoff that was really made."""
        return any(first <= day <= last for first, last in (each.window for each in self.handoffs))

    def came_free(self, after: int, by: int) -> bool:
        """Whether reality took it up again, or gave it back, after one day and by another."""
        starts = [first for first, _ in self.stays] + [each.window[0] for each in self.handoffs]
        return any(after < start <= by for start in starts)


def load_lives(lead_ids: Sequence[int], *, within: int, last_day: int) -> dict[int, Life]:
    """`within`: W in days; `last_day`: how far the windows of undecided handoffs reach. A handful of queries."""
    found: dict[int, Life] = {}
    for start in range(0, len(lead_ids), _IDS):
        found.update(_lives(lead_ids[start : start + _IDS], within, last_day))
    return found


def _lives(lead_ids: Sequence[int], within: int, last_day: int) -> dict[int, Life]:
    leads = Lead.objects.filter(pk__in=lead_ids).order_by("pk")
    rows = leads.values_list("pk", "created_day", "hold_until", "evidence_after")
    created = {pk: day_number(cast("date", day)) for pk, day, _, _ in rows}
    recorded = _Recorded(lead_ids)
    for pk, _, until, since in rows:
        recorded.note(pk, since, until)
    changes = _changes(lead_ids)
    handoffs = _handoffs(lead_ids, within, last_day)
    return {
        pk: Life(day, _stays(changes[pk]), _holds(pk, changes[pk], recorded), handoffs.get(pk, ()))
        for pk, day in created.items()
    }


def _changes(lead_ids: Sequence[int]) -> Mapping[int, Sequence[StageChange]]:
    found: dict[int, list[StageChange]] = defaultdict(list)
    for change in StageChange.objects.filter(lead__in=lead_ids).counted().in_order():
        found[change.lead_id].append(change)
    return found


def _stays(changes: Sequence[StageChange]) -> Sequence[tuple[int, int]]:
    days = [day_number(cast("date", change.day)) for change in changes]
    ends = [*days[1:], FOREVER]
    return tuple(
        (first, last)
        for change, first, last in zip(changes, days, ends, strict=True)
        if change.to_stage in (Stage.LEAD, Stage.RECYCLED)
    )


def _handoffs(lead_ids: Sequence[int], within: int, last_day: int) -> dict[int, list[RealHandoff]]:
    rows = Handoff.objects.filter(lead__in=lead_ids).order_by("offered_at", "pk")
    found: dict[int, list[RealHandoff]] = defaultdict(list)
    for pk, lead_id, offered_day, decided_at in rows.values_list("pk", "lead", "offered_day", "decided_at"):
        offered = day_number(cast("date", offered_day))
        ended = last_day if decided_at is None else min(day_number(day_of(decided_at)), last_day)
        first = offered - within
        if found[lead_id]:  # what led to the handoff before is not evidence for this one
            first = max(first, found[lead_id][-1].window[1])
        found[lead_id].append(RealHandoff(pk, offered, (min(first, offered), max(ended, offered))))
    return found


# Holds ---------------------------------------------------------------------------------------------------------------


class _Recorded:
    """What was written down of holds: their ends as they were set, and when exactly a decision was made."""

    def __init__(self, lead_ids: Sequence[int]) -> None:
        self.until: dict[tuple[int, datetime], int | None] = {}
        self.decided_at: dict[int, datetime] = {}
        rows = HandoffDecision.objects.filter(handoff__lead__in=lead_ids).values_list(
            "handoff__lead", "at", "stage_change", "previous_evidence_after", "previous_hold_until"
        )
        for lead_id, at, change, since, until in rows:
            self.note(lead_id, since, until)
            if change is not None:
                self.decided_at[change] = at
        reasons = Reason.objects.values_list("pk", "key", "cooldown_days")
        self.cooldowns = {pk: days or 0 for pk, _, days in reasons}
        self.fallback = next((days or 0 for _, key, days in reasons if key == OTHER_REASON), 0)

    def note(self, lead_id: int, since: datetime | None, until: date | None) -> None:
        if since is not None:
            self.until[lead_id, since] = None if until is None else day_number(until)

    def hold_of(self, change: StageChange, before: str) -> Hold | None:
        """The hold that a move set, if it set one."""
        since = self.decided_at.get(change.pk, change.occurred_at)
        day = day_number(cast("date", change.day))
        if change.to_stage == Stage.RECYCLED:
            fallback = self.fallback if change.imported else 0
            cooldown = self.cooldowns.get(change.reason_id or 0, fallback)
            until: int | None = day + cooldown
        elif change.to_stage != Stage.LEAD or change.imported or change.run is not None:
            return None
        elif before == Stage.MQL and change.actor_user_id is not None:  # taken back by a marketer
            until = day + WITHDRAWAL_HOLD_DAYS
        elif before == Stage.DISQUALIFIED:  # reopened: only new evidence counts
            until = None
        else:
            return None
        return Hold(day, since, self.until.get((change.lead_id, since), until))


def _holds(pk: int, changes: Sequence[StageChange], recorded: _Recorded) -> Sequence[Hold]:
    stages = ["", *(change.to_stage for change in changes)]
    found = (recorded.hold_of(change, before) for change, before in zip(changes, stages, strict=False))
    return tuple(hold for hold in found if hold is not None)
