"""The handoffs behind a number of the evidence page: exactly those that it counts, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.db.models import Q, QuerySet

from leads.models import Handoff, Reason
from scoring.errors import ScoringError
from scoring.evidence.asking import Asked
from scoring.evidence.index import bring_up_to_date, versions_read
from scoring.evidence.subjects import Subject, subjects_of
from scoring.models import HandoffRules

PAGE_SIZE = 50


class Side(StrEnum):
    WITH = "with"
    WITHOUT = "without"


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WON = "won"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class BadPart(ScoringError):
    """The address names a part of the evidence that there is not."""


@dataclass(frozen=True)
class Part:
    """With or without a rule or group (none: all), of one outcome or reason (none: any)."""

    rule: str = ""
    group: str = ""
    side: Side | None = None
    outcome: Outcome | None = None
    reason: Reason | None = None

    @property
    def query(self) -> dict[str, str]:
        chosen = {
            "rule": self.rule,
            "group": self.group,
            "side": self.side or "",
            "outcome": self.outcome or "",
            "reason": self.reason.key if self.reason else "",
        }
        return {name: str(value) for name, value in chosen.items() if value}

    def of(self, outcome: Outcome | None) -> Part:
        return replace(self, outcome=outcome, reason=None)


@dataclass(frozen=True)
class Page:
    """`total` is the number that was pressed; `after` begins the next page."""

    rows: Sequence[HandoffRules]
    total: int
    after: str = ""


def handoffs_of(asked: Asked, part: Part) -> QuerySet[Any]:
    """The handoffs that the part counts. Raises BadPart."""
    bring_up_to_date()
    rows = asked.with_evidence()
    if part.rule or part.group:
        subject = _subject(asked, part)
        rows = rows.filter(subject.is_known)
        if part.side is Side.WITH:
            rows = rows.filter(subject.gave)
        elif part.side is Side.WITHOUT:
            rows = rows.exclude(subject.gave)
    if part.outcome is Outcome.WON:
        rows = rows.filter(won=True)
    elif part.outcome:
        rows = rows.filter(handoff__state=part.outcome.value)
    return rows.filter(handoff__reason=part.reason) if part.reason else rows


def _subject(asked: Asked, part: Part) -> Subject:
    subjects = subjects_of(asked.book, versions_read())
    of = subjects.rules if part.rule else subjects.groups
    if (found := of.get(part.rule or part.group)) is None:
        kind = "rule" if part.rule else "group"
        raise BadPart(
            f"Version {asked.book.number} has no {kind} “{part.rule or part.group}”; it has: {', '.join(of)}."
        )
    return found


def page_of_handoffs(asked: Asked, part: Part, *, after: str = "") -> Page:
    """The page after the handoff with the id `after` (the first without), latest decision first. Raises BadPart."""
    found = handoffs_of(asked, part)
    total = found.count()
    if after:
        place = (
            Handoff.objects.filter(pk=int(after)).first() if after.isdecimal() and len(after) < 19 else None
        )
        if place is None or place.decided_at is None:
            raise BadPart(f"“{after}” is no place in this list; begin at its first page.")
        found = found.filter(
            Q(handoff__decided_at__lt=place.decided_at)
            | Q(handoff__decided_at=place.decided_at, pk__lt=place.pk)
        )
    ordered = found.select_related("handoff__lead", "handoff__reason", "handoff__decided_by").order_by(
        "-handoff__decided_at", "-pk"
    )
    rows = list(ordered[: PAGE_SIZE + 1])
    return Page(rows[:PAGE_SIZE], total, str(rows[PAGE_SIZE - 1].pk) if len(rows) > PAGE_SIZE else "")


def title_of(asked: Asked, part: Part) -> str:
    """What is listed, in words: With “Content downloaded”: rejected handoffs."""
    what = {Outcome.WON: "offers that became customers", None: "decided handoffs"}.get(
        part.outcome, f"{part.outcome} handoffs"
    )
    if part.reason:
        what = f"rejected for “{part.reason.label}”"
    of = asked.book.rules if part.rule else asked.book.groups
    name = of.filter(key=part.rule or part.group).values_list("name", flat=True).first()
    if name is None:
        return what[:1].upper() + what[1:]
    return f"{'Without' if part.side is Side.WITHOUT else 'With'} “{name}”: {what}"
