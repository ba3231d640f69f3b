"""Why sales rejects: reasons, over time, by source, and by the rules that had spoken for the lead.

Definitions: docs/metrics.md. All of it counts MQL visits that began in the period and ended in a rejection.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from leads.models import Handoff
from reports.cells import counts
from reports.measures import ACCEPTING, MQL, OUTCOMES, REASONS, REJECTING, visits
from reports.period import today
from reports.scope import Scope
from reports.slices import Slice, slice_of, slices
from reports.store.kept import kept_for
from scoring.evidence.index import bring_up_to_date, versions_read
from scoring.evidence.subjects import Subject, subjects_of
from scoring.models import HandoffRules, Rulebook

# Ids of reasons; NOTHING where none was recorded.
Reasons = Mapping[int, int]


@dataclass(frozen=True)
class ParetoLine:
    """A reason, how many were rejected for it, and the share of all that it and those before it make."""

    reason: int
    count: int
    cumulative: float


@dataclass(frozen=True)
class Pareto:
    lines: Sequence[ParetoLine]
    rejected: int
    decided: int

    @property
    def rate(self) -> float | None:
        """Rejected of decided."""
        return self.rejected / self.decided if self.decided else None


@dataclass(frozen=True)
class RuleLine:
    """A rule of the published rulebook, and the rejected handoffs to which it gave points, by reason."""

    key: str
    name: str
    reasons: Reasons

    @property
    def rejected(self) -> int:
        return sum(self.reasons.values())


@dataclass(frozen=True)
class ByRule:
    """`with_evidence` of `rejected` have evidence; the others, such as imported ones, say nothing about rules."""

    rules: Sequence[RuleLine]
    with_evidence: int
    rejected: int
    version: int | None  # of the rulebook whose rules these are; None: none is published


def pareto(scope: Scope) -> Pareto:
    """Reasons from the most frequent one on."""
    found = Counter({reason: times for reason, times in _by(scope, None).get("", {}).items() if times})
    rejected, seen = sum(found.values()), 0
    lines = []
    for reason, times in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        seen += times
        lines.append(ParetoLine(reason, times, seen / rejected))
    return Pareto(lines, rejected, _decided(scope))


def reasons_by(scope: Scope, *, by: str) -> dict[str, Reasons]:
    """By a dimension: values as `Dimension.values` gives them."""
    return _by(scope, by)


def reasons_over_time(scope: Scope) -> list[tuple[Slice, Reasons]]:
    """By week or month in which the visit began."""
    return kept_for("reasons over time", scope, lambda: _reasons_over_time(scope))


def _reasons_over_time(scope: Scope) -> list[tuple[Slice, Reasons]]:
    found: dict[Slice, Counter[int]] = {part: Counter() for part in slices(scope.period, as_of=scope.as_of)}
    parts = list(found)
    for row in counts(REASONS, scope, by_day=True):
        if part := slice_of(parts, row.day):
            found[part][row.a] += row.count
    return list(found.items())


def reasons_by_rule(scope: Scope) -> ByRule:
    """By the rules of the published rulebook that gave points to the offer; a handoff counts for each of them."""
    book = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    name = f"reasons by rule of version {book and book.number}"
    return kept_for(name, scope, lambda: _reasons_by_rule(scope, book))


def _reasons_by_rule(scope: Scope, book: Rulebook | None) -> ByRule:
    rejected = sum(_by(scope, None).get("", {}).values())
    if book is None:
        return ByRule((), 0, rejected, None)
    bring_up_to_date()
    subjects = [each for each in subjects_of(book, versions_read()).rules.values() if each.bits]
    names = dict(book.rules.values_list("key", "name"))
    with_evidence, found = _counted(scope, subjects)
    lines = [RuleLine(key, names[key], reasons) for key, reasons in found.items() if reasons]
    return ByRule(
        sorted(lines, key=lambda line: (-line.rejected, line.name)), with_evidence, rejected, book.number
    )


def rejected_visits(scope: Scope) -> Any:
    """The MQL visits that are counted, with what of them was known at the end of the as-of day."""
    as_of = None if scope.as_of >= today() else scope.as_of
    return visits(as_of).filter(
        scope.condition(),
        position=MQL,
        next__in=REJECTING,
        entered_day__gte=scope.period.start,
        entered_day__lt=scope.period.end,
    )


def notes(scope: Scope) -> int:
    """How many of the rejected have a note."""
    noted = Handoff.objects.filter(pk__in=rejected_visits(scope).values("handoff")).exclude(note="")
    return kept_for("notes of rejections", scope, noted.count)


def _counted(scope: Scope, subjects: Sequence[Subject]) -> tuple[int, dict[str, Reasons]]:
    named = {f"r{place}": subject for place, subject in enumerate(subjects)}
    rows: Any = (
        HandoffRules.objects.filter(pk__in=rejected_visits(scope).values("handoff"))
        .order_by()
        .values("handoff__reason")
        .annotate(
            n=Count("pk"), **{name: Count("pk", filter=subject.gave) for name, subject in named.items()}
        )
    )
    with_evidence, found = 0, defaultdict[str, dict[int, int]](dict)
    for row in rows:
        with_evidence += row["n"]
        for name, subject in named.items():
            if row[name] and row["handoff__reason"] is not None:
                found[subject.key][row["handoff__reason"]] = row[name]
    return with_evidence, dict(found)


def _by(scope: Scope, by: str | None) -> dict[str, Reasons]:
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for row in counts(REASONS, scope, by=by):
        found[row.value][row.a] += row.count
    return dict(found)


def _decided(scope: Scope) -> int:
    return sum(
        row.count for row in counts(OUTCOMES, scope, positions=[MQL]) if row.a in (*ACCEPTING, *REJECTING)
    )
