"""Where a lead goes: the owner of its company, the first rule that matches, else a shared queue; never nowhere.

A router is loaded once for many leads, and each lead that it places changes what it knows: whose turn is next, and how
much waits for whom. Nothing here speaks to the database, so that a test of rules is the routing itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leads.models import Team, User
from leads.routing.facts import Candidate, matches
from leads.routing.form import Rule, Way
from leads.routing.seats import Seat
from leads.routing.turns import LEAD, next_turn, shares

LONGEST = 300


@dataclass(frozen=True)
class Placement:
    """Where one lead goes, and why."""

    team: Team | None
    assignee: User | None
    way: Way
    because: str
    rule_key: str = ""
    rule_name: str = ""


@dataclass
class Turns:
    """What one day has added for a member of a rotation."""

    expected: int = 0
    given: int = 0
    passed_away: int = 0
    passed_full: int = 0


@dataclass
class Router:
    """`owed` by (team, user); `tally` is what has been added to each since it was loaded."""

    rules: Sequence[Rule]
    seats: Mapping[int, Seat]
    teams: Mapping[int, Team]
    default_team: Team | None = None
    owed: dict[tuple[int, int], int] = field(default_factory=dict)
    tally: dict[tuple[int, int], Turns] = field(default_factory=dict)
    number: int | None = None

    def place(self, candidate: Candidate) -> Placement:
        owner, note = self._owner(candidate)
        if owner is not None:
            return self._give(owner, owner.user.team, Way.OWNER, f"{owner.user} owns the company.")
        for rule in self.rules:
            if rule.is_applied and matches(rule, candidate):
                return self._by_rule(rule, note)
        return self._floor("No rule applies", note)

    def _owner(self, candidate: Candidate) -> tuple[Seat | None, str]:
        """Who owns the company where they can take the lead, else why they do not."""
        company = candidate.lead.company
        seat = self.seats.get(company.owner_id) if company and company.owner_id else None
        if seat is None or seat.can_take:
            return seat, ""
        return None, f"{seat.user} owns the company but {seat.why_not}. "

    def _by_rule(self, rule: Rule, note: str) -> Placement:
        target, called = rule.target, f"{note}Rule “{rule.name}”: "
        if target.way == Way.USER:
            return self._named(rule, called)
        team = self.teams.get(target.team or 0)
        if team is None or not team.is_active:
            return self._floor(f"{called}{team or 'its team'} is closed", "", rule)
        if target.way == Way.QUEUE:
            return self._queue(team, f"{called}shared queue of {team}.", rule)
        members = [seat for seat in self.seats.values() if seat.user.team_id == team.pk and seat.takes_turns]
        takers = [seat for seat in members if seat.can_take]
        chosen = self._chosen(team, target.way, members, takers)
        if chosen is None:
            return self._queue(team, f"{called}nobody of {team} can take more; shared queue.", rule)
        how = "by turns among" if target.way == Way.ROTATION else "least open work of"
        who = f"{how} {len(takers)} of {len(members)} in {team}"
        return self._give(chosen, team, target.way, f"{called}{chosen.user}, {who}.", rule)

    def _named(self, rule: Rule, called: str) -> Placement:
        seat = self.seats.get(rule.target.user or 0)
        if seat is None:
            return self._floor(f"{called}who it names is no longer in sales", "", rule)
        if seat.can_take:
            return self._give(seat, seat.user.team, Way.USER, f"{called}{seat.user}.", rule)
        refused = f"{called}{seat.user} {seat.why_not}"
        if seat.user.team is None or not seat.user.team.is_active:
            return self._floor(refused, "", rule)
        return self._queue(seat.user.team, f"{refused}; shared queue of {seat.user.team}.", rule)

    def _chosen(self, team: Team, way: Way, members: Sequence[Seat], takers: Sequence[Seat]) -> Seat | None:
        if way == Way.ROTATION:
            self._note_who_is_passed(team, members)
            return self._turn(team, takers) if takers else None
        return min(takers, key=lambda seat: (seat.load, seat.user.pk), default=None)

    def _turn(self, team: Team, takers: Sequence[Seat]) -> Seat:
        weights = {seat.user.pk: seat.user.routing_weight for seat in takers}
        for user, share in shares(weights).items():
            self.owed[team.pk, user] = self.owed.get((team.pk, user), 0) + share
            self._turns(team, user).expected += share
        chosen = next_turn({user: self.owed[team.pk, user] for user in weights}, weights)
        self.owed[team.pk, chosen] -= LEAD
        self._turns(team, chosen).given += 1
        return self.seats[chosen]

    def _note_who_is_passed(self, team: Team, members: Sequence[Seat]) -> None:
        for seat in members:
            if not seat.is_here:
                self._turns(team, seat.user.pk).passed_away += 1
            elif seat.is_full:
                self._turns(team, seat.user.pk).passed_full += 1

    def _turns(self, team: Team, user: int) -> Turns:
        return self.tally.setdefault((team.pk, user), Turns())

    def _give(
        self, seat: Seat, team: Team | None, way: Way, because: str, rule: Rule | None = None
    ) -> Placement:
        seat.waiting += 1
        return _placement(team, seat.user, way, because, rule)

    def _queue(self, team: Team | None, because: str, rule: Rule | None) -> Placement:
        return _placement(team, None, Way.QUEUE, because, rule)

    def _floor(self, why: str, note: str, rule: Rule | None = None) -> Placement:
        """Where nobody else gets it: the default team's shared queue, or without one everybody's."""
        team = self.default_team
        where = f"shared queue of {team}" if team else "no default team, so open to every rep"
        return self._queue(team, f"{note}{why}: {where}.", rule)


def _placement(team: Team | None, user: User | None, way: Way, because: str, rule: Rule | None) -> Placement:
    text = because if len(because) <= LONGEST else because[: LONGEST - 1] + "…"
    return Placement(team, user, way, text, rule.key if rule else "", rule.name if rule else "")
