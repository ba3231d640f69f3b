"""The compiler: a rulebook to one set-based statement for each range of leads, and what runs it.

`score` writes scores, `standings` tells where leads stand, `evidence` rule by rule what made it, `reentry` what a
held lead did since its hold began. The explainer is the oracle of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from leads.conditions import Dialect, Fragment, dialect_of
from leads.conditions.sql import joined, sql
from leads.models import ActivityType
from leads.models.fields import day_from_number, day_number
from scoring.engine.levels import LeadRange, LeadSet, Levels, Target
from scoring.engine.plan import Question
from scoring.engine.writing import Stamp, write_statements
from scoring.rulebook.form import AnyRule, EngagementRule, FitRule, Form, SilenceRule

__all__ = ["CompiledRulebook", "Contribution", "LeadRange", "LeadSet", "Stamp", "activity_type_ids"]


# A result may have 1,664 columns in PostgreSQL and 2,000 in SQLite; a rule takes up to a dozen.
_RULES_AT_ONCE = 100


@dataclass(frozen=True)
class Contribution:
    """What a met rule gave to a lead.

    `matches`: activities inside the window; silence: periods gone by; fit: 1. `latest`: the instant of
    the latest match. `silent_since`: the day on which a silence rule's clock started.
    """

    rule: AnyRule
    points: int
    matches: int
    latest: datetime | None = None
    silent_since: date | None = None


@dataclass(frozen=True)
class Reentry:
    """What a held lead did after its evidence_after: engagement without silence, and fast-track rules met."""

    engagement: int
    is_fast_track: bool


def activity_type_ids() -> dict[str, int]:
    """The key of each activity type by its code. One query."""
    return dict(ActivityType.objects.values_list("code", "pk"))


class Standing(NamedTuple):
    """Where a lead stands on a day. Before `valid_until` (a day's number) time alone changes nothing of it."""

    lead: int
    fit: int
    engagement: int
    qualified: bool
    fast_tracked: bool
    holds_line: bool
    valid_until: int | None


class CompiledRulebook:
    """A rulebook on a day, for the database at hand. Compiled once, used for many ranges.

    `known_by`: only activities that were known before this instant exist.
    """

    def __init__(
        self,
        form: Form,
        day: date,
        type_ids: Mapping[str, int] | None = None,
        *,
        known_by: datetime | None = None,
    ) -> None:
        self.form = form
        self.day = day
        self._type_ids = activity_type_ids() if type_ids is None else type_ids
        self._dialect = dialect_of(connection)
        self._known_by = None if known_by is None else _adapted(known_by)

    def _levels(self, form: Form | None = None, **asked: Any) -> Levels:
        question = Question(day_number(self.day), known_by=self._known_by, **asked)
        return Levels(form or self.form, question, self._type_ids, self._dialect)

    @cached_property
    def _scoring(self) -> Levels:
        return self._levels()

    def score(self, target: Target, *, version: int, run: int, today: date, is_ordinary: bool = True) -> int:
        """Score the leads and write what differs; returns how many rows were written.

        `today` is the day it is, not the day that is scored; a run that is not ordinary is an operator's
        look at another day, which replaces rows of any day.

        Call it inside a transaction that holds the range, in a statement of its own: on READ COMMITTED
        it must see what was committed before the change log of its leads was emptied.
        """
        stamp = Stamp(
            version=version,
            day=day_number(self.day),
            today=day_number(today),
            run=run,
            is_ordinary=is_ordinary,
        )
        with batch_cursor() as cursor:
            for statement in write_statements(self._scoring, target, stamp):
                cursor.execute(statement.sql, statement.params)
            (written,) = cursor.fetchone()
        return int(written)

    def statement(self, target: Target) -> Fragment:
        """The statement that computes scores without writing them: one row a lead."""
        return self._scoring.result(target)

    def statement_with_rules(self, target: Target) -> Fragment:
        """The same, with what each enabled rule gives: r0, r1 ..., in their order."""
        return self._scoring.result(target, with_rules=True)

    def evidence(self, lead_ids: Sequence[int]) -> dict[int, list[Contribution]]:
        """For each of these leads the rules that it meets, strongest first."""
        found: dict[int, list[Contribution]] = {}
        rules = self.form.enabled_rules
        for start in range(0, max(len(rules), 1), _RULES_AT_ONCE):
            for lead_id, met in self._evidence_of(rules[start : start + _RULES_AT_ONCE], lead_ids):
                found.setdefault(lead_id, []).extend(met)
        return {pk: sorted(met, key=lambda item: (-item.points, item.rule.key)) for pk, met in found.items()}

    def _evidence_of(
        self, rules: Sequence[AnyRule], lead_ids: Sequence[int]
    ) -> Iterator[tuple[int, list[Contribution]]]:
        levels = self._levels(replace(self.form, rules=tuple(rules)), evidence=True)
        columns = [Fragment("x.lead_id")]
        for plan in (levels.rules[rule.key] for rule in rules):
            columns.append(sql("CASE WHEN {} THEN 1 ELSE 0 END", plan.met))
            columns += [plan.points, plan.matches, plan.latest]
        for row in _rows(
            sql("SELECT {} FROM ({}) x", joined(", ", columns), levels.facts(LeadSet(lead_ids)))
        ):
            yield row[0], _contributions(rules, row[1:])

    def standings(self, target: Target) -> list[Standing]:
        """Where each of these leads stands, without writing it."""
        columns = "lead_id, fit, engagement, qualified, fast_tracked, holds_line, valid_until"
        rows = _rows(sql(f"SELECT {columns} FROM ({{}}) standing", self.statement(target)))
        return [
            Standing(pk, int(fit), int(engagement), bool(is_in), bool(is_fast), bool(holds), until)
            for pk, fit, engagement, is_in, is_fast, holds, until in rows
        ]

    def reentry(
        self, lead_ids: Sequence[int], *, since: Mapping[int, datetime] | None = None
    ) -> dict[int, Reentry]:
        """What each of these held leads did since its hold began: since its evidence_after, or as `since` says."""
        asked = None if since is None else [(pk, _adapted(since[pk])) for pk in lead_ids]
        levels = self._levels(only_new=True, new_since=asked)
        statement = sql(
            "SELECT q.lead_id, q.engagement, CASE WHEN q.fast_track THEN 1 ELSE 0 END FROM ({}) q",
            levels.points(LeadSet(lead_ids)),
        )
        return {row[0]: Reentry(int(row[1]), bool(row[2])) for row in _rows(statement)}


def _contributions(rules: Sequence[AnyRule], row: Sequence[Any]) -> list[Contribution]:
    found = []
    for index, rule in enumerate(rules):
        met, points, matches, latest = row[4 * index : 4 * index + 4]
        if not met:
            continue
        match rule:
            case EngagementRule():
                found.append(Contribution(rule, int(points), int(matches), latest=_instant(latest)))
            case SilenceRule():
                found.append(
                    Contribution(rule, int(points), int(matches), silent_since=day_from_number(latest))
                )
            case FitRule():
                found.append(Contribution(rule, int(points), 1))
    return found


def _instant(value: datetime | str | None) -> datetime | None:
    """SQLite keeps instants as text, in UTC."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


def _rows(statement: Fragment) -> Iterator[tuple[Any, ...]]:
    with batch_cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        yield from cursor.fetchall()


def _adapted(at: datetime) -> Any:
    """An instant as statements of this database compare it."""
    return connection.ops.adapt_datetimefield_value(at)


@contextmanager
def batch_cursor() -> Iterator[CursorWrapper]:
    """A cursor for statements with hundreds of expressions over many rows.

    PostgreSQL would compile them to machine code first: 3 s for a range that takes 1 s.
    """
    is_postgresql = dialect_of(connection) == Dialect.POSTGRESQL
    # No transaction of its own on SQLite: there it would take the lock for writing.
    own = transaction.atomic(savepoint=False) if is_postgresql else nullcontext()
    with own, connection.cursor() as cursor:
        if is_postgresql:
            cursor.execute("SET LOCAL jit = off")
        yield cursor
