"""The handoff queue as sales reads it: by SLA band, then score, then age, as it stood at one instant.

A page is found by one statement that takes the few best of each band by themselves and merges them: however many wait,
each part of it is the beginning of an index (leads_handoff_queue_*).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from leads.handoff.bands import Band
from leads.handoff.place import Cursor, Share
from leads.models import Handoff, User
from leads.querysets import HandoffQuerySet

_ORDER = {False: "queue_score DESC, offered_at, id", True: "queue_score, offered_at DESC, id DESC"}


@dataclass(frozen=True)
class Selection:
    """What a user looks at: one share of what waited at an instant and they may see, perhaps filtered."""

    user: User
    at: datetime
    share: Share
    among: HandoffQuerySet = field(default_factory=Handoff.objects.all)

    def offered(self) -> HandoffQuerySet:
        """To whomever it was, without what the user has snoozed.

        That by the clock on the wall, however long ago the list was frozen: what was put off comes back by itself.
        """
        offered: HandoffQuerySet = self.among.waiting().filter(offered_at__lte=self.at)
        return offered.awake_for(self.user, at=timezone.now())

    def waiting(self) -> HandoffQuerySet:
        return self.offered().visible_in_queue_of(self.user, at=self.at)

    def shared(self) -> HandoffQuerySet:
        """All that waits in the share, in whatever order."""
        if self.share is Share.MINE:
            return self.waiting().filter(assignee=self.user)
        return (
            self.waiting().filter(assignee__isnull=True) if self.share is Share.UNASSIGNED else self.waiting()
        )

    def parts(self, band: Band) -> list[Q]:
        """Disjoint, and together all of one band that the user may see."""
        return _parts(self.user, self.share, is_overdue=band is Band.OVERDUE)


@dataclass(frozen=True)
class Position:
    pk: int
    band: Band


@dataclass(frozen=True)
class Stretch:
    """Some positions in a row, and whether there are more of them before and after."""

    positions: Sequence[Position]
    has_before: bool
    has_after: bool


def stretch(selection: Selection, *, cursor: Cursor | None, count: int) -> Stretch:
    """At most `count` handoffs from a cursor on. Where none are left there, the last of those before it."""
    found = _found(selection, cursor, count + 1)
    has_more, found = len(found) > count, found[:count]
    if cursor is None:
        return Stretch(found, has_before=False, has_after=has_more)
    if not cursor.is_backward:
        if found:
            return Stretch(found, has_before=True, has_after=has_more)
        # With the handoff that the cursor stands behind.
        inclusive = replace(cursor, pk=cursor.pk + 1, is_backward=True)
        before = stretch(selection, cursor=inclusive, count=count)
        return replace(before, has_after=False)
    if len(found) < count:  # what was decided before it has brought the beginning closer
        return stretch(selection, cursor=None, count=count)
    return Stretch(found[::-1], has_before=has_more, has_after=True)


def _parts(user: User, share: Share, *, is_overdue: bool) -> list[Q]:
    """Conditions that share no handoff, and together are what `decidable_by` lets the user see in the share."""
    mine, unassigned = Q(assignee=user), Q(assignee__isnull=True)
    is_rep = user.is_rep and not user.is_manager
    if share is Share.MINE and is_rep:
        return [mine]
    teams = _teams(user)
    if share is Share.MINE:
        return [team & mine for team in teams]
    if share is Share.UNASSIGNED:
        return [team & unassigned for team in teams]
    if not is_rep:
        return teams
    others = ~mine if is_overdue else unassigned
    return [mine, *(team & others for team in teams)]


def _teams(user: User) -> list[Q]:
    """What is offered to where the user decides; those who decide nothing, or belong to no team, see it all."""
    if not user.decides_handoffs or (user.is_manager and user.team_id is None):
        return [Q()]
    return [Q(team__isnull=True), *([Q(team=user.team_id)] if user.team_id is not None else [])]


def _found(selection: Selection, cursor: Cursor | None, count: int) -> list[Position]:
    is_backward = cursor is not None and cursor.is_backward
    base = _condition(selection.offered())
    beyond = _condition_of(_beyond(cursor)) if cursor is not None else None
    union = _Union()
    for band in Band:
        if cursor is not None and ((band > cursor.band) if is_backward else (band < cursor.band)):
            continue
        at = _condition_of(band.at(selection.at))
        for part in selection.parts(band):
            conditions = [base, at, _condition_of(part)]
            if cursor is not None and band is cursor.band:
                conditions.append(beyond)
            columns = f"{band.value} AS band, queue_score, offered_at, id"
            union.add(columns, conditions, order=_ORDER[is_backward], most=count)
    found = union.run(
        "SELECT band, id", order=f"band{' DESC' * is_backward}, {_ORDER[is_backward]}", most=count
    )
    return [Position(pk, Band(band)) for band, pk in found]


def _beyond(cursor: Cursor) -> Q:
    # Not `score < x OR (score = x AND ...)`: databases find their way into an index by the first half of an AND.
    older, newer = Q(offered_at__lt=cursor.offered_at), Q(offered_at__gt=cursor.offered_at)
    same = Q(offered_at=cursor.offered_at)
    if cursor.is_backward:
        passed = newer | (same & Q(pk__gte=cursor.pk))
        return Q(queue_score__gte=cursor.score) & ~(Q(queue_score=cursor.score) & passed)
    passed = older | (same & Q(pk__lte=cursor.pk))
    return Q(queue_score__lte=cursor.score) & ~(Q(queue_score=cursor.score) & passed)


class _Condition(NamedTuple):
    text: str
    values: Sequence[Any]


def _condition_of(condition: Q) -> _Condition | None:
    return _condition(Handoff.objects.filter(condition))


def _condition(handoffs: HandoffQuerySet) -> _Condition | None:
    """Its WHERE clause, worked out once and used in many parts; None where it can hold for none."""
    query = handoffs.query
    try:
        text, values = query.get_compiler(connection=connection).compile(query.where)
    except EmptyResultSet:
        return None
    except FullResultSet:
        return _Condition("1 = 1", ())
    return _Condition(text, values)


class _Union:
    """Sliced parts in one statement. Written here: Django compiles twelve querysets in longer than they run."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.values: list[Any] = []

    def add(
        self, columns: str, conditions: Sequence[_Condition | None], *, order: str = "", most: int
    ) -> None:
        known = [condition for condition in conditions if condition is not None]
        if len(known) < len(conditions):
            return
        where = " AND ".join(condition.text for condition in known)
        ordered = f" ORDER BY {order}" if order else ""
        text = f"SELECT {columns} FROM {Handoff._meta.db_table} WHERE {where}{ordered} LIMIT {most}"
        self.parts.append(f"SELECT * FROM ({text}) part{len(self.parts)}")
        self.values += [value for condition in known for value in condition.values]

    def run(self, select: str, *, order: str = "", most: int = 1) -> list[Any]:
        if not self.parts:
            return []
        ordered = f" ORDER BY {order}" if order else ""
        union = " UNION ALL ".join(self.parts)
        with connection.cursor() as cursor:
            cursor.execute(f"{select} FROM ({union}) queue{ordered} LIMIT {most}", self.values)
            return list(cursor.fetchall())


def _count_up_to(parts: Iterable[Sequence[_Condition | None]], most: int) -> int:
    """How many there are in disjoint parts, or `most` where there are more: it reads no more rows than that of each."""
    union = _Union()
    for conditions in parts:
        union.add("id", conditions, most=most)
    found = union.run("SELECT count(*)")
    return min(found[0][0], most) if found else 0


def overdue_up_to(selection: Selection, most: int) -> int:
    base, late = _condition(selection.offered()), _condition_of(Band.OVERDUE.at(selection.at))
    return _count_up_to(([base, late, _condition_of(part)] for part in selection.parts(Band.OVERDUE)), most)


def escalated_up_to(selection: Selection, most: int) -> int:
    """How many of a rep's colleagues are overdue, and by that offered to the whole team."""
    base, late = _condition(selection.offered()), _condition_of(Band.OVERDUE.at(selection.at))
    return _count_up_to(([base, late, part] for part in _of_colleagues(selection)), most)


def arrived_up_to(selection: Selection, *, at: datetime, most: int) -> int:
    """How many the user would see by now that the selection, frozen earlier, does not hold.

    Offered since, or assigned to a colleague and overdue since.
    """
    since, base = selection.at, _condition(replace(selection, at=at).offered())
    new = _condition_of(Q(offered_at__gt=since, offered_at__lte=at))
    late = _condition_of(Q(offered_at__lte=since, decide_due_at__gt=since, decide_due_at__lte=at))
    now = replace(selection, at=at)
    parts: list[list[_Condition | None]] = []
    for band in (Band.OVERDUE, Band.DUE):
        is_late = _condition_of(Band.OVERDUE.at(at) if band is Band.OVERDUE else ~Band.OVERDUE.at(at))
        parts += [[base, new, is_late, _condition_of(part)] for part in now.parts(band)]
    parts += [[base, late, part] for part in _of_colleagues(now)]
    return _count_up_to(parts, most)


def _of_colleagues(selection: Selection) -> list[_Condition | None]:
    """What is in a share only once it is overdue."""
    user = selection.user
    if not user.is_rep or user.is_manager or selection.share in (Share.MINE, Share.UNASSIGNED):
        return []
    others = Q(assignee__isnull=False) & ~Q(assignee=user)
    return [_condition_of(team & others) for team in _teams(user)]
