"""What each rule does to a set of leads, in sums: how many meet it, what it gives, what caps take of that.

One statement over the facts level of the compiler, a sibling of its second output: the database adds up,
so that nothing comes back but a row. The explainer is its oracle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from leads.conditions import Fragment, dialect_of
from leads.conditions.sql import joined, sql
from leads.models.fields import day_number
from scoring.engine.compiler import activity_type_ids, batch_cursor
from scoring.engine.levels import Levels, Target
from scoring.engine.plan import Question
from scoring.rulebook.form import AnyRule, EngagementRule, Form, Group

# A statement of PostgreSQL has at most 1,664 columns; a rule takes four, a group four.
_RULES_AT_ONCE = 100


@dataclass(frozen=True)
class RuleHits:
    """What one rule does to the leads looked at.

    `met`: how many meet it. `recent`: how many of these by an activity since the day asked about (rules
    of another kind: all of them). Points are sizes, without sign: `raw` after decay and before caps,
    `given` after the rule's own cap, `taken_by_group` is what of that the group's cap (of a penalty: its
    floor) takes, shared out among the rules that push in that direction by the points they give.
    """

    met: int = 0
    recent: int = 0
    raw: int = 0
    given: int = 0
    taken_by_group: float = 0.0

    def __add__(self, other: RuleHits) -> RuleHits:
        return RuleHits(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))


@dataclass(frozen=True)
class Hits:
    """How many leads were looked at, and what each enabled rule does to them, by its key."""

    leads: int
    rules: Mapping[str, RuleHits]

    def __add__(self, other: Hits) -> Hits:
        keys = self.rules.keys() | other.rules.keys()
        none = RuleHits()
        rules = {key: self.rules.get(key, none) + other.rules.get(key, none) for key in keys}
        return Hits(self.leads + other.leads, rules)


def rule_hits(form: Form, *, day: date, since: date, target: Target) -> Hits:
    """What the rules do to these leads on a day. A statement for each hundred rules."""
    type_ids = activity_type_ids()
    leads, found = 0, dict[str, RuleHits]()
    for part in _parts(form):
        statement = _Statement(part, day, since, type_ids)
        leads, *sums = _row(statement.over(target))
        for index, rule in enumerate(part.enabled_rules):
            met, recent, raw, given, taken = (value or 0 for value in sums[5 * index : 5 * index + 5])
            found[rule.key] = RuleHits(int(met), int(recent), int(raw), int(given), float(taken))
    return Hits(leads, found)


def _row(statement: Fragment) -> tuple[Any, ...]:
    with batch_cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _parts(form: Form) -> Iterator[Form]:
    """The rulebook in parts of whole groups, each small enough for one statement; caps of rules are kept."""
    groups: list[Group] = []
    rules: list[AnyRule] = []
    for group in form.groups:
        groups.append(group)
        rules += form.rules_of(group)
        if len(rules) >= _RULES_AT_ONCE:
            yield replace(form, groups=tuple(groups), rules=tuple(rules))
            groups, rules = [], []
    yield replace(form, groups=tuple(groups), rules=tuple(rules))


class _Statement:
    """The statement for some groups of a rulebook."""

    def __init__(self, form: Form, day: date, since: date, type_ids: Mapping[str, int]) -> None:
        self.form = form
        self.since = since
        # The compiler gives points without caps; the caps are put on here, where both sides can be added up.
        uncapped = tuple(replace(rule, max_points=None) for rule in form.rules)
        question = Question(day_number(day), evidence=True)
        self.levels = Levels(replace(form, rules=uncapped), question, type_ids, dialect_of(connection))
        self.speech = self.levels.speech
        self.numbers = {rule.key: index for index, rule in enumerate(form.enabled_rules)}

    def over(self, target: Target) -> Fragment:
        """One row: the number of leads, then for each rule met, recent, raw, given, taken by the group."""
        return sql(
            f"SELECT COUNT(*){{}} FROM (SELECT k.*{{}} FROM (SELECT r.*{{}} FROM ({{}}) r {self.speech.fence}) k"
            f" {self.speech.fence}) g",
            _more(self._sums()),
            _more(self._cuts()),
            _more(self._capped()),
            self._rules(target),
        )

    def _rules(self, target: Target) -> Fragment:
        """One row a lead: for each rule met, recent, and the points without a cap."""
        columns = [Fragment("x.lead_id")]
        for rule in self.form.enabled_rules:
            plan, number = self.levels.rules[rule.key], self.numbers[rule.key]
            columns.append(sql(f"CASE WHEN {{}} THEN 1 ELSE 0 END AS m{number}", plan.met))
            if isinstance(rule, EngagementRule):
                recent = sql("({}) AND {} >= {}", plan.met, plan.latest, self._since_instant())
                columns.append(sql(f"CASE WHEN {{}} THEN 1 ELSE 0 END AS n{number}", recent))
            columns.append(sql(f"CAST({{}} AS bigint) AS u{number}", plan.points))
        return sql(
            f"SELECT {{}} FROM ({{}}) x {self.speech.fence}", joined(", ", columns), self.levels.facts(target)
        )

    def _since_instant(self) -> Any:
        start = timezone.make_aware(datetime.combine(self.since, time.min), timezone.get_default_timezone())
        return connection.ops.adapt_datetimefield_value(start)

    def _capped(self) -> Iterator[Fragment]:
        """What each capped rule gives."""
        for rule in self.form.enabled_rules:
            if rule.max_points is not None:
                number, size = self.numbers[rule.key], rule.max_points
                points = Fragment(f"r.u{number}")
                low, high = (None, size) if rule.points > 0 else (-size, None)
                yield sql(f"{{}} AS c{number}", self.speech.clamped(points, low, high))

    def _given(self, rule: AnyRule, alias: str) -> str:
        return f"{alias}.{'u' if rule.max_points is None else 'c'}{self.numbers[rule.key]}"

    def _cuts(self) -> Iterator[Fragment]:
        """For each bounded group: what pushes up (p) and down (q), and what cap (s) and floor (t) take of it."""
        for index, group in enumerate(self.form.groups):
            rules = [rule for rule in self.form.rules_of(group) if rule.enabled]
            up = self._sum(rule for rule in rules if rule.points > 0)
            down = self._sum(rule for rule in rules if rule.points < 0)
            low, high = group.bounds.low, group.bounds.high
            if high is not None:
                cut = sql("{} + {} - {}", up, down, high)
                yield sql(f"{{}} AS p{index}", up)
                yield sql(f"{{}} AS s{index}", self.speech.minimum(self.speech.maximum(cut, 0), up))
            if low is not None:
                push, cut = sql("-({})", down), sql("{} - ({} + {})", low, up, down)
                yield sql(f"{{}} AS q{index}", push)
                yield sql(f"{{}} AS t{index}", self.speech.minimum(self.speech.maximum(cut, 0), push))

    def _sum(self, rules: Iterator[AnyRule]) -> Fragment:
        terms = [self._given(rule, "k") for rule in rules]
        return Fragment(f"({' + '.join(terms)})" if terms else "CAST(0 AS bigint)")

    def _sums(self) -> Iterator[Fragment]:
        groups = {group.key: (index, group) for index, group in enumerate(self.form.groups)}
        for rule in self.form.enabled_rules:
            number, given = self.numbers[rule.key], self._given(rule, "g")
            recent = "n" if isinstance(rule, EngagementRule) else "m"
            yield Fragment(f"SUM(g.m{number})")
            yield Fragment(f"SUM(g.{recent}{number})")
            yield Fragment(f"SUM(ABS(g.u{number}))")
            yield Fragment(f"SUM(ABS({given}))")
            yield self._taken(rule, given, *groups[rule.group])

    @staticmethod
    def _taken(rule: AnyRule, given: str, index: int, group: Group) -> Fragment:
        bound = group.bounds.high if rule.points > 0 else group.bounds.low
        if bound is None:
            return Fragment("0")
        push, cut = (f"g.p{index}", f"g.s{index}") if rule.points > 0 else (f"g.q{index}", f"g.t{index}")
        share = f"CAST(ABS({given}) AS double precision) * {cut} / {push}"
        return Fragment(f"SUM(CASE WHEN {cut} > 0 THEN {share} ELSE 0 END)")


def _more(columns: Iterator[Fragment]) -> Fragment:
    """The columns with a comma in front of each."""
    return joined("", [sql(", {}", column) for column in columns])


def recent_hits(
    form: Form, rules: Sequence[EngagementRule], *, day: date, since: date, target: Target
) -> Hits:
    """The same for rules whose windows are shorter, each as if its window reached back to `since`."""
    window = (day - since + timedelta(days=1)).days
    widened = tuple(replace(rule, window_days=window) for rule in rules)
    return rule_hits(replace(form, rules=widened), day=day, since=since, target=target)
