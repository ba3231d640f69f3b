"""What takes long to count and stays the same until the next fold: each process counts it once."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TypeVar, cast

from django.core.cache import cache

from leads.folding import folded_digest
from reports.scope import Scope
from reports.store.state import folded_at

AN_HOUR = 3600
Found = TypeVar("Found")
# As of which fold an answer is, and what is known for it, while it is being made.
_fold: ContextVar[datetime | None] = ContextVar("fold", default=None)
_known: ContextVar[dict[str, Any] | None] = ContextVar("known", default=None)


def of_one_fold(build: Callable[[], Found]) -> Found:
    """What `build` gives, which asks only once as of when the numbers are."""
    fold, known = _fold.set(folded_at()), _known.set({})
    try:
        return build()
    finally:
        _fold.reset(fold)
        _known.reset(known)


def once_an_answer(key: str, make: Callable[[], Found]) -> Found:
    """What `make` gives, asked for once while an answer is made: for what the clock alone changes."""
    known = _known.get()
    if known is None:
        return make()
    if key not in known:
        known[key] = make()
    return cast(Found, known[key])


def kept_for(name: str, scope: Scope, make: Callable[[], Found]) -> Found:
    """The same of a number that is made of what folding brings up to date or takes note of, for one scope."""
    return until_next_fold(f"{name}|{scope.period}|{scope.as_of}|{sorted(scope.chosen.items())}", make)


def until_next_fold(key: str, make: Callable[[], Found]) -> Found:
    """What `make` gives, kept under the key; made each time while nothing was ever built."""
    at = _fold.get() or folded_at()
    if at is None:
        return make()
    # A later fold has another key, so that nobody reads what was true before it.
    return cast(Found, cache.get_or_set(_name(f"{key} as of {at.isoformat()}"), make, AN_HOUR))


def for_an_hour(key: str, make: Callable[[], Found], *, lasts: Callable[[Found], bool]) -> Found:
    """The same, and where it `lasts` for an hour, whatever is folded in meanwhile.

    So does what is made of so much that a little more of it changes nothing.
    """
    name = _name(f"{key} for an hour")
    found = cast(Found | None, cache.get(name))
    if found is None:
        found = until_next_fold(key, make)
        if lasts(found):
            cache.set(name, found, AN_HOUR)
    return found


def _name(key: str) -> str:
    return f"reports-{folded_digest(key)}"
