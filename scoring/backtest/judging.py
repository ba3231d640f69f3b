"""Whether a rulebook would have made the handoffs that were really made, and when: day by day, with what was known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from scoring.backtest.lives import Life
from scoring.backtest.walk import Walk, news_of
from scoring.engine.compiler import LeadRange
from scoring.rulebook.form import Form

Beat = Callable[[], None]


def first_days(
    form: Form,
    lives: Mapping[int, Life],
    handoffs: Mapping[int, int],
    *,
    type_ids: Mapping[str, int],
    beat: Beat,
) -> dict[int, int]:
    """For each of these handoffs (id to lead) that the rulebook makes, too: the first day on which it does.

    `lives` are those of their leads; `beat` is called now and then.
    """
    windows: list[tuple[int, int, int, int]] = []
    for pk, lead in handoffs.items():
        first, last = next(each.window for each in lives[lead].handoffs if each.pk == pk)
        if last >= lives[lead].created:
            windows.append((max(first, lives[lead].created), last, pk, lead))
    if not windows:
        return {}
    return _walked(form, windows, type_ids, beat)


def _walked(
    form: Form, windows: Sequence[tuple[int, int, int, int]], type_ids: Mapping[str, int], beat: Beat
) -> dict[int, int]:
    opening, closing = defaultdict(list), defaultdict(list)
    for first, last, pk, lead in windows:
        opening[first].append((pk, lead))
        closing[last].append((pk, lead))
    days = range(min(opening), max(closing) + 1)
    walk = Walk(form, days, news_of(_spanning(windows), days), type_ids)
    found: dict[int, int] = {}
    open_of: dict[int, set[int]] = defaultdict(set)  # handoffs by lead whose window the day is in
    qualified: set[int] = set()
    for index, day in enumerate(days):
        entering = {lead for _, lead in opening[day] if not open_of[lead]}
        for pk, lead in opening[day]:
            open_of[lead].add(pk)
        for standing in walk.step(index, entering):
            (qualified.add if standing.qualified else qualified.discard)(standing.lead)
        _note(found, day, open_of, qualified)
        for pk, lead in closing[day]:
            open_of[lead].discard(pk)
        over = {lead for _, lead in closing[day] if not open_of[lead]}
        walk.leave(over)
        qualified -= over
        if index % 16 == 0:
            beat()
    return found


def _spanning(windows: Sequence[tuple[int, int, int, int]]) -> LeadRange:
    leads = [lead for *_, lead in windows]
    return LeadRange(min(leads), max(leads))


def _note(found: dict[int, int], day: int, open_of: Mapping[int, set[int]], qualified: set[int]) -> None:
    for lead in qualified:
        for pk in open_of[lead]:
            found.setdefault(pk, day)
