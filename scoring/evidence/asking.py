"""Which decided handoffs are asked about, and how that is written as an address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet

from leads.models import Deal, Handoff
from leads.querysets import start_of
from scoring.models import HandoffRules, Rulebook

PERIODS = {90: "Last 90 days", 180: "Last 180 days", 365: "Last 365 days"}
DEFAULT_DAYS = 365


@dataclass(frozen=True)
class Asked:
    """Handoffs decided from the day `first` to `last`, both included, as seen with a version of the rulebook.

    `days`: the chosen number of days up to today; 0 where the days were chosen one by one. `source` is folded; None is
    any.
    """

    book: Rulebook
    first: date
    last: date
    days: int = 0
    source: str | None = None

    @property
    def decided_from(self) -> datetime:
        return start_of(self.first)

    @property
    def decided_before(self) -> datetime:
        return start_of(self.last + timedelta(days=1))

    @property
    def _among_handoffs(self) -> Q:
        found = Q(decided_at__gte=self.decided_from, decided_at__lt=self.decided_before)
        return found if self.source is None else found & Q(source_folded=self.source)

    def decided(self) -> QuerySet[Handoff]:
        """All decisions of the period, whether they have evidence or not."""
        return Handoff.objects.decided().filter(self._among_handoffs)

    def with_evidence(self) -> QuerySet[Any]:
        """Those whose evidence is known, each with `won`: whether a deal was won after it was accepted."""
        won = Deal.objects.filter(
            lead=OuterRef("handoff__lead"),
            state=Deal.State.WON,
            closed_at__gte=OuterRef("handoff__decided_at"),
        )
        among = {
            "handoff__decided_at__gte": self.decided_from,
            "handoff__decided_at__lt": self.decided_before,
            "handoff__state__in": [Handoff.State.ACCEPTED, Handoff.State.REJECTED],
        }
        if self.source is not None:
            among["handoff__source_folded"] = self.source
        return HandoffRules.objects.filter(**among).annotate(
            won=Q(handoff__state=Handoff.State.ACCEPTED) & Exists(won)
        )

    def for_days(self, days: int) -> Asked:
        """The same, decided in so many days up to the last one."""
        return replace(self, days=days)

    def query(self, **more: str | int) -> str:
        """The address's query: what differs from the defaults, and `more`."""
        parameters: dict[str, str | int] = {}
        if self.book.state != Rulebook.State.PUBLISHED and self.book.number:
            parameters["version"] = self.book.number
        if not self.days:
            parameters |= {"first": self.first.isoformat(), "last": self.last.isoformat()}
        elif self.days != DEFAULT_DAYS:
            parameters["period"] = self.days
        if self.source is not None:
            parameters["source"] = self.source
        return urlencode(parameters | more)
