"""What routing may ask of a lead: the facts that fit rules ask about, and the score with which it is offered."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Protocol

from leads.conditions import Condition, Field, FieldRegistry, FieldType, fact_of, holds, lead_fields
from leads.conditions.fields import Column
from leads.conditions.parsing import NUMBER_SCALE
from leads.conditions.testing import Fact
from leads.models import Lead
from leads.routing.form import Match, Rule

_SCORE = "s"
GRADES = tuple(
    (f"{fit}{engagement}".lower(), f"{fit}{engagement}") for fit, engagement in product("ABC", "123")
)
SCORE_FIELDS = (
    Field("score.grade", "Grade", FieldType.CHOICE, Column(_SCORE, "grade"), GRADES),
    Field("score.total", "Total score", FieldType.NUMBER, Column(_SCORE, "total")),
    Field("score.fast_tracked", "Fast-tracked", FieldType.BOOLEAN, Column(_SCORE, "fast_tracked")),
)


class Scored(Protocol):
    """The evidence of an offer, the handoff that froze it, or the latest score."""

    @property
    def grade(self) -> str: ...
    @property
    def total(self) -> int | None: ...
    @property
    def fast_tracked(self) -> bool: ...


@dataclass(frozen=True)
class Candidate:
    """A lead that is to go somewhere. Its company and campaign must have been fetched."""

    lead: Lead
    score: Scored | None = None

    def fact(self, field: Field) -> Fact:
        source = field.source
        if not isinstance(source, Column) or source.table != _SCORE:
            return fact_of(self.lead, field)
        if self.score is None or not self.score.grade:  # offered by hand or import, without a score
            return None
        match source.name:
            case "grade":
                return self.score.grade.lower()
            case "total":
                return None if self.score.total is None else self.score.total * NUMBER_SCALE
        return self.score.fast_tracked


def routing_fields() -> FieldRegistry:
    """Grade and score first, then all facts of a lead. One query."""
    return FieldRegistry({**{field.name: field for field in SCORE_FIELDS}, **lead_fields()})


def matches(rule: Rule, candidate: Candidate) -> bool:
    """A rule without conditions is about every lead."""
    found = (_holds(condition, candidate) for condition in rule.conditions)
    return not rule.conditions or (all(found) if rule.match == Match.ALL else any(found))


def _holds(condition: Condition, candidate: Candidate) -> bool:
    return holds(condition, candidate.fact(condition.field))
