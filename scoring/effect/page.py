"""An effect as its page shows it: numbers with margins, names, reasons, tables. A few queries, whatever was counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leads.models import Lead
from scoring.effect.effect import Effect
from scoring.effect.estimates import Estimate, Scale
from scoring.effect.figure import histogram
from scoring.effect.load import FLOW_WORKING_DAYS, LOAD_WORDS, Capacity, capacity
from scoring.effect.reasons import Reason
from scoring.effect.tally import Mover, SideTally
from scoring.engine.outcomes import RuleSum

# Reasons shown of each lead; the rest is on its own page.
_REASONS = 4


@dataclass(frozen=True)
class MoverRow:
    mover: Mover
    lead: Lead
    reasons: Sequence[Reason]
    more: int


@dataclass(frozen=True)
class GradeCell:
    grade: str
    before: int
    after: int

    @property
    def change(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class RuleRow:
    """A rule's leads and points a lead, on both sides; None where that side has no such rule switched on."""

    name: str
    before: RuleSum | None
    after: RuleSum | None
    leads_before: int
    leads_after: int

    @property
    def change(self) -> int:
        return self.leads_after - self.leads_before

    @property
    def each_before(self) -> float | None:
        return _each(self.before)

    @property
    def each_after(self) -> float | None:
        return _each(self.after)

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Load:
    """What sales would get. `weeks`: of their capacity, the load at publication; None without a capacity."""

    at_once_before: Estimate
    at_once: Estimate
    a_day_before: float
    a_day: float
    capacity: Capacity
    weeks: float | None

    words = LOAD_WORDS

    @property
    def is_too_much(self) -> bool:
        return self.capacity.a_day is not None and self.a_day > self.capacity.a_day

    @property
    def is_more(self) -> bool:
        return self.a_day > self.a_day_before


@dataclass(frozen=True)
class EffectPage:
    effect: Effect
    qualified_before: Estimate
    qualified: Estimate
    change: Estimate
    entering: Estimate
    leaving: Estimate
    regraded: Estimate
    enter: Sequence[MoverRow]
    leave: Sequence[MoverRow]
    grades: Sequence[Sequence[GradeCell]]
    rules: Sequence[RuleRow]
    load: Load
    figure: dict[str, Any]

    @property
    def changed_rules(self) -> list[RuleRow]:
        return [row for row in self.rules if row.is_changed]

    @property
    def is_same(self) -> bool:
        tally = self.effect.tally
        return not (tally.entering or tally.leaving or tally.regraded or self.changed_rules)


def page_of(effect: Effect, *, shown: int) -> EffectPage:
    """`shown`: so many of those who enter, and of those who leave, by name."""
    tally, scale = effect.tally, effect.scale
    return EffectPage(
        effect=effect,
        qualified_before=scale.of(tally.before.qualified),
        qualified=scale.of(tally.after.qualified),
        change=scale.balance(tally.entering, tally.leaving),
        entering=scale.of(tally.entering),
        leaving=scale.of(tally.leaving),
        regraded=scale.of(tally.regraded),
        enter=_rows(effect, tally.enter[:shown]),
        leave=_rows(effect, tally.leave[:shown]),
        grades=_grades(tally.before, tally.after, scale),
        rules=_rules(effect),
        load=_load(tally.before, tally.after, scale),
        figure=histogram(
            tally.before.totals,
            tally.after.totals,
            thresholds=(effect.before.threshold if effect.before else None, effect.after.threshold),
            scale=scale,
        ),
    )


def _rows(effect: Effect, movers: Sequence[Mover]) -> list[MoverRow]:
    """A lead that has gone since is left out."""
    leads = Lead.objects.in_bulk([mover.lead_id for mover in movers])
    found = []
    for mover in movers:
        if mover.lead_id in leads:
            why = effect.why.get(mover.lead_id, ())
            more = max(len(why) - _REASONS, 0)
            found.append(MoverRow(mover, leads[mover.lead_id], why[:_REASONS], more))
    return found


def _grades(before: SideTally, after: SideTally, scale: Scale) -> list[list[GradeCell]]:
    def cell(grade: str) -> GradeCell:
        return GradeCell(
            grade, scale.rough(before.grades.get(grade, 0)), scale.rough(after.grades.get(grade, 0))
        )

    return [[cell(letter + number) for number in "123"] for letter in "ABC"]


def _rules(effect: Effect) -> list[RuleRow]:
    """In the order of the draft; what only the published rulebook has comes last."""
    before, after, scale = effect.tally.before.rules, effect.tally.after.rules, effect.scale
    names = {**(effect.before.rules if effect.before else {}), **effect.after.rules}
    keys = dict.fromkeys([*effect.after.rules, *names])
    none = RuleSum()
    return [
        RuleRow(
            names[key],
            before.get(key),
            after.get(key),
            scale.rough(before.get(key, none).leads),
            scale.rough(after.get(key, none).leads),
        )
        for key in keys
    ]


def _each(found: RuleSum | None) -> float | None:
    return found.points / found.leads if found and found.leads else None


def _load(before: SideTally, after: SideTally, scale: Scale) -> Load:
    can, at_once = capacity(), scale.of(after.offered)
    return Load(
        at_once_before=scale.of(before.offered),
        at_once=at_once,
        a_day_before=_a_day(before, scale),
        a_day=_a_day(after, scale),
        capacity=can,
        weeks=at_once.value / can.weekly if can.weekly else None,
    )


def _a_day(side: SideTally, scale: Scale) -> float:
    return side.fresh * scale.factor / FLOW_WORKING_DAYS
