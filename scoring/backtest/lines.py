"""The lines of a backtest for a range of leads: real handoffs, judged, and those that only the rulebook makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from leads.models import Deal, Handoff
from leads.models.fields import day_from_number, day_number
from scoring.backtest.asked import Asked
from scoring.backtest.judging import first_days
from scoring.backtest.lives import Life, load_lives
from scoring.backtest.simulating import Made, Simulation
from scoring.backtest.walk import News, Walk
from scoring.engine.compiler import LeadRange
from scoring.models import BacktestHandoff
from scoring.rulebook.form import Form

Kind = BacktestHandoff.Kind
Beat = Callable[[], None]


@dataclass(frozen=True)
class Occasion:
    """What all ranges of a backtest share. `yesterday`: the last day that is known."""

    asked: Asked
    yesterday: int
    type_ids: Mapping[str, int]
    forms: Mapping[BacktestHandoff.Side, Form]


@dataclass
class Lives:
    """Real lives, loaded as they are asked for."""

    occasion: Occasion
    known: dict[int, Life] = field(default_factory=dict)

    def of(self, lead_ids: Sequence[int]) -> Mapping[int, Life]:
        missing = [pk for pk in lead_ids if pk not in self.known]
        within, last_day = self.occasion.asked.within, self.occasion.yesterday
        self.known.update(load_lives(missing, within=within, last_day=last_day))
        return self.known


@dataclass(frozen=True)
class Real:
    """A real handoff of the period, and what came of it."""

    row: Handoff
    is_won: bool


def lines_of(
    occasion: Occasion, leads: LeadRange, news: News, *, step: Beat, beat: Beat
) -> list[BacktestHandoff]:
    """The lines of these leads, without their study. `step` is called after each day, `beat` within other work."""
    lives, found = Lives(occasion), list[BacktestHandoff]()
    real = real_handoffs(occasion.asked, leads)
    lives.of(sorted({each.row.lead_id for each in real}))
    for side, form in occasion.forms.items():
        made = _simulated(occasion, form, leads, news, lives, step)
        handoffs = {each.row.pk: each.row.lead_id for each in real}
        days = first_days(form, lives.known, handoffs, type_ids=occasion.type_ids, beat=beat)
        found += _Lines(occasion.asked, side, lives.known, made).of(real, days)
    return found


def _simulated(
    occasion: Occasion, form: Form, leads: LeadRange, news: News, lives: Lives, step: Beat
) -> list[Made]:
    steps = occasion.asked.steps
    walk, simulation = Walk(form, steps, news, occasion.type_ids), Simulation(form, lives)
    for index, day in enumerate(steps):
        moved = walk.step(index) if index else walk.enter_all(leads)
        simulation.step(day, walk.rulebook, moved)
        step()
    return simulation.made


def real_handoffs(asked: Asked, leads: LeadRange) -> list[Real]:
    """Those that were offered in the period, in the order of time."""
    rows = list(
        Handoff.objects.filter(
            lead__gte=leads.first,
            lead__lte=leads.last,
            offered_day__gte=asked.first,
            offered_day__lte=asked.last,
        )
        .only("pk", "lead_id", "offered_day", "state", "reason_id", "decided_at")
        .order_by("offered_at", "pk")
    )
    won = _won(leads)
    return [Real(row, row.pk in won) for row in rows]


def _won(leads: LeadRange) -> set[int]:
    """The accepted handoffs that led to a won deal: of each deal, the last one accepted before it was won."""
    in_range = {"lead__gte": leads.first, "lead__lte": leads.last}
    deals = (
        Deal.objects.filter(state=Deal.State.WON, **in_range).order_by("pk").values_list("lead", "closed_at")
    )
    wins: dict[int, list[datetime]] = {}
    for lead_id, closed_at in deals:
        wins.setdefault(lead_id, []).append(cast("datetime", closed_at))
    accepted: dict[int, list[tuple[datetime, int]]] = {}
    rows = Handoff.objects.filter(state=Handoff.State.ACCEPTED, **in_range).order_by("decided_at", "pk")
    for pk, lead_id, decided_at in rows.values_list("pk", "lead", "decided_at"):
        if lead_id in wins:
            accepted.setdefault(lead_id, []).append((cast("datetime", decided_at), pk))
    return {
        max(before)[1]
        for lead_id, times in wins.items()
        for closed_at in times
        if (before := [each for each in accepted.get(lead_id, ()) if each[0] <= closed_at])
    }


class _Lines:
    """The lines of one rulebook."""

    def __init__(
        self, asked: Asked, side: BacktestHandoff.Side, lives: Mapping[int, Life], made: Sequence[Made]
    ) -> None:
        self.first = day_number(asked.first)
        self.side = side
        self.lives = lives
        self.made = made

    def of(self, real: Sequence[Real], days: Mapping[int, int]) -> Iterator[BacktestHandoff]:
        before = self._handed_before()
        for each in real:
            yield self._judged(each, days.get(each.row.pk), before.get(each.row.pk))
        for made in self.made:
            is_start = made.day < self.first
            yield BacktestHandoff(
                side=self.side,
                kind=Kind.START if is_start else Kind.NEW,
                lead_id=made.lead,
                day=day_from_number(made.day),
                counted_on=None if is_start else day_from_number(made.day),
            )

    def _handed_before(self) -> dict[int, int]:
        """Real handoffs, by id, whose lead the rulebook had handed over before their window, and not got back."""
        found = {}
        for made in self.made:
            for each in self.lives[made.lead].handoffs:
                first = each.window[0]
                if made.day < first and (made.freed is None or first <= made.freed):
                    found[each.pk] = made.day
                    break
        return found

    def _judged(self, real: Real, day: int | None, before: int | None) -> BacktestHandoff:
        row, is_made = real.row, day is not None
        offered = day_number(row.offered_day)  # type: ignore[arg-type]
        counts = is_made and before is None
        return BacktestHandoff(
            side=self.side,
            kind=Kind.SAME if is_made else Kind.MISSED,
            lead_id=row.lead_id,
            handoff=row.pk,
            day=None if day is None else day_from_number(day),
            counted_on=day_from_number(day) if counts and day else None,
            offered_on=row.offered_day,
            days_later=None if day is None else day - offered,
            handed_before=day_from_number(before) if is_made and before is not None else None,
            outcome=row.state,
            is_won=real.is_won,
            reason_id=row.reason_id,
        )
