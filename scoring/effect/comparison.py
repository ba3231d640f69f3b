"""Two rulebooks over the same leads on one day: the one computation behind the sample and the job on all leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

from scoring.effect.load import Standing, flow_start, free_leads, fresh_leads, standings
from scoring.effect.tally import Mover, SideTally, Tally, highest
from scoring.engine.compiler import CompiledRulebook, activity_type_ids
from scoring.engine.levels import Target
from scoring.engine.outcomes import Outcome, Outcomes, outcomes
from scoring.engine.snapshot import one_snapshot
from scoring.rulebook.form import Form

Key = TypeVar("Key")
NOBODY = Outcomes({}, {})
UNSCORED = Outcome(0, 0, "", False, False)


@dataclass(frozen=True)
class Side:
    """A rulebook, compiled for a day and for the one from which the flow is counted."""

    form: Form
    day: date

    @cached_property
    def now(self) -> CompiledRulebook:
        return CompiledRulebook(self.form, self.day, self._type_ids)

    @cached_property
    def then(self) -> CompiledRulebook:
        return CompiledRulebook(self.form, flow_start(self.day), self._type_ids)

    @cached_property
    def _type_ids(self) -> Mapping[str, int]:
        return activity_type_ids()


@dataclass(frozen=True)
class Comparison:
    """`before`: the published rulebook, None where there is none; `after`: the draft. Use it for many targets."""

    before: Side | None
    after: Side

    @classmethod
    def of(cls, before: Form | None, after: Form, day: date) -> Comparison:
        return cls(None if before is None else Side(before, day), Side(after, day))

    @property
    def sides(self) -> tuple[Side | None, Side]:
        return self.before, self.after

    def tally(self, target: Target) -> Tally:
        """What both make of these leads, as of one instant."""
        with one_snapshot():
            after = outcomes(self.after.now, target)
            before = outcomes(self.before.now, target) if self.before else NOBODY
            old, new = _qualified(before), _qualified(after)
            standing = standings(old.keys() | new.keys())
            old_tally = _side(self.before, before, standing) if self.before else SideTally()
            new_tally = _side(self.after, after, standing)
        # Without a snapshot (SQLite) a lead may go, or come, between the two statements.
        entering = [_mover(pk, before, after) for pk in new.keys() - old.keys()]
        leaving = [_mover(pk, before, after) for pk in old.keys() - new.keys() if pk in after.leads]
        return Tally(
            leads=len(after.leads),
            before=old_tally,
            after=new_tally,
            entering=len(entering),
            leaving=len(leaving),
            regraded=_regraded(before, after),
            enter=highest(entering, "total_after"),
            leave=highest(leaving, "total_before"),
        )


def _qualified(found: Outcomes) -> dict[int, Outcome]:
    return {pk: one for pk, one in found.leads.items() if one.qualified}


def _regraded(before: Outcomes, after: Outcomes) -> int:
    new = after.leads
    return sum(pk in new and new[pk].grade != one.grade for pk, one in before.leads.items())


def _mover(pk: int, before: Outcomes, after: Outcomes) -> Mover:
    old, new = before.leads.get(pk, UNSCORED), after.leads[pk]
    return Mover(pk, old.fit, old.engagement, old.grade, new.fit, new.engagement, new.grade)


def _side(side: Side, found: Outcomes, standing: Mapping[int, Standing]) -> SideTally:
    qualified = {pk: one for pk, one in _qualified(found).items() if pk in standing}
    return SideTally(
        qualified=len(qualified),
        offered=free_leads(side.now, qualified, standing),
        fresh=fresh_leads(side.then, qualified, standing),
        totals=_counts(one.total for one in found.leads.values()),
        grades=_counts(one.grade for one in found.leads.values()),
        rules=found.rules,
    )


def _counts(values: Iterable[Key]) -> dict[Key, int]:
    return dict(Counter(values))
