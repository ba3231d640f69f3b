"""Where somebody is in the queue: whose handoffs, which filters, as of when, and how far down.

All of it stands in the address, and in one hidden field of the forms of the rows, so that one stays where one was. The
instant freezes the list: a handoff is in the band that it was in then, and what arrives later does not come between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Self

from django.db import models
from django.http import QueryDict
from django.utils.http import urlencode

from leads.handoff.bands import Band
from leads.models import User

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FROZEN_AT_MOST = timedelta(hours=12)
INSTANT = re.compile(r"\d{1,17}")
CURSOR = re.compile(
    r"(?P<band>[0-3])~(?P<score>-?\d{1,18})~(?P<offered>-?\d{1,16})~(?P<pk>\d{1,18})", re.ASCII
)
# The names of leads.handoff.filters.HandoffFilter.
FILTERS = ("text", "team", "source", "campaign", "grade", "country", "fast")


class Share(models.TextChoices):
    """Whose handoffs to show. What is overdue is offered to the whole team, whoever it was assigned to."""

    ALL = "all", "All"
    TEAM = "team", "My team's"
    MINE = "mine", "Mine"
    UNASSIGNED = "unassigned", "Unassigned"


def shares_of(user: User) -> tuple[Share, ...]:
    """The shares that mean something to the user, the widest first: it is where they begin."""
    if not user.decides_handoffs:
        return (Share.ALL, Share.UNASSIGNED)
    return (Share.ALL if user.team_id is None else Share.TEAM, Share.MINE, Share.UNASSIGNED)


@dataclass(frozen=True)
class Cursor:
    """Just after, or just before, a handoff: by what it is sorted by."""

    band: Band
    score: int
    offered_at: datetime
    pk: int
    is_backward: bool = False

    def __str__(self) -> str:
        return f"{self.band.value}~{self.score}~{number_of(self.offered_at)}~{self.pk}"

    @classmethod
    def parse(cls, text: str, *, is_backward: bool = False) -> Self | None:
        """None for what is no cursor: an address that was mistyped shows the first page."""
        match = CURSOR.fullmatch(text)
        if match is None:
            return None
        return cls(
            band=Band(int(match["band"])),
            score=int(match["score"]),
            offered_at=EPOCH + timedelta(microseconds=int(match["offered"])),
            pk=int(match["pk"]),
            is_backward=is_backward,
        )


@dataclass(frozen=True)
class Place:
    share: Share
    at: datetime
    filters: tuple[tuple[str, str], ...] = ()
    cursor: Cursor | None = None
    # Read at this moment, not as an address froze it: nothing can have arrived since.
    is_new: bool = field(default=False, compare=False)

    @classmethod
    def parse(cls, data: Mapping[str, str], *, user: User, now: datetime) -> Self:
        """From the parameters of an address. What cannot be one is as if it were not there."""
        shares = shares_of(user)
        share = next((share for share in shares if share == data.get("show")), shares[0])
        filters = tuple((name, data[name]) for name in FILTERS if data.get(name))
        at = _instant(data.get("at", ""), now)
        if at is None:
            return cls(share, now, filters, is_new=True)
        cursor = Cursor.parse(data.get("after", "")) or Cursor.parse(data.get("before", ""), is_backward=True)
        return cls(share, at, filters, cursor)

    @classmethod
    def of_form(cls, data: Mapping[str, str], *, user: User, now: datetime) -> Self:
        """From the hidden field of a form (templates/leads/_queue_place.html)."""
        return cls.parse(QueryDict(data.get("place", "")).dict(), user=user, now=now)

    @cached_property
    def query(self) -> str:
        """The whole place, frozen."""
        query = [*self._lasting, ("at", str(number_of(self.at)))]
        if self.cursor is not None:
            query.append(("before" if self.cursor.is_backward else "after", str(self.cursor)))
        return urlencode(query)

    @property
    def lasting_query(self) -> str:
        """Share and filters: what is worth a name or a bookmark."""
        return urlencode(self._lasting)

    @property
    def _lasting(self) -> list[tuple[str, str]]:
        return [("show", self.share.value), *self.filters]

    @property
    def unfiltered_query(self) -> str:
        return urlencode({"show": self.share.value})

    def to(self, share: Share) -> Place:
        return replace(self, share=share, cursor=None)

    def read_anew(self, at: datetime) -> Place:
        return replace(self, at=at, cursor=None, is_new=True)

    def at_cursor(self, cursor: Cursor | None) -> Place:
        return replace(self, cursor=cursor)


def number_of(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


def _instant(text: str, now: datetime) -> datetime | None:
    """When a list was frozen; None for nonsense, the future, and what is too long ago to work from."""
    if not INSTANT.fullmatch(text):
        return None
    at = EPOCH + timedelta(microseconds=int(text))
    return at if now - FROZEN_AT_MOST <= at <= now else None
