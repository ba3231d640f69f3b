"""What happened to a lead, in one line of time: what it did, what sales did, and how it moved."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import OuterRef, Q, Subquery
from django.db.models.query import QuerySet
from django.utils.dateparse import parse_datetime

from leads.errors import LeadError
from leads.models import Activity, ActivityType, Asset, Lead, OwnerChange, Stage, StageChange, Touch

TIMELINE_SIZE = 30
CURSOR = re.compile(r"(?P<at>[\dT:.+-]{19,35})~(?P<rank>[0-3])~(?P<position>\d{1,3})~(?P<pk>\d{1,18})")
# At one instant: what a lead did comes before what followed from it.
ACTIVITY, TOUCH, STAGE, OWNER = range(4)


class BadPlace(LeadError):
    """The address names a place in the timeline that cannot be one."""


@dataclass(frozen=True, order=True)
class Place:
    """Where an entry stands; entries are ordered by it, newest first."""

    at: datetime
    rank: int
    position: int
    pk: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.rank}~{self.position}~{self.pk}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """From an address; None where it names no place. Raises BadPlace."""
        if not text:
            return None
        match = CURSOR.fullmatch(text.replace(" ", "+"))
        try:
            at = parse_datetime(match["at"]) if match else None
        except ValueError:
            at = None
        if match is None or at is None or at.tzinfo is None:
            raise BadPlace(f"“{text}” is no place in this timeline; begin at its newest entry.")
        return cls(at, int(match["rank"]), int(match["position"]), int(match["pk"]))


@dataclass(frozen=True)
class Entry:
    place: Place
    icon: str
    tone: str
    title: str
    detail: str = ""
    note: str = ""
    who: str = ""
    stage: Stage | None = None
    is_undone: bool = False
    is_imported: bool = False

    @property
    def at(self) -> datetime:
        return self.place.at


@dataclass(frozen=True)
class Timeline:
    """Newest first. `older` is the place to go on from, None at the end."""

    entries: Sequence[Entry]
    older: str | None


def timeline_of(lead: Lead, *, before: Place | None = None) -> Timeline:
    """At most TIMELINE_SIZE entries older than `before`. Four queries, each reading one lead's rows by an index."""
    merged = heapq.merge(
        _stage_changes(lead, before),
        _touches(lead, before),
        _activities(lead, before),
        _owner_changes(lead, before),
        key=lambda entry: entry.place,
        reverse=True,
    )
    entries = list(islice(merged, TIMELINE_SIZE + 1))
    has_older = len(entries) > TIMELINE_SIZE
    entries = entries[:TIMELINE_SIZE]
    return Timeline(entries, older=str(entries[-1].place) if has_older else None)


def latest_activities(lead_ids: Sequence[int]) -> dict[int, Activity]:
    """The newest activity of each of a page of leads, with type and asset. Two queries."""
    newest = (
        Activity.objects.filter(lead=OuterRef("pk")).order_by("-day", "-occurred_at", "-pk").values("pk")[:1]
    )
    pks = Lead.objects.filter(pk__in=lead_ids).values_list(Subquery(newest), flat=True)
    found = Activity.objects.filter(pk__in=[pk for pk in pks if pk]).select_related("type", "asset")
    return {activity.lead_id: activity for activity in found}


class LastActivity(NamedTuple):
    """Of a list's many, as they are shown: model instances of activity, type and asset took three times as long."""

    occurred_at: datetime
    label: str
    asset: str | None


# As a queryset it took longer to compile than to run, on every page of the queue.
_LAST_ACTIVITIES = f"""
SELECT newest.id, newest.lead_id, newest.occurred_at, type.label AS label, asset.name AS asset_name
FROM (
    SELECT id, lead_id, type_id, asset_id, occurred_at,
        row_number() OVER (PARTITION BY lead_id ORDER BY day DESC, occurred_at DESC, id DESC) AS number
    FROM {Activity._meta.db_table} WHERE lead_id IN ({{leads}})
) newest
JOIN {ActivityType._meta.db_table} type ON type.id = newest.type_id
LEFT JOIN {Asset._meta.db_table} asset ON asset.id = newest.asset_id
WHERE newest.number <= %s ORDER BY newest.number
"""


def last_activities(lead_ids: Sequence[int], *, count: int) -> dict[int, list[LastActivity]]:
    """The newest few activities of each of a page of leads, newest first. One query."""
    found: dict[int, list[LastActivity]] = {}
    if lead_ids:
        statement = _LAST_ACTIVITIES.format(leads=", ".join(str(int(pk)) for pk in lead_ids))
        rows: Iterable[Any] = Activity.objects.raw(statement, [count])
        for row in rows:
            found.setdefault(row.lead_id, []).append(LastActivity(row.occurred_at, row.label, row.asset_name))
    return found


def _older(
    rows: QuerySet[Any], field: str, rank: int, before: Place | None, *, by_position: str = ""
) -> list[Any]:
    """The newest rows of one kind that stand before a place."""
    order = [f"-{field}", *([f"-{by_position}"] if by_position else []), "-pk"]
    if before is not None:
        rows = rows.filter(**{f"{field}__lte": before.at})
        if rank > before.rank:
            rows = rows.exclude(**{field: before.at})
        elif rank == before.rank:
            not_yet = Q(pk__gte=before.pk)
            if by_position:
                same = Q(**{by_position: before.position})
                not_yet = Q(**{f"{by_position}__gt": before.position}) | (same & not_yet)
            rows = rows.exclude(Q(**{field: before.at}) & not_yet)
    return list(rows.order_by(*order)[: TIMELINE_SIZE + 1])


def _activities(lead: Lead, before: Place | None) -> Iterator[Entry]:
    rows = Activity.objects.filter(lead=lead).select_related("type", "asset", "campaign")
    for activity in _older(rows, "occurred_at", ACTIVITY, before):
        category = activity.type.category
        yield Entry(
            place=Place(activity.occurred_at, ACTIVITY, 0, activity.pk),
            icon="flame" if category == ActivityType.Category.INTENT else "activity",
            tone={"intent": "good", "negative": "bad"}.get(category, ""),
            title=activity.type.label,
            detail=activity.asset.name if activity.asset else "",
            note=f"Campaign {activity.campaign}" if activity.campaign else "",
        )


def _touches(lead: Lead, before: Place | None) -> Iterator[Entry]:
    icons = {
        Touch.Kind.CALL: "phone",
        Touch.Kind.EMAIL: "mail",
        Touch.Kind.MEETING: "calendar",
        Touch.Kind.NOTE: "note",
    }
    rows = Touch.objects.filter(lead=lead).select_related("by")
    for touch in _older(rows, "at", TOUCH, before):
        yield Entry(
            place=Place(touch.at, TOUCH, 0, touch.pk),
            icon=icons[Touch.Kind(touch.kind)],
            tone="info",
            title=touch.get_kind_display(),
            note=touch.note,
            who=str(touch.by or ""),
        )


def _stage_changes(lead: Lead, before: Place | None) -> Iterator[Entry]:
    rows = StageChange.objects.filter(lead=lead).select_related("actor_user", "reason")
    for change in _older(rows, "occurred_at", STAGE, before, by_position="to_position"):
        yield Entry(
            place=Place(change.occurred_at, STAGE, change.to_position, change.pk),
            icon="target-arrow",
            tone="",
            title="Came in" if not change.from_stage else f"From {Stage(change.from_stage).label} to",
            stage=Stage(change.to_stage),
            detail=str(change.reason or ""),
            note=change.note,
            who=_mover(change),
            is_undone=change.undone,
            is_imported=change.imported,
        )


def _owner_changes(lead: Lead, before: Place | None) -> Iterator[Entry]:
    rows = OwnerChange.objects.filter(lead=lead).select_related("from_user", "to_user", "by")
    for change in _older(rows, "at", OWNER, before):
        was = f", until then with {change.from_user}" if change.from_user else ""
        yield Entry(
            place=Place(change.at, OWNER, 0, change.pk),
            icon="user-check",
            tone="info",
            title=f"Given to {change.to_user}" if change.to_user else "Given to nobody",
            detail=f"{change.why}{was}" if change.why else was.removeprefix(", "),
            who=str(change.by),
        )


def _mover(change: StageChange) -> str:
    if change.actor_user or change.actor:
        return str(change.actor_user or change.actor)
    return f"scoring run {change.run}" if change.run else ""
