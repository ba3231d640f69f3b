"""What sales said of one lead before, what marketing answered, and what the lead has done since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Count, Max

from leads.feedback.asking import OUT
from leads.feedback.reading import Feedback, answers_to, told_deal, told_move
from leads.models import Activity, Deal, Lead, Stage
from leads.models.fields import day_of

# The rest stands in the timeline.
MOST, MOST_NEW = 5, 6


@dataclass(frozen=True)
class NewSince:
    """What the lead did since: a type of activity, how often, and when last."""

    label: str
    count: int
    latest: datetime


@dataclass(frozen=True)
class Past:
    """Newest first. `held_until`: before that day only a raised hand brings it back; None once it is over."""

    items: Sequence[Feedback]
    new: Sequence[NewSince]
    held_until: date | None

    @property
    def last(self) -> Feedback:
        return self.items[0]


def past_of(lead: Lead, *, at: datetime) -> Past | None:
    """None where sales never said no. Four queries of the rows of one lead."""
    moves = lead.stage_changes.counted().filter(to_stage__in=OUT, reason__isnull=False)
    deals = lead.deals.filter(state=Deal.State.LOST, lost_reason__isnull=False)
    lost = [
        told_deal(deal) for deal in deals.select_related("lost_reason", "owner").order_by("-closed_at", "-pk")
    ]
    closings = {item.at for item in lost}
    said = [
        told_move(move)
        for move in moves.select_related("reason", "actor_user").order_by("-occurred_at", "-pk")
        if move.occurred_at not in closings
    ]
    items = sorted([*said, *lost], key=lambda item: (item.at, item.key), reverse=True)[:MOST]
    if not items:
        return None
    answers = answers_to([item.key for item in items])
    is_held = lead.stage == Stage.RECYCLED and lead.hold_until is not None and lead.hold_until > day_of(at)
    return Past(
        items=[replace(item, answers=answers.get(item.key, ())) for item in items],
        new=_new_since(lead, items[0].at),
        held_until=lead.hold_until if is_held else None,
    )


def _new_since(lead: Lead, at: datetime) -> list[NewSince]:
    done = Activity.objects.filter(lead=lead, day__gte=day_of(at), occurred_at__gt=at)
    counted = done.order_by().values("type__label").annotate(n=Count("pk"), latest=Max("occurred_at"))
    rows = [NewSince(row["type__label"], row["n"], row["latest"]) for row in counted]
    return sorted(rows, key=lambda row: row.latest, reverse=True)[:MOST_NEW]
