"""What a lead did, as rules see it: matches of a rule gathered by day, found once however often a rule is asked.

A score never depends on anything smaller than a day, so the days that have matches are all that points need: a
lead with 100,000 activities is a list of at most a few thousand days.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby

from leads.conditions import Condition, holds
from leads.conditions.testing import Fact


@dataclass(frozen=True)
class ActivityFacts:
    """An activity as rules see it: `facts` by field name, in their typed form.

    Or the latest of `count` of the same day that no rule can tell apart.
    """

    pk: int
    type: str
    occurred_at: datetime
    day: int
    asset_id: int | None
    asset: str
    facts: Mapping[str, Fact]
    count: int = 1

    @property
    def place(self) -> tuple[int, datetime, int]:
        """The order of activities: by day, then instant, then id."""
        return self.day, self.occurred_at, self.pk


@dataclass(frozen=True)
class MatchDay:
    """What matched on one day."""

    day: int
    count: int
    latest: ActivityFacts
    assets: frozenset[int]


class Matches:
    """The days with matches, in order."""

    def __init__(self, days: Sequence[MatchDay]) -> None:
        self.days = days
        self._numbers = [day.day for day in days]

    def between(self, first: int | None, last: int) -> Sequence[MatchDay]:
        """From the first day (None: from the beginning) to the last, both included."""
        start = 0 if first is None else bisect_left(self._numbers, first)
        return self.days[start : bisect_right(self._numbers, last)]

    def first_after(self, day: int) -> int | None:
        """The first day with a match after this one; None where there is none."""
        place = bisect_right(self._numbers, day)
        return self._numbers[place] if place < len(self._numbers) else None


class History:
    """All that a lead did, and perhaps what it might do next, on top of it."""

    def __init__(self, activities: Iterable[ActivityFacts], before: History | None = None) -> None:
        self._activities = sorted(activities, key=lambda activity: activity.place)
        self._before = before
        self._found: dict[object, Matches] = {}

    def plus(self, activities: Iterable[ActivityFacts]) -> History:
        """This history with more activities; what is known of this one is not worked out again."""
        return History(activities, before=self)

    def matches(self, types: Sequence[str], conditions: Sequence[Condition] = ()) -> Matches:
        """Activities of one of these types (none: of any) that meet all conditions, on whatever day."""
        asked = (types, tuple((item.field.name, item.operator, item.values) for item in conditions))
        if asked not in self._found:
            days = list(_by_day(item for item in self._of(types) if _meets(item, conditions)))
            if self._before is not None:
                days = _merged(self._before.matches(types, conditions).days, days)
            self._found[asked] = Matches(days)
        return self._found[asked]

    def _of(self, types: Sequence[str]) -> Iterable[ActivityFacts]:
        match types:
            case []:
                return self._activities
            case [only]:
                return self._by_type.get(only, ())
        return (activity for activity in self._activities if activity.type in types)

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[ActivityFacts]]:
        found: dict[str, list[ActivityFacts]] = {}
        for activity in self._activities:
            found.setdefault(activity.type, []).append(activity)
        return found


@dataclass(frozen=True)
class LeadFacts:
    """A lead as rules see it: `facts` by field name, in their typed form, and all its activities."""

    pk: int
    created_day: int
    facts: Mapping[str, Fact]
    activities: Sequence[ActivityFacts]

    @cached_property
    def history(self) -> History:
        return History(self.activities)


def _meets(activity: ActivityFacts, conditions: Sequence[Condition]) -> bool:
    return all(holds(condition, activity.facts[condition.field.name]) for condition in conditions)


def _by_day(activities: Iterable[ActivityFacts]) -> Iterator[MatchDay]:
    for day, found in groupby(activities, key=lambda activity: activity.day):
        matches = list(found)
        assets = frozenset(item.asset_id for item in matches if item.asset_id is not None)
        yield MatchDay(day, sum(item.count for item in matches), matches[-1], assets)


def _merged(old: Sequence[MatchDay], new: Sequence[MatchDay]) -> list[MatchDay]:
    by_day = {day.day: day for day in old}
    for day in new:
        known = by_day.get(day.day)
        if known is not None:
            latest = max(known.latest, day.latest, key=lambda activity: activity.place)
            day = MatchDay(day.day, known.count + day.count, latest, known.assets | day.assets)
        by_day[day.day] = day
    return [by_day[number] for number in sorted(by_day)]
