"""Who takes over what: by the turns of routing, and what belongs to one company goes to one person."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from leads.models import User
from leads.routing.turns import LEAD, next_turn, shares


@dataclass
class Allotment:
    """`people` with a weight above 0 take turns. `waiting`: what waits for each already, which counts to their cap."""

    people: Sequence[User]
    waiting: dict[int, int]
    owed: dict[int, int] = field(default_factory=dict)
    known: dict[Hashable, User] = field(default_factory=dict)

    def owner(self, account: Hashable) -> User:
        """Whose the account is from now on. Somebody must be there."""
        if account not in self.known:
            self.known[account] = self._turn(self.people)
        return self.known[account]

    def taker(self, account: Hashable) -> User | None:
        """Who decides a handoff of the account: its new owner, else whoever has room; None where nobody has."""
        there = [self.known[account]] if account in self.known else self.people
        able = [user for user in there if self._has_room(user)] or [
            user for user in self.people if self._has_room(user)
        ]
        if not able:
            return None
        taker = able[0] if len(able) == 1 else self._turn(able)
        self.known.setdefault(account, taker)
        self.waiting[taker.pk] = self.waiting.get(taker.pk, 0) + 1
        return taker

    def _has_room(self, user: User) -> bool:
        return user.open_cap is None or self.waiting.get(user.pk, 0) < user.open_cap

    def _turn(self, people: Sequence[User]) -> User:
        weights: Mapping[int, int] = {user.pk: user.routing_weight for user in people}
        for pk, share in shares(weights).items():
            self.owed[pk] = self.owed.get(pk, 0) + share
        chosen = next_turn({pk: self.owed[pk] for pk in weights}, weights)
        self.owed[chosen] -= LEAD
        return next(user for user in people if user.pk == chosen)
