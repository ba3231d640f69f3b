"""Promotion as it would have run: which leads a rulebook would have handed over beside those that really were.

Each lead is taken by itself, without the promotion limit. The definitions are in docs/scoring.md, "Backtest".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from scoring.backtest.lives import Hold, Life
from scoring.engine.compiler import CompiledRulebook, Standing
from scoring.promotion import is_released
from scoring.rulebook.form import Form


class Lives(Protocol):
    """Where the real lives of leads are looked up, many at once."""

    def of(self, lead_ids: Sequence[int]) -> Mapping[int, Life]: ...


@dataclass
class Made:
    """A handoff that only the rulebook makes. `freed`: the day on which the lead came free again, if it did."""

    lead: int
    day: int
    freed: int | None = None


class Simulation:
    """One rulebook, going through the days of a period over some leads."""

    def __init__(self, form: Form, lives: Lives) -> None:
        self.made: list[Made] = []
        self._form = form
        self._lives = lives
        self._qualified: dict[int, Standing] = {}
        self._with_sales: dict[int, _WithSales] = {}

    def step(self, day: int, rulebook: CompiledRulebook, moved: Iterable[Standing]) -> None:
        """A day of the list; `moved`: the leads whose standing may be another than before."""
        for standing in moved:
            if standing.qualified:
                self._qualified[standing.lead] = standing
            else:
                self._qualified.pop(standing.lead, None)
            if standing.lead in self._with_sales:
                self._with_sales[standing.lead].holds_line = standing.holds_line
        lives = self._lives.of([*self._qualified, *self._with_sales])
        self._take_back(day, lives)
        self._hand_over(day, rulebook, lives)

    def _take_back(self, day: int, lives: Mapping[int, Life]) -> None:
        """Reality frees a lead by what it did with it, the rulebook by withdrawing it from below the line."""
        nights = self._form.mql.demote_after_nights
        for pk, state in list(self._with_sales.items()):
            if lives[pk].came_free(state.made.day, day) or state.is_withdrawn(day, nights):
                state.made.freed = day
                del self._with_sales[pk]

    def _hand_over(self, day: int, rulebook: CompiledRulebook, lives: Mapping[int, Life]) -> None:
        held: dict[int, Hold] = {}
        for pk in self._qualified:
            life = lives[pk]
            if pk in self._with_sales or life.is_compared(day) or not life.is_free(day):
                continue
            hold = life.hold_on(day)
            if hold is None:
                self._make(pk, day)
            elif self._qualified[pk].fast_tracked or hold.is_over(day):
                held[pk] = hold  # what it did since decides, which is dear to ask
        for pk in self._released(rulebook, held):
            self._make(pk, day)

    def _released(self, rulebook: CompiledRulebook, held: Mapping[int, Hold]) -> list[int]:
        if not held:
            return []
        done = rulebook.reentry(sorted(held), since={pk: hold.since for pk, hold in held.items()})
        return [
            pk
            for pk, hold in held.items()
            if is_released(rulebook, self._qualified[pk], done[pk], hold_until=hold.until_day)
        ]

    def _make(self, pk: int, day: int) -> None:
        made = Made(pk, day)
        self.made.append(made)
        self._with_sales[pk] = _WithSales(made)


@dataclass
class _WithSales:
    """A lead that the rulebook has handed over, and nobody has decided."""

    made: Made
    holds_line: bool = True
    below_since: int | None = None

    def is_withdrawn(self, day: int, nights: int) -> bool:
        """Below the line for enough nights, this one included."""
        if self.holds_line:
            self.below_since = None
            return False
        self.below_since = day if self.below_since is None else self.below_since
        return day - self.below_since >= nights - 1
