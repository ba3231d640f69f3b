"""How sales decided with each rule and without it: one statement, whatever the number of rules and handoffs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from leads.models import Handoff, Reason
from scoring.evidence.asking import Asked
from scoring.evidence.index import bring_up_to_date, versions_read
from scoring.evidence.proportions import Difference, Share
from scoring.evidence.subjects import Subject, Subjects, subjects_of

_MOST_REASONS = 3


@dataclass(frozen=True)
class Decisions:
    """Some decided handoffs: how many, how many of them sales accepted, and how many became a customer since."""

    decided: int = 0
    accepted: int = 0
    won: int = 0

    @property
    def acceptance(self) -> Share:
        return Share(self.accepted, self.decided)

    @property
    def winning(self) -> Share:
        """Of all decided, not of the accepted only: what an offer was worth in the end."""
        return Share(self.won, self.decided)

    def __add__(self, other: Decisions) -> Decisions:
        return Decisions(self.decided + other.decided, self.accepted + other.accepted, self.won + other.won)

    def __sub__(self, other: Decisions) -> Decisions:
        return Decisions(self.decided - other.decided, self.accepted - other.accepted, self.won - other.won)


@dataclass(frozen=True)
class ReasonCount:
    """`of`: the rejected handoffs to which the rule gave points."""

    key: str
    label: str
    count: int
    of: int

    @property
    def share(self) -> float:
        return self.count / self.of


@dataclass(frozen=True)
class Counts:
    """With points of the rule, and without, among the handoffs whose version knew it."""

    with_: Decisions
    without: Decisions
    reasons: Sequence[ReasonCount]

    @property
    def acceptance(self) -> Difference:
        return Difference(self.with_.acceptance, self.without.acceptance)

    @property
    def winning(self) -> Difference:
        return Difference(self.with_.winning, self.without.winning)


@dataclass(frozen=True)
class Tally:
    """`total`: decided handoffs with evidence. `left_out`: those without, such as imported ones."""

    total: Decisions
    left_out: int
    rules: Mapping[str, Counts]
    groups: Mapping[str, Counts]
    subjects: Subjects


@dataclass(frozen=True)
class _Cell:
    """Handoffs that are alike in version, decision, reason and outcome."""

    version: int
    decisions: Decisions
    reason: int | None
    gave: Mapping[str, int]  # of them, by the name of a subject

    def part(self, name: str) -> Decisions:
        """Those of them to which the subject gave points."""
        count = self.gave[name]
        return Decisions(count, count if self.decisions.accepted else 0, count if self.decisions.won else 0)


def tally(asked: Asked) -> Tally:
    """What the decisions that `asked` is about say of its rules and groups. A few queries a version."""
    bring_up_to_date()
    rows = asked.with_evidence()
    subjects = subjects_of(asked.book, versions_read())
    named = {
        **{f"r{place}": subject for place, subject in enumerate(subjects.rules.values())},
        **{f"g{place}": subject for place, subject in enumerate(subjects.groups.values())},
    }
    counted = {name: Count("pk", filter=subject.gave) for name, subject in named.items() if subject.bits}
    cells = [
        _cell(row)
        for row in rows.order_by()
        .values("rulebook_version", "handoff__state", "handoff__reason", "won")
        .annotate(n=Count("pk"), **counted)
    ]
    reasons = {reason.pk: reason for reason in Reason.objects.all()}
    total = sum((cell.decisions for cell in cells), Decisions())

    def counts(letter: str, of: Mapping[str, Subject]) -> dict[str, Counts]:
        return {
            key: _counts(f"{letter}{place}", subject, cells, reasons)
            for place, (key, subject) in enumerate(of.items())
        }

    return Tally(
        total=total,
        left_out=asked.decided().count() - total.decided,
        rules=counts("r", subjects.rules),
        groups=counts("g", subjects.groups),
        subjects=subjects,
    )


def _cell(row: dict[str, Any]) -> _Cell:
    count, is_accepted = row["n"], row["handoff__state"] == Handoff.State.ACCEPTED
    return _Cell(
        version=row["rulebook_version"],
        decisions=Decisions(count, count if is_accepted else 0, count if row["won"] else 0),
        reason=row["handoff__reason"],
        gave={name: value for name, value in row.items() if name[1:].isdecimal()},
    )


def _counts(name: str, subject: Subject, cells: Sequence[_Cell], reasons: Mapping[int, Reason]) -> Counts:
    known = [cell for cell in cells if cell.version in subject.bits]
    everybody = sum((cell.decisions for cell in known), Decisions())
    with_ = sum((cell.part(name) for cell in known), Decisions())
    rejected = Counter[int]()
    for cell in known:
        if cell.reason is not None and cell.gave[name]:
            rejected[cell.reason] += cell.gave[name]
    of = with_.decided - with_.accepted
    top = sorted(rejected, key=lambda pk: (-rejected[pk], reasons[pk].position, pk))[:_MOST_REASONS]
    return Counts(
        with_,
        everybody - with_,
        [ReasonCount(reasons[pk].key, reasons[pk].label, rejected[pk], of) for pk in top],
    )
