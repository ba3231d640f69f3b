"""Whose turn it is: exact shares by weight, with nothing counted over history.

Each lead is shared out among those who could take it, by weight; one of them is given all of it. What somebody was
due and has not been given is *owed*. Of those who are owed something, whoever would soonest be owed a whole lead
is next. While people and weights stay the same, nobody is ever a whole lead from their share: this is the
schedule of earliest deadlines for just-in-time production (Steiner and Yeomans, 1993), where giving to
whoever is owed most can err by more.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

# One lead. Fine enough that what division leaves over is nothing after a million leads.
LEAD = 10**9


def shares(weights: Mapping[int, int]) -> dict[int, int]:
    """One lead shared out by weight, in 10^-9 leads; what division leaves over is not shared."""
    total = sum(weights.values())
    return {user: LEAD * weight // total for user, weight in weights.items()}


def next_turn(owed: Mapping[int, int], weights: Mapping[int, int]) -> int:
    """Who is given a lead of which everybody has been owed their share already. `weights` are above 0."""
    due = [user for user in weights if owed[user] > 0]
    if not due:  # who was owed most is away: everybody here has had theirs
        return max(weights, key=lambda user: (owed[user], -user))
    return min(due, key=lambda user: (Fraction(LEAD - owed[user], weights[user]), user))
