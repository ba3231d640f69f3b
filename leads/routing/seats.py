"""The people of sales as routing sees them: who is here, how much is open, and whether there is room for more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import cast

from django.db.models import Count, Exists, OuterRef, Q

from leads.models import Absence, Handoff, Lead, Role, Stage, User


@dataclass
class Seat:
    """One of sales. `waiting` and `working`: handoffs that wait for them, and SQLs that they own."""

    user: User
    is_rep: bool
    away_until: date | None = None
    waiting: int = 0
    working: int = 0

    @property
    def is_here(self) -> bool:
        return self.user.is_active and self.away_until is None

    @property
    def is_full(self) -> bool:
        return self.user.open_cap is not None and self.waiting >= self.user.open_cap

    @property
    def can_take(self) -> bool:
        return self.is_here and not self.is_full

    @property
    def takes_turns(self) -> bool:
        """Whether they share in what their team is given."""
        return self.is_rep and self.user.is_active and self.user.routing_weight > 0

    @property
    def load(self) -> Fraction:
        """Open work against the share of a full desk, as it would be with one more."""
        return Fraction(self.waiting + self.working + 1, max(self.user.routing_weight, 1))

    @property
    def why_not(self) -> str:
        """For example: is away until 5 Mar."""
        if not self.user.is_active:
            return "has left"
        if self.away_until is not None:
            return f"is away until {self.away_until.day} {self.away_until:%b}"
        return f"has {self.waiting} open, the most they take" if self.is_full else ""


def seats(*, day: date) -> dict[int, Seat]:
    """Everybody of sales by user id, also those who have left. Two queries."""
    groups = User.groups.through.objects.filter(user=OuterRef("pk"), group__name=Role.REP.value)
    people = User.objects.in_sales().select_related("team").annotate(has_rep=Exists(groups)).order_by("pk")
    away = away_until(day)
    return {user.pk: Seat(user, user.has_rep, away.get(user.pk)) for user in people}


def away_until(day: date) -> dict[int, date]:
    """Whoever is away on the day, with the last day of it. One query."""
    found: dict[int, date] = {}
    for absence in Absence.objects.on(day).order_by("last_day"):
        found[absence.user_id] = cast("date", absence.last_day)
    return found


def count_waiting(people: dict[int, Seat], users: Collection[int]) -> None:
    """Fill in how many handoffs wait for these users. One query, none for nobody."""
    if users:
        waiting = Handoff.objects.waiting().filter(assignee__in=users).order_by()
        for user, number in waiting.values_list("assignee").annotate(Count("pk")):
            people[user].waiting = number


def count_working(people: dict[int, Seat], users: Collection[int]) -> None:
    """Fill in how many SQLs these users own. One query, none for nobody."""
    if users:
        owned = Lead.objects.filter(Q(stage=Stage.SQL), owner__in=users).order_by()
        for user, number in owned.values_list("owner").annotate(Count("pk")):
            people[user].working = number
