"""What takes long to count and stays the same until the next fold: each process counts it once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from django.core.cache import cache

from leads.folding import folded_digest
from reports.scope import Scope
from reports.store.state import folded_at

AN_HOUR = 3600
Found = TypeVar("Found")


def kept_for(name: str, scope: Scope, make: Callable[[], Found]) -> Found:
    """The same of a number that is made of visits, journeys and their counts alone, for one scope."""
    return until_next_fold(f"{name}|{scope.period}|{scope.as_of}|{sorted(scope.chosen.items())}", make)


def until_next_fold(key: str, make: Callable[[], Found]) -> Found:
    """What `make` gives, kept under the key; made each time while nothing was ever built."""
    at = folded_at()
    if at is None:
        return make()
    # A later fold has another key, so that nobody reads what was true before it.
    name = folded_digest(f"{key} as of {at.isoformat()}")
    return cast(Found, cache.get_or_set(f"reports-{name}", make, AN_HOUR))
