"""What the counts say of a rule, and when they say enough to suggest other points. Defined here, once.

See docs/evidence.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scoring.evidence.counting import Counts, Tally
from scoring.evidence.proportions import Interval
from scoring.rulebook.form import AnyRule, Form, Group
from scoring.rulebook.reach import most_points

# Fewer decided handoffs than this on either side tell nothing.
ENOUGH = 30
# Strong evidence has the whole interval of the difference this far on one side of 0.
MARGIN = 0.10
# Of the threshold: a rule that gives less at most decides nothing, and is not worth a suggestion.
WEIGHTY = 0.10


class Verdict(StrEnum):
    """In the order of what to look at first."""

    AGAINST = "against"
    LEANS_AGAINST = "leans_against"
    EARNS = "earns"
    LEANS_FOR = "leans_for"
    UNCLEAR = "unclear"
    FEW = "few"

    @property
    def label(self) -> str:
        return _LABELS[self][0]

    @property
    def plural(self) -> str:
        return _LABELS[self][1]

    @property
    def tone(self) -> str:
        return _LABELS[self][2]


_LABELS = {
    Verdict.AGAINST: ("Works against", "work against", "bad"),
    Verdict.LEANS_AGAINST: ("Leans against", "lean against", "warn"),
    Verdict.EARNS: ("Earns its points", "earn their points", "good"),
    Verdict.LEANS_FOR: ("Leans for", "lean for", "info"),
    Verdict.UNCLEAR: ("No difference seen", "no difference seen", ""),
    Verdict.FEW: ("Too few to tell", "too few to tell", ""),
}
_ORDER = list(Verdict)


@dataclass(frozen=True)
class Line:
    """A rule or a group with its counts. `sign` is that of its points: what a difference is expected to have."""

    key: str
    name: str
    points: int | None  # None: a group
    sign: int
    counts: Counts
    group: str = ""

    @property
    def verdict(self) -> Verdict:
        if min(self.counts.with_.decided, self.counts.without.decided) < ENOUGH:
            return Verdict.FEW
        against, low = -self.for_points.high, self.for_points.low
        if against > 0:
            return Verdict.AGAINST if against > MARGIN else Verdict.LEANS_AGAINST
        if low > 0:
            return Verdict.EARNS if low > MARGIN else Verdict.LEANS_FOR
        return Verdict.UNCLEAR

    @property
    def for_points(self) -> Interval:
        """The difference in acceptance, turned so that above 0 speaks for the points as they are."""
        interval = self.counts.acceptance.interval
        return interval if self.sign > 0 else Interval(-interval.high, -interval.low)

    @property
    def strength(self) -> float:
        """How far the evidence is from telling nothing: the end of the interval that is nearer to 0."""
        return max(self.for_points.low, -self.for_points.high, 0.0)


@dataclass(frozen=True)
class Suggestion:
    """Try `to` points in place of `points`."""

    line: Line
    points: int
    to: int

    @property
    def decided(self) -> int:
        return self.line.counts.with_.decided + self.line.counts.without.decided


@dataclass(frozen=True)
class Findings:
    """Rules and groups, each in the order of what to look at first."""

    tally: Tally
    rules: Sequence[Line]
    groups: Sequence[Line]
    suggestions: Sequence[Suggestion]

    def having(self, verdict: Verdict) -> int:
        return sum(line.verdict == verdict for line in self.rules)


def findings_of(form: Form, tally: Tally) -> Findings:
    """What the tally says of the enabled rules and their groups."""
    names = {group.key: group.name for group in form.groups}
    by_key = {rule.key: rule for rule in form.enabled_rules}
    rules = _ranked(
        [
            Line(key, rule.name, rule.points, _sign(rule.points), tally.rules[key], names[rule.group])
            for key, rule in by_key.items()
        ]
    )
    groups = _ranked(
        [
            Line(group.key, group.name, None, _sign_of_group(form, group), tally.groups[group.key])
            for group in form.groups
            if any(rule.enabled for rule in form.rules_of(group))
        ]
    )
    suggested = (_suggestion(form, by_key[line.key], line) for line in rules)
    return Findings(tally, rules, groups, [found for found in suggested if found])


def _ranked(lines: Sequence[Line]) -> list[Line]:
    """What speaks against its points first, then what speaks for them, the strongest of each first."""
    return sorted(lines, key=lambda line: (_ORDER.index(line.verdict), -line.strength))


def _sign(points: int) -> int:
    return -1 if points < 0 else 1


def _sign_of_group(form: Form, group: Group) -> int:
    """A group of penalties is one whose rules take more than they give."""
    return _sign(sum(rule.points for rule in form.rules_of(group) if rule.enabled))


def _suggestion(form: Form, rule: AnyRule, line: Line) -> Suggestion | None:
    """A third of the points, where sales clearly decided against what they say."""
    to = _sign(rule.points) * max(1, round(abs(rule.points) / 3))
    if line.verdict != Verdict.AGAINST or rule.is_flagged or to == rule.points or not _is_weighty(form, rule):
        return None
    return Suggestion(line, rule.points, to)


def _is_weighty(form: Form, rule: AnyRule) -> bool:
    return abs(most_points(rule)) >= WEIGHTY * abs(form.mql.threshold)
