"""A draft tried on one lead: its explanation beside that of the published rulebook, rule by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from leads.listing import SORTS, LeadRow, lead_page
from leads.models import Lead
from scoring.effect.effect import Forms
from scoring.engine.difference import DimensionChange, GroupChange, RuleChange, difference
from scoring.engine.explainer import DimensionReason, Explanation, GroupReason, RuleReason, explain
from scoring.engine.loading import load_leads
from scoring.models import Rulebook
from scoring.reasons import line_of
from scoring.rulebook.form import Form, Mql

# A search shows so many leads; whoever has more to choose from types more.
MOST_FOUND = 20
_LARGEST_ID = 18  # digits


@dataclass(frozen=True)
class TrialLine:
    """A rule, or what floor and cap take. None: that side has no such rule switched on in this group."""

    name: str
    before: int | None
    after: int | None
    words_before: str = ""
    words_after: str = ""
    flags: Sequence[str] = ()

    @property
    def change(self) -> int:
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True)
class TrialGroup:
    name: str
    before: int | None
    after: int | None
    lines: Sequence[TrialLine]

    @property
    def change(self) -> int:
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True)
class TrialDimension:
    name: str
    before: int
    after: int
    groups: Sequence[TrialGroup]
    bounds: TrialLine | None

    @property
    def change(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class Trial:
    """Lines add up to groups, groups to dimensions, these to the totals. `silent`: rules that neither side has met."""

    lead: Lead
    published: Rulebook | None
    before: Explanation | None
    after: Explanation
    before_mql: Mql | None
    after_mql: Mql
    dimensions: Sequence[TrialDimension]
    silent: int

    @property
    def change(self) -> int:
        return self.after.score.total - (self.before.score.total if self.before else 0)

    @property
    def is_other_verdict(self) -> bool:
        return self.before is not None and self.before.score.qualified != self.after.score.qualified


def trial_of(book: Rulebook, lead: Lead, *, day: date) -> Trial:
    """Raises RulebookError for what is wrong with the draft."""
    forms = Forms.of(book)
    after = _explained(forms.form, lead, day)
    before = _explained(forms.published_form, lead, day) if forms.published_form else None
    # Without a rulebook in force, beside one that has no rules.
    empty = replace(forms.form, groups=(), rules=())
    found = difference(before or _explained(empty, lead, day), after)
    dimensions = [_dimension(part, day) for part in found.dimensions]
    rules = [rule for part in found.dimensions for group in part.groups for rule in group.rules]
    return Trial(
        lead,
        forms.published,
        before,
        after,
        forms.published_form.mql if forms.published_form else None,
        forms.form.mql,
        dimensions,
        silent=sum(not _is_heard(rule) for rule in rules),
    )


def _explained(form: Form, lead: Lead, day: date) -> Explanation:
    (facts,) = load_leads(form, [lead.pk])
    return explain(form, facts, day)


def _is_heard(rule: RuleChange) -> bool:
    return any(side is not None and side.is_met for side in (rule.before, rule.after))


def _dimension(part: DimensionChange, day: date) -> TrialDimension:
    groups = [_group(group, day) for group in part.groups if any(map(_is_heard, group.rules))]
    bounds = _bounds(part.before, part.after)
    return TrialDimension(part.dimension.label, part.before.points, part.after.points, groups, bounds)


def _group(group: GroupChange, day: date) -> TrialGroup:
    lines = [_line(rule, day) for rule in group.rules if _is_heard(rule)]
    if bounds := _bounds(group.before, group.after):
        lines.append(bounds)
    before, after = (None if side is None else side.points for side in (group.before, group.after))
    return TrialGroup(group.name, before, after, lines)


def _bounds(
    before: GroupReason | DimensionReason | None, after: GroupReason | DimensionReason | None
) -> TrialLine | None:
    """What floor and cap give or take on either side; none where they leave both alone."""
    old, new = (0 if side is None else side.points - side.raw_points for side in (before, after))
    return TrialLine("Floor and cap", old, new) if old or new else None


def _line(rule: RuleChange, day: date) -> TrialLine:
    flags = [flag for side in (rule.before, rule.after) if side for flag in line_of(side, day).flags]
    return TrialLine(
        name=rule.reason.rule.name,
        before=None if rule.before is None else rule.before.contribution,
        after=None if rule.after is None else rule.after.contribution,
        words_before=_words(rule.before, day),
        words_after=_words(rule.after, day),
        flags=tuple(dict.fromkeys(flags)),
    )


def _words(reason: RuleReason | None, day: date) -> str:
    if reason is None:
        return "no such rule"
    return line_of(reason, day).words if reason.is_met else "not met"


def found_leads(text: str) -> list[LeadRow]:
    """Those whom the search of the list of leads finds, newest first, and before them the one with this number."""
    rows = list(lead_page(leads=Lead.objects.found_by(text), sort=SORTS[0], cursor=None).rows[:MOST_FOUND])
    if text.isascii() and text.isdigit() and len(text) <= _LARGEST_ID:
        numbered = Lead.objects.select_related("score").filter(pk=int(text))
        rows = [LeadRow(lead, getattr(lead, "score", None), None) for lead in numbered] + rows
    return rows
