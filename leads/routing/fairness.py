"""Who was given how much: each one's share of the turns against what they expected, with credit for absence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet, Sum

from leads.models import HandoffAssignment, RotationDay, Team
from leads.routing.form import Way
from leads.routing.seats import Seat, count_waiting, count_working, seats
from leads.routing.turns import LEAD

# With fewer leads than these a difference says nothing.
FEW = 5


@dataclass(frozen=True)
class Share:
    """One member of a team: turns expected and given, what passed them by, and what they were given otherwise."""

    seat: Seat
    expected: float
    given: int
    passed_away: int
    passed_full: int
    otherwise: int
    taken: int
    team_given: int

    @property
    def difference(self) -> float:
        return self.given - self.expected

    @property
    def is_few(self) -> bool:
        return self.expected < FEW and self.given < FEW

    @property
    def is_off(self) -> bool:
        """More than rounding explains: people came and went, or it was set by hand."""
        return not self.is_few and abs(self.difference) > max(2.0, self.expected / 10)

    @property
    def percent(self) -> int | None:
        return round(100 * self.given / self.team_given) if self.team_given else None

    @property
    def expected_percent(self) -> int | None:
        return round(100 * self.expected / self.team_given) if self.team_given else None


@dataclass(frozen=True)
class TeamShares:
    team: Team
    shares: Sequence[Share]

    @property
    def given(self) -> int:
        return sum(share.given for share in self.shares)


def team_shares(*, first: date, last: date, today: date) -> list[TeamShares]:
    """Each team that is at work, with its members and whoever took turns in it. A constant number of queries."""
    people = seats(day=today)
    count_waiting(people, people)
    count_working(people, people)
    turns = _turns(first, last)
    otherwise, taken = _otherwise(first, last), _taken(first, last)
    given: Counter[int] = Counter()
    for (team_id, _user), line in turns.items():
        given[team_id] += line["given"]
    found = []
    for team in Team.objects.filter(is_active=True):
        members = [
            seat
            for pk, seat in people.items()
            if (team.pk, pk) in turns or (seat.user.team_id == team.pk and seat.takes_turns)
        ]
        shares = [
            _share(seat, turns.get((team.pk, seat.user.pk)), otherwise, taken, given[team.pk])
            for seat in members
        ]
        found.append(TeamShares(team, shares))
    return [one for one in found if one.shares]


def _share(
    seat: Seat, line: dict[str, int] | None, otherwise: Counter[int], taken: Counter[int], team_given: int
) -> Share:
    turns = line or dict.fromkeys(("expected", "given", "passed_away", "passed_full"), 0)
    return Share(
        seat=seat,
        expected=turns["expected"] / LEAD,
        given=turns["given"],
        passed_away=turns["passed_away"],
        passed_full=turns["passed_full"],
        otherwise=otherwise[seat.user.pk],
        taken=taken[seat.user.pk],
        team_given=team_given,
    )


def _turns(first: date, last: date) -> dict[tuple[int, int], dict[str, int]]:
    names = ("expected", "given", "passed_away", "passed_full")
    days = RotationDay.objects.filter(day__gte=first, day__lte=last).order_by()
    rows = days.values_list("team", "user").annotate(*(Sum(name) for name in names))
    return {
        (team, user): dict(zip(names, map(int, sums), strict=True)) for team, user, *sums in rows.iterator()
    }


def _otherwise(first: date, last: date) -> Counter[int]:
    """What each was given but by turns: as owner of the company, named by a rule, by least open work or by hand."""
    rows = _assigned(first, last).exclude(way=Way.ROTATION).filter(assignee__isnull=False)
    return Counter(dict(rows.order_by().values_list("assignee").annotate(Count("pk"))))


def _taken(first: date, last: date) -> Counter[int]:
    rows = _assigned(first, last).filter(taken_from__isnull=False)
    return Counter(dict(rows.order_by().values_list("taken_from").annotate(Count("pk"))))


def _assigned(first: date, last: date) -> QuerySet[HandoffAssignment]:
    return HandoffAssignment.objects.filter(day__gte=first, day__lte=last)


def shared_queues(*, first: date, last: date) -> int:
    """How many went to a shared queue, for want of a rule or of somebody who could take them."""
    return _assigned(first, last).filter(assignee__isnull=True).count()
