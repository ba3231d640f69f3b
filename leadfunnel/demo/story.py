"""The life of one lead, day by day: what it did, when it was offered, and what sales made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from leadfunnel.demo import calendar
from leadfunnel.demo.behaviour import (
    Act,
    Episode,
    Interest,
    draw_interest,
    newsletters,
    play_episode,
)
from leadfunnel.demo.marketing import Source
from leadfunnel.demo.people import Person
from leadfunnel.demo.sales import Offer, Pursuit, pursue
from leadfunnel.demo.staff import Desk, Rep
from leadfunnel.demo.world import World
from leads.handoff.evidence import Evidence
from leads.models import Lead, Stage
from leads.models.fields import day_number, day_of

# A nightly run at two o'clock, and the minutes that it takes to reach a lead.
_NIGHT_SECONDS = 2 * 3600 + 40
WITHDRAWAL_DAYS = 30


@dataclass(frozen=True)
class Assignment:
    desk: Desk
    assignee: Rep | None
    because: str


@dataclass
class Hold:
    until_day: int
    since: datetime


@dataclass
class Visit:
    """One time as an MQL."""

    offered_at: datetime
    by_hand: bool
    evidence: Evidence
    assignment: Assignment
    pursuit: Pursuit
    hold_before: Hold | None  # what an undo of its decision would restore
    withdrawn_at: datetime | None = None


@dataclass
class Life:
    """All that happened to a lead before today."""

    acts: list[Act] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    hold: Hold | None = None
    sorted_out_at: datetime | None = None  # disqualified by a marketer without ever being offered
    sorted_out_because: str = ""


@dataclass
class Character:
    """Who the story is about. `lead` holds the facts that are known of `person`."""

    lead: Lead
    person: Person
    source: Source
    created: int  # day
    assignment: Assignment
    is_twin: bool
    is_ready: bool


@dataclass
class _Teller:
    world: World
    random: Random
    who: Character
    life: Life

    def tell(self) -> None:
        plan, created = self.world.plan, self.who.created
        episode = self._episode(created, first=True)
        self.life.acts += newsletters(
            self.random, first_day=created, end_day=plan.today_number, volume=plan.volume
        )
        while True:
            following = self._live_through(episode)
            if following is None or following >= plan.today_number:
                break
            episode = self._episode(following, first=False)
        if self.who.is_ready and not self.life.visits:
            self._get_ready()
        if not self.life.visits:
            self._sort_out(created)
        self.life.acts = sorted(act for act in self.life.acts if act.day < plan.today_number)

    def _episode(self, day: int, *, first: bool) -> Episode:
        # Those who are to be ready today show nothing but passing interest before.
        interest = (
            Interest.PASSING
            if self.who.is_ready
            else draw_interest(self.random, self.who.source, returning=not first)
        )
        return self._play(interest, day, first=first)

    def _play(self, interest: Interest, day: int, *, first: bool) -> Episode:
        return play_episode(
            self.random,
            interest=interest,
            source=self.who.source,
            day=day,
            first=first,
            volume=self.world.plan.volume,
        )

    def _live_through(self, episode: Episode) -> int | None:
        """Play an episode and what follows from it; the day of the next one, None where there is none."""
        self.life.acts += episode.acts
        night = episode.last_day + 1
        if episode.interest is not Interest.PASSING and night < self.world.plan.today_number:
            visit = self._offered(episode, night)
            if visit is not None:
                self.life.visits.append(visit)
                return self._after(visit)
        if self.who.is_ready or self.random.random() > 0.34:
            return None
        return episode.last_day + 5 + int(self.random.lognormvariate(3.6, 0.7))

    def _offered(self, episode: Episode, night: int, *, waits: bool = False) -> Visit | None:
        """The visit that begins in the night after an episode, where the lead qualifies then."""
        judge, lead, created = self.world.judge, self.who.lead, self.who.created
        explanation = judge.explain(lead, self.life.acts, created=created, day=night)
        qualified = explanation.score.qualified
        if qualified and self.life.hold:
            since = day_number(day_of(self.life.hold.since))
            qualified = judge.comes_back(lead, self.life.acts, created=created, since=since, day=night)
        by_hand = not qualified and episode.interest is Interest.EVALUATING and self.random.random() < 0.07
        if explanation.score.disqualified or not (qualified or by_hand):
            return None
        second = 10 * 3600 + self.random.randrange(5 * 3600) if by_hand else _NIGHT_SECONDS
        offered_at = calendar.instant(night, second)
        offer = Offer(
            self.who.person, offered_at, explanation.score.fast_tracked, episode.intent, self.who.is_twin
        )
        evidence = judge.evidence(explanation)
        return self._pursued(offer, evidence, by_hand=by_hand, waits=waits)

    def _pursued(self, offer: Offer, evidence: Evidence, *, by_hand: bool, waits: bool) -> Visit:
        assignment, until = self.who.assignment, self.world.plan.until
        rep = assignment.assignee or self.random.choice(assignment.desk.reps)
        visit = Visit(offer.at, by_hand, evidence, assignment, Pursuit(rep), self.life.hold)
        if waits:
            return visit
        if not by_hand and self.random.random() < 0.03:
            withdrawn_at = offer.at + timedelta(hours=self.random.uniform(5.5, 7))
            visit.withdrawn_at = withdrawn_at if withdrawn_at < until else None
            return visit
        visit.pursuit = pursue(self.random, offer=offer, desk=assignment.desk, rep=rep, until=until)
        return visit

    def _after(self, visit: Visit) -> int | None:
        """When the lead shows up again after a visit, where it is free to: not before its hold has ended."""
        if visit.withdrawn_at:
            self._hold(visit.withdrawn_at, WITHDRAWAL_DAYS)
        elif visit.pursuit.steps and visit.pursuit.steps[-1].stage is Stage.RECYCLED:
            last = visit.pursuit.steps[-1]
            self._hold(last.at, self.world.reason_cooldowns[last.reason])
        else:
            return None
        if self.random.random() > 0.45 or self.life.hold is None:
            return None
        return self.life.hold.until_day + 1 + int(self.random.lognormvariate(2.7, 0.8))

    def _hold(self, at: datetime, days: int) -> None:
        self.life.hold = Hold(day_number(day_of(at)) + days, at)

    def _get_ready(self) -> None:
        """An episode that ends yesterday, for the next run to find; or some days ago, left waiting since."""
        today = self.world.plan.today_number
        forgotten = self.random.random() < 0.27
        last_day = today - (self.random.randint(4, 6) if forgotten else 1)
        interest = Interest.BUYING if self.random.random() < 0.45 else Interest.EVALUATING
        episode = self._play(interest, last_day, first=False)
        # It was played too late by its own length: all of it moves back.
        shift = last_day - episode.last_day
        episode.acts = [act._replace(day=act.day + shift) for act in episode.acts]
        self.life.acts += episode.acts
        if forgotten:
            visit = self._offered(episode, last_day + 1, waits=True)
            if visit is not None:
                self.life.visits.append(visit)

    def _sort_out(self, created: int) -> None:
        """Marketers throw out some of what will never be offered."""
        is_student = self.who.person.role.seniority == "student"
        if self.who.is_ready or self.random.random() > (0.3 if is_student else 0.012):
            return
        day = created + self.random.randint(3, 40)
        if day < self.world.plan.today_number:
            self.life.sorted_out_at = calendar.instant(day, 9 * 3600 + self.random.randrange(7 * 3600))
            reason = self.random.choice(("competitor", "spam", "duplicate", "existing_customer"))
            self.life.sorted_out_because = "student" if is_student else reason


def tell(world: World, random: Random, who: Character) -> Life:
    """The life of one lead up to yesterday, decided by `random` alone."""
    life = Life()
    _Teller(world, random, who, life).tell()
    return life
