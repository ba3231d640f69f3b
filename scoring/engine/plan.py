"""A rulebook as expressions: what each rule asks of a lead and its activities, and gives for it.

The expressions are spread over the levels of one statement (scoring.engine.levels): aggregates of
activities, then the lead with its facts, then points. Texts of rules are parameters. So are whole
numbers, save the step tables of decay, which this module works out itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from leads.conditions import Fragment, condition_sql
from leads.conditions.sql import joined, sql
from scoring.engine.aggregates import Columns, Rows, Scan, all_of, type_is
from scoring.engine.dialects import Speech
from scoring.engine.weights import FULL_WEIGHT, cap, points_from_weights, step_weights, weightless_age
from scoring.rulebook.form import Count, Decay, DecayKind, EngagementRule, FitRule, Form, Match, SilenceRule

NEVER = 9_999_999  # a day after all days
ZERO, NOT_ASKED = Fragment("0"), Fragment("1 = 0")
# A silence rule that never ends looks this many periods back before it looks at single leads.
_SILENT_PERIODS = 4


@dataclass(frozen=True)
class RulePlan:
    """What a rule gives, over the columns of the `facts` level."""

    met: Fragment  # boolean, never null
    points: Fragment
    next_day: Fragment | None = None  # when time alone may change points or met; None: never
    matches: Fragment = ZERO
    latest: Fragment = Fragment("NULL")


@dataclass(frozen=True)
class Question:
    """What is computed: for scores only points and flags, for evidence also matches and the latest of them."""

    day: int
    evidence: bool = False
    only_new: bool = False  # only activities after the lead's evidence_after, and no silence
    # Not after the lead's own evidence_after, but after these instants: (lead, instant).
    new_since: Sequence[tuple[int, object]] | None = None
    # Only activities that were known before this instant; None: all. Instants are as the database takes them.
    known_by: object = None

    @property
    def is_known(self) -> list[Fragment]:
        """The condition on activities `a` that it takes, if any."""
        return [] if self.known_by is None else [sql("a.known_at < {}", self.known_by)]


@dataclass
class Planner:
    """Turns rules into expressions, and gathers what the levels below must provide."""

    form: Form
    question: Question
    type_ids: Mapping[str, int]
    speech: Speech
    flat: Scan = field(default_factory=lambda: Scan("f"))
    typed: Scan = field(default_factory=lambda: Scan("t"))
    detailed: Scan = field(default_factory=lambda: Scan("e"))
    daily: Scan = field(default_factory=lambda: Scan("d"))
    per_day: Columns = field(default_factory=lambda: Columns("n"))
    facts: Columns = field(default_factory=lambda: Columns("x"))

    @property
    def day(self) -> int:
        return self.question.day

    @property
    def scans(self) -> tuple[Scan, ...]:
        return self.flat, self.typed, self.detailed, self.daily

    # Fit ------------------------------------------------------------------------------------------

    def fit(self, rule: FitRule) -> RulePlan:
        conditions = [sql("({})", condition_sql(item, self.speech.dialect)) for item in rule.conditions]
        met = joined(" AND " if rule.match == Match.ALL else " OR ", conditions)
        # The condition is tested where the facts are, once, and travels as 1 or 0.
        column = self.facts.add(sql("CASE WHEN {} THEN 1 ELSE 0 END", met))
        points = cap(abs(rule.points), rule.points, rule.max_points)
        return RulePlan(sql("{} = 1", column), sql("{} * {}", column, points), matches=column)

    # Engagement -----------------------------------------------------------------------------------

    def engagement(self, rule: EngagementRule) -> RulePlan:
        rows = self._rows(rule)
        gates = self._gates(rule, rows)
        points = self._once(rule, rows) if rule.count == Count.ONCE else self._each(rule, rows)
        changes = self._changes(rule, rows, is_gated=bool(gates))
        next_day = self.speech.minimum(*changes) if changes else None
        if gates:
            points = sql("CASE WHEN {} THEN {} ELSE 0 END", all_of(gates), points)
            if next_day is not None:  # what was not met cannot become met by time alone
                next_day = sql("CASE WHEN {} THEN {} ELSE {} END", all_of(gates), next_day, NEVER)
        if self.question.evidence:
            matches = self._fact(rows.matches())
            met = all_of(gates) if gates else sql("{} > 0", matches)
            return RulePlan(met, points, next_day, matches, self._fact(self._latest(rule, rows)))
        if gates:
            return RulePlan(all_of(gates), points, next_day)
        # Only a rule with a flag must know whether it is met; asking costs an aggregate.
        met = sql("{} IS NOT NULL", self._fact(rows.latest_day())) if rule.is_flagged else NOT_ASKED
        return RulePlan(met, points, next_day)

    def _match(self, rule: EngagementRule) -> Fragment:
        first_day = None if rule.window_days is None else self.day - rule.window_days + 1
        window = [] if first_day is None else [sql("a.day >= {}", first_day)]
        conditions = [condition_sql(item, self.speech.dialect) for item in rule.conditions]
        types = type_is(self.ids(rule.activity_types))
        return all_of([types, sql("a.day <= {}", self.day), *window, *conditions])

    def _rows(self, rule: EngagementRule) -> Rows:
        types, read_from = self.ids(rule.activity_types), self._read_from(rule)
        if self._needs_days(rule):
            self.daily.reach.include(types, read_from)
            count = "p." + self.per_day.add(sql("COUNT(*) FILTER (WHERE {})", self._match(rule)))
            return Rows(self.daily, count + " > 0", Fragment("p.day"), count)
        scan = self._scan_of(rule)
        scan.reach.include(types, read_from)
        is_counted = scan is self.typed or (scan is self.flat and self.is_grouped)
        each = Fragment("a.n") if is_counted else None
        today = self.day if self._has_day_bits(rule) else None
        return Rows(scan, self._match(rule), Fragment("a.day"), each, today)

    def _scan_of(self, rule: EngagementRule) -> Scan:
        if not self._is_plain(rule):
            return self.detailed
        return self.typed if self._asks_days(rule) and not self.is_grouped else self.flat

    @cached_property
    def is_grouped(self) -> bool:
        """Whether the rows of the flat scan are the days of a type, which answers rules on days of one type too."""
        return self.speech.sorts_by_index and any(
            isinstance(rule, EngagementRule) and self._asks_days(rule) and self._is_of_one_type(rule)
            for rule in self.form.enabled_rules
        )

    def _asks_days(self, rule: EngagementRule) -> bool:
        """Whether activities do not tell enough, one by one."""
        if rule.max_per_day is not None:
            return True
        return rule.min_days > 1 and not (self._has_day_bits(rule) or self._has_distinct_days(rule))

    def _needs_days(self, rule: EngagementRule) -> bool:
        """Whether the daily scan has to answer the rule."""
        return self._asks_days(rule) and not self._is_of_one_type(rule)

    def _is_of_one_type(self, rule: EngagementRule) -> bool:
        return len(rule.activity_types) == 1 and self._is_plain(rule)

    def _has_day_bits(self, rule: EngagementRule) -> bool:
        is_short = rule.window_days is not None and rule.window_days <= self.speech.day_bits
        return is_short and rule.min_days > 1 and rule.max_per_day is None and self._is_plain(rule)

    def _has_distinct_days(self, rule: EngagementRule) -> bool:
        """Whether days are counted among activities: where sorting days costs more than one small set a lead."""
        return not self.speech.sorts_by_index and self._is_plain(rule)

    def _is_plain(self, rule: EngagementRule) -> bool:
        """Whether lead, type and day, which are an index, tell all that is asked."""
        return not rule.conditions and not self.question.evidence

    def _read_from(self, rule: EngagementRule) -> int | None:
        """The first day from which a match can matter to the score."""
        ages = [rule.window_days]
        if not (self._is_gated(rule) or rule.is_flagged or self.question.evidence):
            ages.append(weightless_age(rule.decay))  # else weightless matches count for being met
        known = [age for age in ages if age is not None]
        return self.day - min(known) + 1 if known else None

    @staticmethod
    def _is_gated(rule: EngagementRule) -> bool:
        return rule.min_count > 1 or rule.min_days > 1 or rule.min_assets is not None

    def _gates(self, rule: EngagementRule, rows: Rows) -> list[Fragment]:
        gates = []
        if rule.min_count > 1:
            gates.append(sql("{} >= {}", self._fact(rows.matches()), rule.min_count))
        if rule.min_days > 1:
            gates.append(sql("{} >= {}", self._fact(rows.days()), rule.min_days))
        if rule.min_assets is not None:
            self.detailed.reach.include(self.ids(rule.activity_types), self._read_from(rule))
            rows = Rows(self.detailed, self._match(rule), Fragment("a.day"))
            assets = rows.aggregate("COUNT", Fragment("DISTINCT a.asset_id"))
            gates.append(sql("{} >= {}", self._fact(sql("COALESCE({}, 0)", assets)), rule.min_assets))
        return gates

    def _each(self, rule: EngagementRule, rows: Rows) -> Fragment:
        """Points where each match counts: the sum of weights, rounded and capped."""
        count = rows.count
        if count is not None and rule.max_per_day == 1:
            count = None  # a row is a day: it counts once, however many it stands for
        elif count is not None and rule.max_per_day is not None:
            # The sum of bigints is a numeric in PostgreSQL, and slow; a sum of integers is a bigint.
            count = sql("CAST({} AS integer)", self.speech.minimum(count, rule.max_per_day))
        if rule.decay.kind == DecayKind.NONE:
            total = self._total(rows, None if rule.max_per_day is None else count or Fragment("1"), None)
            return self._capped(sql("{} * {}", total, abs(rule.points)), rule)
        first_day = self.day - self._weighty_days(rule) + 1
        weight = self._weight(rule.decay, rows.day)
        total = self._total(rows, weight if count is None else sql("{} * {}", count, weight), first_day)
        return self._capped(
            sql("({} * {} + {}) / {}", total, abs(rule.points), FULL_WEIGHT // 2, FULL_WEIGHT), rule
        )

    def _total(self, rows: Rows, value: Fragment | None, first_day: int | None) -> Fragment:
        if value is None:
            return self._fact(rows.matches())
        aggregate = rows.aggregate("SUM", value, first_day)
        return self._fact(sql("COALESCE(CAST({} AS bigint), 0)", aggregate))

    def _capped(self, size: Fragment, rule: EngagementRule | SilenceRule) -> Fragment:
        capped = self.speech.clamped(size, None, rule.max_points)
        return capped if rule.points > 0 else sql("-({})", capped)

    @staticmethod
    def _weighty_days(rule: EngagementRule) -> int:
        """For how many ages a match of a decaying rule both counts and weighs something."""
        weighty = weightless_age(rule.decay)
        assert weighty is not None
        return weighty if rule.window_days is None else min(weighty, rule.window_days)

    def _weight(self, decay: Decay, day: Fragment) -> Fragment:
        if decay.kind == DecayKind.LINEAR:
            step = sql("({} - {}) / {}", self.day, day, decay.days)
            return sql("({} - {} * ({}))", FULL_WEIGHT, 10 * decay.percent, step)
        return self._by_step(decay, day, step_weights(decay))

    def _by_step(self, decay: Decay, day: Fragment, values: Sequence[int]) -> Fragment:
        """The value of the step that the day's age falls into; 0 after the last, or where there is no day."""
        steps = [(self.day - (index + 1) * decay.days + 1, value) for index, value in enumerate(values)]
        kept = [step for step, after in zip(steps, [*steps[1:], (0, 0)], strict=True) if step[1] != after[1]]
        if not kept:
            return ZERO
        # A rulebook may have 300 tables of 100 steps: as parameters they would be too many for SQLite.
        whens = " ".join(f"WHEN {{}} >= {first_day} THEN {value}" for first_day, value in kept)
        return sql(f"CASE {whens} ELSE 0 END", *[day] * len(kept))

    def _once(self, rule: EngagementRule, rows: Rows) -> Fragment:
        """Points where only the latest match counts: a table from its day."""
        full = points_from_weights(rule.points, FULL_WEIGHT, rule.max_points)
        if rule.decay.kind == DecayKind.NONE and max(rule.min_count, rule.min_days) > 1:
            return sql("{}", full)  # its gate asks for matches, and no day is needed
        latest = self._fact(rows.latest_day())
        if rule.decay.kind == DecayKind.NONE:
            return sql("CASE WHEN {} IS NULL THEN 0 ELSE {} END", latest, full)
        weights = step_weights(rule.decay)
        values = [points_from_weights(rule.points, weight, rule.max_points) for weight in weights]
        return self._by_step(rule.decay, latest, values)

    # When the score may change by time ------------------------------------------------------------

    def _changes(self, rule: EngagementRule, rows: Rows, *, is_gated: bool) -> list[Fragment]:
        """Days on which a weight steps down, or a window closes over a match."""
        changes = []
        if rule.decay.kind != DecayKind.NONE:
            changes.append(self._next_step(rule, rows))
        if rule.window_days is not None and self._window_matters(rule, is_gated=is_gated):
            is_latest = rule.count == Count.ONCE and not is_gated
            closing = self._fact(rows.latest_day() if is_latest else rows.first_day())
            changes.append(sql("COALESCE({} + {}, {})", closing, rule.window_days, NEVER))
        return changes

    @staticmethod
    def _window_matters(rule: EngagementRule, *, is_gated: bool) -> bool:
        """Whether the window can change something on a day that is no step of the decay."""
        if is_gated or rule.is_flagged or rule.decay.kind == DecayKind.NONE or rule.window_days is None:
            return True
        weighty = weightless_age(rule.decay)
        return weighty is not None and rule.window_days < weighty and rule.window_days % rule.decay.days != 0

    def _next_step(self, rule: EngagementRule, rows: Rows) -> Fragment:
        days, first_day = rule.decay.days, self.day - self._weighty_days(rule) + 1
        if rule.count == Count.ONCE:
            latest = self._fact(rows.latest_day())
            step = sql("{} + (({} - {}) / {} + 1) * {}", latest, self.day, latest, days, days)
            return sql("CASE WHEN {} >= {} THEN {} ELSE {} END", latest, first_day, step, NEVER)
        # The match that has gone furthest through its step is the first to reach the next one.
        gone = sql("({} - {}) %% {}", self.day, rows.day, days)
        furthest = self._fact(rows.aggregate("MAX", gone, first_day))
        return sql("COALESCE({} - {}, {})", self.day + days, furthest, NEVER)

    def _latest(self, rule: EngagementRule, rows: Rows) -> Fragment:
        """The instant of the latest match."""
        if rows.count is None:
            return rows.aggregate("MAX", Fragment("a.occurred_at"))
        latest = self.per_day.add(sql("MAX(a.occurred_at) FILTER (WHERE {})", self._match(rule)))
        return rows.aggregate("MAX", "p." + latest)

    # Silence --------------------------------------------------------------------------------------

    def silence(self, rule: SilenceRule) -> RulePlan:
        most = self._most_periods(rule)
        start = self._fact(self._silent_since(rule, most))
        periods = self.speech.maximum(sql("({} - {}) / {}", self.day, start, rule.every_days), 0)
        met = sql("{} - {} >= {}", self.day, start, rule.every_days)
        next_day = sql("{} + ({} + 1) * {}", start, periods, rule.every_days)
        if most is not None:
            next_day = sql("CASE WHEN {} < {} THEN {} ELSE {} END", periods, most, next_day, NEVER)
        if rule.repeats:
            points = self._capped(sql("CAST({} AS bigint) * {}", periods, abs(rule.points)), rule)
        else:
            value = cap(abs(rule.points), rule.points, rule.max_points)
            points = sql("CASE WHEN {} THEN {} ELSE 0 END", met, value)
        return RulePlan(met, points, next_day, periods, start)

    @staticmethod
    def _most_periods(rule: SilenceRule) -> int | None:
        """The number of periods after which silence gives nothing more; None where it always does."""
        if not rule.repeats:
            return 1
        return None if rule.max_points is None else -(-rule.max_points // abs(rule.points))

    def _silent_since(self, rule: SilenceRule, most: int | None) -> Fragment:
        """The day on which the clock started.

        Not all of the past is read for it. Whoever was active within the reach is answered by the
        scan; whoever was not has reached the most that silence gives, unless the lead is younger
        than that or there is no most: only then is the last activity looked up, lead by lead.
        """
        types = self.ids(rule.activity_types) if rule.activity_types else tuple(self.type_ids.values())
        reach = rule.every_days * (_SILENT_PERIODS if most is None else most)
        is_exact = self.question.evidence
        first_day = None if is_exact else self.day - reach + 1
        scan = self.detailed if is_exact else self.flat  # which all other rules of evidence need, too
        scan.reach.include(types, first_day)
        kind = [type_is(types)] if rule.activity_types else []
        matched = all_of([*kind, sql("a.day <= {}", self.day)])
        # Another rule may have some of the types read further back: what is older says nothing about the rest.
        latest = Rows(scan, matched, Fragment("a.day")).aggregate("MAX", Fragment("a.day"), first_day)
        if is_exact:
            return sql("COALESCE({}, l.created_day)", latest)
        known = all_of([matched, *self.question.is_known])
        lookup = sql("(SELECT MAX(a.day) FROM leads_activity a WHERE a.lead_id = l.id AND {})", known)
        if most is not None:
            lookup = sql("CASE WHEN l.created_day > {} THEN {} END", self.day - reach, lookup)
        return sql("COALESCE({}, {}, l.created_day)", latest, lookup)

    # ----------------------------------------------------------------------------------------------

    def future(self) -> list[Fragment]:
        """The first day on which an activity of negative age comes to exist, by scan."""
        found = []
        seen: set[int] = set()
        for scan in self.scans:
            day = "p.day" if scan is self.daily else "a.day"
            if scan.reach.first_days.keys() - seen:  # else those before it have looked at all its types
                seen |= scan.reach.first_days.keys()
                found.append(self._fact(scan.add(sql(f"MIN({day}) FILTER (WHERE {day} > {{}})", self.day))))
        return [sql("COALESCE({}, {})", column, NEVER) for column in found]

    def ids(self, codes: Iterable[str]) -> tuple[int, ...]:
        return tuple(sorted(self.type_ids[code] for code in codes))

    def _fact(self, expression: Fragment) -> Fragment:
        return self.facts.add(expression)
