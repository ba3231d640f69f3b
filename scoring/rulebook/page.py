"""The published rulebook as its page shows it: rules in plain language, in their groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.models import Rulebook
from scoring.rulebook.form import AnyRule, Bounds, Dimension, Form, Group
from scoring.rulebook.wording import Words, bounds_wording, minus, mql_wording


@dataclass(frozen=True)
class RuleRow:
    rule: AnyRule
    wording: str

    @property
    def cap(self) -> str:
        """The most that the rule gives or takes in all; empty where it has no cap that shows."""
        most = self.rule.max_points
        if most is None or most <= abs(self.rule.points):
            return ""
        return f"up to {'−' if self.rule.points < 0 else '+'}{most}"


@dataclass(frozen=True)
class GroupCard:
    group: Group
    bounds: str
    rules: Sequence[RuleRow]


@dataclass(frozen=True)
class DimensionPart:
    dimension: Dimension
    question: str
    bounds: str
    groups: Sequence[GroupCard]


@dataclass(frozen=True)
class GradeCell:
    grade: str
    fit: str
    engagement: str


@dataclass(frozen=True)
class Signature:
    """Who stands behind a version, in words."""

    text: str
    is_signed: bool


@dataclass(frozen=True)
class RulebookPage:
    book: Rulebook
    form: Form
    mql: Sequence[str]
    grades: Sequence[Sequence[GradeCell]]
    parts: Sequence[DimensionPart]
    signature: Signature
    rules_on: int


def page_of(book: Rulebook, form: Form, words: Words) -> RulebookPage:
    return RulebookPage(
        book=book,
        form=form,
        mql=mql_wording(form),
        grades=_grades(form),
        parts=[
            _part(form, Dimension.FIT, "Who they are", form.fit, words),
            _part(form, Dimension.ENGAGEMENT, "What they do", form.engagement, words),
        ],
        signature=signature_of(book),
        rules_on=len(form.enabled_rules),
    )


def _part(form: Form, dimension: Dimension, question: str, bounds: Bounds, words: Words) -> DimensionPart:
    groups = [
        GroupCard(
            group,
            bounds_wording(group.bounds),
            [RuleRow(rule, words.rule(rule)) for rule in form.rules_of(group)],
        )
        for group in form.groups_of(dimension)
    ]
    return DimensionPart(dimension, question, bounds_wording(bounds), groups)


def _grades(form: Form) -> list[list[GradeCell]]:
    grade = form.grade
    fits = [
        ("A", f"{minus(grade.fit_a)} or more"),
        ("B", _span(grade.fit_b, grade.fit_a)),
        ("C", f"below {minus(grade.fit_b)}"),
    ]
    engagements = [
        ("1", f"{minus(grade.engagement_1)} or more"),
        ("2", _span(grade.engagement_2, grade.engagement_1)),
        ("3", f"below {minus(grade.engagement_2)}"),
    ]
    return [[GradeCell(letter + number, fit, what) for number, what in engagements] for letter, fit in fits]


def _span(low: int, next_: int) -> str:
    return minus(low) if next_ == low + 1 else f"{minus(low)} to {minus(next_ - 1)}"


def signature_of(book: Rulebook) -> Signature:
    """Signed by marketing and sales, by one of them, or published over their heads."""
    by = {"marketing": book.signed_marketing_by, "sales": book.signed_sales_by}
    signed = [f"{user} for {side}" for side, user in by.items() if user]
    if len(signed) == len(by):
        return Signature(f"Signed by {' and '.join(signed)}", True)
    if signed:
        return Signature(f"Signed only by {signed[0]}", False)
    origin = f", published by {book.published_from}" if book.published_from else ""
    return Signature(f"Unsigned{origin}", False)
