"""Where leads stood day after day, each as of the day's end: the database is asked only about those who may have moved.

A standing holds until its valid_until, unless an activity becomes known. So a walk of ninety days costs a fraction of
ninety full passes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from leads.models import Activity
from leads.models.fields import day_from_number
from leads.querysets import start_of
from scoring.engine.compiler import CompiledRulebook, LeadRange, LeadSet, Standing
from scoring.rescoring import FULL_PASS_SHARE
from scoring.rulebook.form import Form

# The earliest step on which each lead has news; see news_of.
News = Sequence[Collection[int]]


def end_of(day: int) -> datetime:
    """The first instant after a day, in TIME_ZONE: what is known by the day's end is before it."""
    return start_of(day_from_number(day) + timedelta(days=1))


def as_of(form: Form, day: int, type_ids: Mapping[str, int]) -> CompiledRulebook:
    """The rulebook on a day, with only what was known by its end."""
    return CompiledRulebook(form, day_from_number(day), type_ids, known_by=end_of(day))


def news_of(leads: LeadRange, days: Sequence[int]) -> News:
    """For each of these days, the leads with an activity that became known since the day before it in the list."""
    ends = [end_of(day) for day in days]
    found: list[set[int]] = [set() for _ in days]
    rows = Activity.objects.filter(
        lead__gte=leads.first, lead__lte=leads.last, known_at__gte=ends[0], known_at__lt=ends[-1]
    ).order_by()
    for lead_id, known_at in rows.values_list("lead", "known_at").iterator(chunk_size=10_000):
        found[bisect_right(ends, known_at)].add(lead_id)
    return found


class Walk:
    """Steps through days with a rulebook. Leads enter by `entering`, or all of a range on its first day."""

    def __init__(self, form: Form, days: Sequence[int], news: News, type_ids: Mapping[str, int]) -> None:
        self.form = form
        self.days = days
        self._news = news
        self._type_ids = type_ids
        self._expiring: dict[int, list[int]] = defaultdict(list)
        self._range: LeadRange | None = None
        self._watched: set[int] = set()
        self.rulebook = as_of(form, days[0], type_ids)

    def enter_all(self, leads: LeadRange) -> list[Standing]:
        """On the first day: where all of the range stand."""
        self._range = leads
        return self._looked_up(leads)

    def step(self, index: int, entering: Iterable[int] = ()) -> list[Standing]:
        """Those that entered, or whose standing may be another than on the day before in the list."""
        day, before = self.days[index], self.days[index - 1] if index else self.days[0] - 1
        new = set(entering)
        due = self._watched.intersection(self._news[index])
        for expired in range(before + 1, day + 1):
            due.update(self._watched.intersection(self._expiring.pop(expired, ())))
        self.rulebook = as_of(self.form, day, self._type_ids)
        due |= new
        if not due:
            return []
        is_full = self._range is not None and len(due) > FULL_PASS_SHARE * len(self._watched)
        return self._looked_up(self._range if is_full and self._range else LeadSet(sorted(due)))

    def leave(self, lead_ids: Iterable[int]) -> None:
        """Nothing more is asked about these."""
        self._watched.difference_update(lead_ids)

    def _looked_up(self, target: LeadRange | LeadSet) -> list[Standing]:
        found = self.rulebook.standings(target)
        for standing in found:
            if standing.valid_until is not None:
                self._expiring[standing.valid_until].append(standing.lead)
        self._watched.update(standing.lead for standing in found)
        return found
