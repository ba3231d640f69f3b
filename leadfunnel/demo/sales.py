"""What sales makes of an MQL: decisions, deals and touches, by what is true of the lead rather than by its score.

A rep looks at the company, the person and the wish to buy. Downloads and newsletters do not impress
anybody here, however many points a rulebook gives them: that is what a better rulebook can find out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from math import exp, log
from random import Random
from typing import NamedTuple

from leadfunnel.demo.people import Person
from leadfunnel.demo.staff import Desk, Rep
from leads.models import Stage

# Calibrated so that about two in five offers are accepted.
_RELUCTANCE = 1.5


class Step(NamedTuple):
    """One thing that happened: a move, with what belongs to it."""

    at: datetime
    stage: Stage
    reason: str = ""
    note: str = ""


class TouchNote(NamedTuple):
    at: datetime
    kind: str
    note: str


@dataclass
class DealStory:
    opened_at: datetime
    amount: Decimal | None
    closed_at: datetime | None = None
    won: bool = False
    lost_reason: str = ""


@dataclass
class Pursuit:
    """All that sales did with one MQL until now. Without a decision it still waits."""

    rep: Rep
    decided_at: datetime | None = None
    accepted: bool = False
    reason: str = ""
    note: str = ""
    regretted: bool = False  # decided otherwise first, and undone at once
    steps: list[Step] = field(default_factory=list)
    touches: list[TouchNote] = field(default_factory=list)
    deals: list[DealStory] = field(default_factory=list)


@dataclass(frozen=True)
class Offer:
    person: Person
    at: datetime
    fast_tracked: bool
    intent: float  # log-odds, of the episode that led to it
    is_twin: bool


def sigmoid(odds: float) -> float:
    return 1 / (1 + exp(-odds))


def _lognormal(random: Random, median: float, spread: float) -> float:
    return random.lognormvariate(log(median), spread)


@dataclass
class _Seller:
    """One rep at work on one offer, up to the instant `until`."""

    random: Random
    desk: Desk
    rep: Rep
    offer: Offer
    until: datetime
    quality: float
    pursuit: Pursuit

    def pursue(self) -> None:
        decided_at = self._decided_at()
        if decided_at is None or decided_at >= self.until:
            return
        pursuit = self.pursuit
        pursuit.decided_at = decided_at
        pursuit.accepted = self.random.random() < sigmoid(self.quality + self.rep.lenience - _RELUCTANCE)
        pursuit.regretted = self.random.random() < 0.015 and decided_at + timedelta(minutes=6) < self.until
        if pursuit.accepted:
            pursuit.steps.append(Step(decided_at, Stage.SQL))
            self._work(decided_at)
            return
        pursuit.reason = rejection_reason(self.random, self.offer)
        pursuit.note = _NOTES.get(pursuit.reason, "")
        pursuit.steps.append(Step(decided_at, _leads_to(pursuit.reason), pursuit.reason, pursuit.note))

    def _decided_at(self) -> datetime | None:
        minutes = _lognormal(self.random, self.rep.minutes * (0.35 if self.offer.fast_tracked else 1.0), 0.8)
        if self.random.random() < 0.07:
            minutes *= 9  # slipped through
        return self.desk.clock.deadline(start=self.offer.at, minutes=1 + int(minutes))

    def _work(self, accepted_at: datetime) -> None:
        self._touch(accepted_at)
        converts = self.random.random() < sigmoid(0.5 * self.quality - 0.9)
        at = self._later(accepted_at, days=_lognormal(self.random, 8 if converts else 17, 0.6))
        if at is None:
            return
        if not converts:
            reason = self.random.choice(_GIVEN_BACK)
            self.pursuit.steps.append(Step(at, _leads_to(reason), reason))
            return
        self.pursuit.steps.append(Step(at, Stage.OPPORTUNITY))
        self._deal(at, has_won=False)

    def _deal(self, opened_at: datetime, *, has_won: bool) -> None:
        employees = self.offer.person.company.employees if self.offer.person.company else 5
        yearly = 90 * max(15, employees) ** 0.8 * self.random.lognormvariate(0, 0.35)
        amount = None if self.random.random() < 0.08 else Decimal(round(yearly / 10) * 10)
        deal = DealStory(opened_at, amount)
        self.pursuit.deals.append(deal)
        self.pursuit.touches.append(
            TouchNote(opened_at, "meeting", "Demo with the team; proposal to follow.")
        )
        wins = self.random.random() < sigmoid(0.4 * self.quality + self.rep.skill - 1.7)
        at = self._later(opened_at, days=_lognormal(self.random, 34 + min(60, employees / 60), 0.55))
        if at is None:
            return
        deal.closed_at, deal.won = at, wins
        if wins:
            self.pursuit.steps.append(Step(at, Stage.CUSTOMER))
            again = None if has_won else self._later(at, days=_lognormal(self.random, 170, 0.4))
            if again and self.random.random() < 0.3:
                self.pursuit.steps.append(Step(again, Stage.OPPORTUNITY))
                self._deal(again, has_won=True)
            return
        deal.lost_reason = self.random.choice(_LOST)
        # Whoever bought before stays a customer when a later deal is lost.
        outcome = Stage.CUSTOMER if has_won else _leads_to(deal.lost_reason)
        self.pursuit.steps.append(Step(at, outcome, "" if has_won else deal.lost_reason))

    def _touch(self, accepted_at: datetime) -> None:
        """Calls and mails after acceptance; some leads are never called, which a manager should see."""
        if self.random.random() < 0.06:
            return
        at = self.desk.clock.deadline(start=accepted_at, minutes=1 + int(_lognormal(self.random, 160, 1.0)))
        for kind, note in self.random.sample(_TOUCHES, self.random.randint(1, 3)):
            if at is None or at >= self.until:
                return
            self.pursuit.touches.append(TouchNote(at, kind, note))
            at = self._later(at, days=1 + self.random.random() * 4)

    def _later(self, at: datetime, *, days: float) -> datetime | None:
        """The next business minute so many days later; None where that has not come yet."""
        found = self.desk.clock.deadline(
            start=at + timedelta(days=days), minutes=1 + self.random.randrange(90)
        )
        return found if found and found < self.until else None


def pursue(random: Random, *, offer: Offer, desk: Desk, rep: Rep, until: datetime) -> Pursuit:
    """What `rep` does with the offer up to `until`."""
    noise = random.gauss(0, 0.6)
    quality = 0.85 * offer.person.appeal + offer.intent + noise - (3.0 if offer.is_twin else 0.0)
    pursuit = Pursuit(rep)
    _Seller(random, desk, rep, offer, until, quality, pursuit).pursue()
    return pursuit


_TOUCHES = (
    ("call", "Reached on the phone; interested, wants numbers."),
    ("call", "No answer, left a message."),
    ("email", "Sent the overview and two time slots."),
    ("email", "Answered questions about the integration."),
    ("meeting", "Discovery call: sites, shift models, who decides."),
    ("note", "Evaluates two competitors; decision expected next quarter."),
)
_NOTES = {
    "other": "Asked us to call back after their reorganisation.",
    "wrong_persona": "Collects material for somebody else; has no say in it.",
    "competitor": "Sells planning software of their own.",
    "bad_contact_data": "The number belongs to somebody else.",
}
_DISQUALIFYING = frozenset(
    {"wrong_region", "student", "competitor", "existing_customer", "duplicate", "spam"}
)
_Test = Callable[[Offer], bool]
_CAUSES: tuple[tuple[str, float, _Test], ...] = (
    ("student", 0.95, lambda offer: offer.person.role.seniority == "student"),
    ("duplicate", 0.8, lambda offer: offer.is_twin),
    ("wrong_region", 0.5, lambda offer: offer.person.country.code in ("IN", "BR")),
    (
        "too_small",
        0.75,
        lambda offer: offer.person.company is not None and offer.person.company.employees < 10,
    ),
    ("wrong_persona", 0.6, lambda offer: offer.person.role.appeal < -0.6),
    (
        "too_small",
        0.3,
        lambda offer: offer.person.company is not None and offer.person.company.employees < 50,
    ),
    ("not_now", 0.45, lambda offer: offer.intent < -0.5),
    ("unresponsive", 0.5, lambda offer: offer.intent < 0),
)
_OTHERWISE = {
    "no_budget": 26,
    "no_decision_maker": 18,
    "not_now": 22,
    "unresponsive": 14,
    "bad_contact_data": 8,
    "competitor": 4,
    "other": 6,
    "spam": 2,
}
_GIVEN_BACK = ("unresponsive", "not_now", "no_budget", "no_decision_maker", "existing_customer")
_LOST = ("no_budget", "not_now", "no_decision_maker", "competitor", "unresponsive")


def rejection_reason(random: Random, offer: Offer) -> str:
    """The key of the reason that fits best what is wrong with the offer."""
    for reason, share, applies in _CAUSES:
        if applies(offer) and random.random() < share:
            return reason
    return random.choices(list(_OTHERWISE), list(_OTHERWISE.values()))[0]


def _leads_to(reason: str) -> Stage:
    return Stage.DISQUALIFIED if reason in _DISQUALIFYING else Stage.RECYCLED
