"""Feedback of sales as its page shows it: a list, newest first, and what it comes to by reason and by source."""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Count, F, Q
from django.utils.dateparse import parse_datetime

from leads.errors import LeadError
from leads.feedback.asking import Asked, Kind
from leads.models import Deal, FeedbackAnswer, Handoff, Lead, Reason, Stage, User

PAGE_SIZE = 25
_MOVE, _DEAL = "m", "d"
_KEY = re.compile(r"(?P<kind>[md])(?P<pk>\d{1,18})")
_CURSOR = re.compile(r"(?P<at>[\dT:.+-]{19,35})~(?P<key>[md]\d{1,18})")


class BadFeedback(LeadError):
    """The address or the form names feedback that cannot be."""


@dataclass(frozen=True, order=True)
class Key:
    """Which move or lost deal: `m12`, `d5`."""

    kind: str
    pk: int

    def __str__(self) -> str:
        return f"{self.kind}{self.pk}"

    @classmethod
    def parse(cls, text: str) -> Key:
        match = _KEY.fullmatch(text)
        if match is None:
            raise BadFeedback(f"“{text}” is no feedback; choose from the list.")
        return cls(match["kind"], int(match["pk"]))

    @property
    def is_deal(self) -> bool:
        return self.kind == _DEAL


@dataclass(frozen=True)
class Feedback:
    """One thing that sales said of a lead, with what marketing answered."""

    key: Key
    at: datetime
    kind: Kind
    lead: Lead
    reason: Reason
    note: str
    by: User | None
    handoff_id: int | None
    deal: Deal | None = None
    handoff: Handoff | None = None  # the one that it is about, with its frozen evidence
    answers: Sequence[FeedbackAnswer] = ()


@dataclass(frozen=True)
class FeedbackPage:
    """`older`: the place to go on from, None at the end."""

    items: Sequence[Feedback]
    older: str | None


@dataclass(frozen=True)
class Share:
    """How much was said of one reason or source, and how much of it is answered."""

    key: str
    label: str
    count: int
    answered: int

    @property
    def open(self) -> int:
        return self.count - self.answered


@dataclass(frozen=True)
class Summary:
    reasons: Sequence[Share]
    sources: Sequence[Share]
    count: int
    answered: int


def feedback_page(asked: Asked, *, before: str = "") -> FeedbackPage:
    """At most PAGE_SIZE items. Four queries, whatever was said. Raises BadFeedback."""
    place = _place(before)
    merged = heapq.merge(_moves(asked, place), _deals(asked, place), key=_order, reverse=True)
    rows = list(islice(merged, PAGE_SIZE + 1))
    has_older, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    older = f"{rows[-1].at.isoformat()}~{rows[-1].key}" if has_older else None
    return FeedbackPage(_with_rest(rows), older)


def feedback_keys(asked: Asked, *, most: int) -> list[Key]:
    """All that is asked about, up to `most` and one more."""
    moves = asked.moves().order_by("-occurred_at").values_list("pk", flat=True)[: most + 1]
    deals = asked.deals().order_by("-closed_at").values_list("pk", flat=True)[: most + 1]
    return [*(Key(_MOVE, pk) for pk in moves), *(Key(_DEAL, pk) for pk in deals)][: most + 1]


def latest_news(asked: Asked, *, after: datetime, most: int) -> tuple[Sequence[Feedback], int]:
    """The newest of what was said after an instant, and how much that is, counted up to 100."""
    moves, deals = asked.since(after)
    count = len(moves.order_by().values("pk")[:100]) + len(deals.order_by().values("pk")[:100])
    if not count:
        return (), 0
    newest = [told_move(row) for row in _with_people(moves)[:most]]
    newest += [told_deal(row) for row in _deals_with_people(deals)[:most]]
    return sorted(newest, key=_order, reverse=True)[:most], count


def summary_of(asked: Asked) -> Summary:
    """Two queries: each counts by reason and source at once."""
    counted: dict[tuple[int, str, bool], int] = defaultdict(int)
    for rows, reason in ((asked.moves(), "reason"), (asked.deals(), "lost_reason")):
        groups = rows.order_by().values(
            found=F(reason), origin=F("lead__source_folded"), was_answered=F("is_answered")
        )
        for row in groups.annotate(n=Count("pk")):
            counted[row["found"], row["origin"], row["was_answered"]] += row["n"]
    labels = dict(Reason.objects.values_list("pk", "label")) if counted else {}
    keys = dict(Reason.objects.values_list("pk", "key")) if counted else {}
    return Summary(
        reasons=_shares((keys[pk], labels[pk], number, done) for (pk, _, done), number in counted.items()),
        sources=_shares((source, source, number, done) for (_, source, done), number in counted.items()),
        count=sum(counted.values()),
        answered=sum(number for (_, _, done), number in counted.items() if done),
    )


def answers_to(keys: Sequence[Key]) -> dict[Key, list[FeedbackAnswer]]:
    """What marketing answered to each of them, in order. One query."""
    moves = Q(stage_change__in=[key.pk for key in keys if not key.is_deal])
    deals = Q(deal__in=[key.pk for key in keys if key.is_deal])
    found: dict[Key, list[FeedbackAnswer]] = defaultdict(list)
    for answer in FeedbackAnswer.objects.filter(moves | deals).select_related("by"):
        key = (
            Key(_MOVE, answer.stage_change_id) if answer.stage_change_id else Key(_DEAL, answer.deal_id or 0)
        )
        found[key].append(answer)
    return found


def _with_rest(items: Sequence[Feedback]) -> list[Feedback]:
    handoffs = Handoff.objects.in_bulk([item.handoff_id for item in items if item.handoff_id])
    answers = answers_to([item.key for item in items])
    return [
        replace(item, handoff=handoffs.get(item.handoff_id or 0), answers=answers.get(item.key, ()))
        for item in items
    ]


def _shares(parts: Iterable[tuple[str, str, int, bool]]) -> list[Share]:
    found: dict[str, Share] = {}
    for key, label, number, is_answered in parts:
        before = found.get(key, Share(key, label, 0, 0))
        found[key] = Share(
            key, label, before.count + number, before.answered + (number if is_answered else 0)
        )
    return sorted(found.values(), key=lambda share: (-share.count, share.label))


def _order(item: Feedback) -> tuple[datetime, Key]:
    return item.at, item.key


def _place(text: str) -> tuple[datetime, Key] | None:
    if not text:
        return None
    match = _CURSOR.fullmatch(text.replace(" ", "+"))
    try:
        at = parse_datetime(match["at"]) if match else None
    except ValueError:
        at = None
    if match is None or at is None or at.tzinfo is None:
        raise BadFeedback(f"“{text}” is no place in this list; begin at its newest entry.")
    return at, Key.parse(match["key"])


def _beyond(place: tuple[datetime, Key] | None, kind: str, field: str) -> Q:
    """What stands after a place in the list: older, or of the same instant with a smaller key."""
    if place is None:
        return Q()
    at, key = place
    if kind > key.kind:
        return Q(**{f"{field}__lt": at})
    passed = Q(**{field: at, "pk__gte": key.pk}) if kind == key.kind else Q(pk__in=[])
    return Q(**{f"{field}__lte": at}) & ~passed


def _moves(asked: Asked, place: tuple[datetime, Key] | None) -> Iterator[Feedback]:
    rows = asked.moves().filter(_beyond(place, _MOVE, "occurred_at"))
    return (told_move(row) for row in _with_people(rows)[: PAGE_SIZE + 1])


def _with_people(rows: Any) -> Any:
    return rows.select_related("lead", "reason", "actor_user__team").order_by("-occurred_at", "-pk")


def told_move(row: Any) -> Feedback:
    return Feedback(
        key=Key(_MOVE, row.pk),
        at=row.occurred_at,
        kind=Kind.REJECTED if row.from_stage == Stage.MQL else Kind.GIVEN_BACK,
        lead=row.lead,
        reason=row.reason,
        note=row.note,
        by=row.actor_user,
        handoff_id=getattr(row, "handoff", None),
    )


def _deals(asked: Asked, place: tuple[datetime, Key] | None) -> Iterator[Feedback]:
    rows = asked.deals().filter(_beyond(place, _DEAL, "closed_at"))
    return (told_deal(row) for row in _deals_with_people(rows)[: PAGE_SIZE + 1])


def _deals_with_people(rows: Any) -> Any:
    return rows.select_related("lead", "lost_reason", "owner__team").order_by("-closed_at", "-pk")


def told_deal(row: Any) -> Feedback:
    return Feedback(
        key=Key(_DEAL, row.pk),
        at=row.closed_at,
        kind=Kind.LOST,
        lead=row.lead,
        reason=row.lost_reason,
        note=row.note,
        by=row.owner,
        handoff_id=getattr(row, "handoff", None),
        deal=row,
    )
