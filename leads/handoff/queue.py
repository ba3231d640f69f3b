"""The handoff queue as sales reads it: by SLA band, then score, then age, as it stood at one instant.

A page is found by one statement that takes the few best of each band by themselves and merges them: however many wait,
each part of it is the beginning of an index (leads_handoff_queue_*).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from leads.handoff.bands import Band
from leads.handoff.place import Cursor, Share
from leads.handoff.statement import ANY, Condition, Union, condition_of, instant
from leads.models import Handoff, User
from leads.querysets import HandoffQuerySet

_ORDER = {False: "queue_score DESC, offered_at, id", True: "queue_score, offered_at DESC, id DESC"}
_UNASSIGNED = Condition("assignee_id IS NULL")
_NO_TEAM = Condition("team_id IS NULL")


@dataclass(frozen=True)
class Selection:
    """What a user looks at: one share of what waited at an instant and they may see, perhaps filtered.

    Without `asleep`, what they have put off by the clock on the wall (leads.handoff.snoozing), however long ago the
    list was frozen: it comes back by itself.
    """

    user: User
    at: datetime
    share: Share
    among: HandoffQuerySet = field(default_factory=Handoff.objects.all)
    asleep: Collection[int] = ()

    def waiting(self) -> HandoffQuerySet:
        offered = self.among.waiting().filter(offered_at__lte=self.at).exclude(pk__in=self.asleep)
        return offered.visible_in_queue_of(self.user, at=self.at)

    def shared(self) -> HandoffQuerySet:
        """All that waits in the share, in whatever order."""
        if self.share is Share.MINE:
            return self.waiting().filter(assignee=self.user)
        return (
            self.waiting().filter(assignee__isnull=True) if self.share is Share.UNASSIGNED else self.waiting()
        )

    def offered(self) -> Condition:
        """What `waiting` begins with: to whomever it was offered."""
        offered = Condition("state = 'waiting' AND offered_at <= %s", [instant(self.at)])
        if self.asleep:
            offered &= Condition(f"id NOT IN ({', '.join(str(int(pk)) for pk in self.asleep)})")
        return offered & condition_of(self.among)

    def parts(self, band: Band) -> list[Condition]:
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


@dataclass(frozen=True)
class Moving:
    """What the clock alone changes, each counted up to as many as was asked for."""

    overdue: int
    escalated: int  # of a rep's colleagues, and by being overdue offered to the whole team
    arrived: int  # what reading a frozen list anew would add to it


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


def _parts(user: User, share: Share, *, is_overdue: bool) -> list[Condition]:
    """Conditions that share no handoff, and together are what `decidable_by` lets the user see in the share."""
    mine = Condition("assignee_id = %s", [user.pk])
    is_rep = user.is_rep and not user.is_manager
    if share is Share.MINE and is_rep:
        return [mine]
    teams = _teams(user)
    if share is Share.MINE:
        return [team & mine for team in teams]
    if share is Share.UNASSIGNED:
        return [team & _UNASSIGNED for team in teams]
    if not is_rep:
        return teams
    others = Condition("(assignee_id IS NULL OR assignee_id <> %s)", [user.pk]) if is_overdue else _UNASSIGNED
    return [mine, *(team & others for team in teams)]


def _teams(user: User) -> list[Condition]:
    """What is offered to where the user decides; those who decide nothing, or belong to no team, see it all."""
    if not user.decides_handoffs or (user.is_manager and user.team_id is None):
        return [ANY]
    return [_NO_TEAM, *([Condition("team_id = %s", [user.team_id])] if user.team_id is not None else [])]


def _found(selection: Selection, cursor: Cursor | None, count: int) -> list[Position]:
    is_backward = cursor is not None and cursor.is_backward
    offered, union = selection.offered(), Union()
    for band in Band:
        if cursor is not None and ((band > cursor.band) if is_backward else (band < cursor.band)):
            continue
        at = offered & _in(band, selection.at)
        if cursor is not None and band is cursor.band:
            at &= _beyond(cursor)
        for part in selection.parts(band):
            columns = f"{band.value} AS band, queue_score, offered_at, id"
            union.add(columns, at & part, order=_ORDER[is_backward], most=count)
    order = f"band{' DESC' * is_backward}, {_ORDER[is_backward]}"
    found = union.run("SELECT band, id", then=f"ORDER BY {order} LIMIT {count}")
    return [Position(pk, Band(band)) for band, pk in found]


def _in(band: Band, at: datetime) -> Condition:
    if band is Band.NO_CLOCK:
        return Condition("decide_due_at IS NULL")
    after, until = band.span(at)
    later = Condition("decide_due_at > %s", [instant(after)]) if after else ANY
    return later & (Condition("decide_due_at <= %s", [instant(until)]) if until else ANY)


def _beyond(cursor: Cursor) -> Condition:
    # Not `score < x OR (score = x AND ...)`: databases find their way into an index by the first half of an AND.
    score, at = cursor.score, instant(cursor.offered_at)
    beyond, passed, on = (">=", ">", ">=") if cursor.is_backward else ("<=", "<", "<=")
    same = f"offered_at {passed} %s OR (offered_at = %s AND id {on} %s)"
    text = f"queue_score {beyond} %s AND NOT (queue_score = %s AND ({same}))"
    return Condition(text, [score, score, at, at, cursor.pk])


def moving(everything: Selection, listed: Selection, *, at: datetime, most: int) -> Moving:
    """What is late of everything that the user may see, and what a list that is shown lacks by now. One query."""
    union, offered = Union(), everything.offered()
    late = offered & _in(Band.OVERDUE, everything.at)
    for part in everything.parts(Band.OVERDUE):
        union.add("'overdue' AS what", late & part, most=most)
    for part in _of_colleagues(everything):
        union.add("'escalated' AS what", late & part, most=most)
    for part in _arrived(listed, at) if listed.at < at else ():
        union.add("'arrived' AS what", part, most=most)
    found = dict(union.run("SELECT what, count(*)", then="GROUP BY what"))
    return Moving(**{what: min(found.get(what, 0), most) for what in ("overdue", "escalated", "arrived")})


def arrived_up_to(selection: Selection, *, at: datetime, most: int) -> int:
    """How many the user would see by now that the selection, frozen earlier, does not hold."""
    union = Union()
    for part in _arrived(selection, at):
        union.add("id", part, most=most)
    found = union.run("SELECT count(*)", then="")
    return min(found[0][0], most) if found else 0


def _arrived(selection: Selection, at: datetime) -> Iterator[Condition]:
    """Offered since, or assigned to a colleague and overdue since; disjoint."""
    now, since = replace(selection, at=at), instant(selection.at)
    offered, late = now.offered(), _in(Band.OVERDUE, at)
    new = offered & Condition("offered_at > %s", [since])
    in_time = Condition("(decide_due_at IS NULL OR decide_due_at > %s)", [instant(at)])
    yield from (new & late & part for part in now.parts(Band.OVERDUE))
    yield from (new & in_time & part for part in now.parts(Band.DUE))
    old = offered & Condition("offered_at <= %s AND decide_due_at > %s", [since, since]) & late
    yield from (old & part for part in _of_colleagues(now))


def _of_colleagues(selection: Selection) -> list[Condition]:
    """What is in a share only once it is overdue."""
    user = selection.user
    if not user.is_rep or user.is_manager or selection.share in (Share.MINE, Share.UNASSIGNED):
        return []
    # A column that is NULL is not unequal to anything.
    return [team & Condition("assignee_id <> %s", [user.pk]) for team in _teams(user)]
