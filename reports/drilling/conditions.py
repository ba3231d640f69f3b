"""By what rows are chosen: a closed vocabulary of small functions, each for one kind of rows.

`Drill.rows` names the kind and `Drill.where` gives values to conditions. A report that needs a further one writes a
function with `@condition("visits", "name", "in words: {}")` beside its metric.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from reports.period import Period, today
from reports.scope import Scope

Rows = QuerySet[Any]


class WrongCondition(Exception):
    """The address asks for rows in a way that does not exist; the message is a sentence."""


@dataclass(frozen=True)
class Sought:
    """What is asked of the rows, in all: a condition may look at another one."""

    scope: Scope
    where: Mapping[str, str]

    @property
    def known_on(self) -> date | None:
        """Rows as they stood at the end of this day; None: as they stand. As `reports.cells` decides it."""
        return self.scope.as_of if self.scope.as_of < today() else None


Choose = Callable[[Rows, str, Sought], Rows]


@dataclass(frozen=True)
class Condition:
    """`words`: what it adds to the title of the list, {} standing for its value; empty: nothing."""

    name: str
    words: str
    choose: Choose


_conditions: dict[str, dict[str, Condition]] = {}


def condition(kind: str, name: str, words: str = "") -> Callable[[Choose], Choose]:
    """Register a condition on rows of a kind. It raises WrongCondition for values that it does not know."""

    def add(choose: Choose) -> Choose:
        of_kind = _conditions.setdefault(kind, {})
        assert name not in of_kind, f"{kind}: {name}"
        of_kind[name] = Condition(name, words, choose)
        return choose

    return add


def conditions_of(kind: str) -> Mapping[str, Condition]:
    return _conditions.get(kind, {})


def one_of(name: str, value: str, known: Mapping[str, Any]) -> Any:
    """The meaning of a value. Raises WrongCondition with the values that there are."""
    if value not in known:
        raise WrongCondition(f"“{value}” is no {name}. There are: {', '.join(known)}.")
    return known[value]


def whole_number(name: str, value: str, *, largest: int = 10**6) -> int:
    if not (value.isascii() and value.isdigit()) or int(value[:12]) > largest:
        raise WrongCondition(f"“{value}” is no {name}: give a whole number up to {largest:,}.")
    return int(value)


def in_days(scope: Scope, where: Mapping[str, str]) -> tuple[Scope, dict[str, str]]:
    """A number of a day or month has its own days; what is left are conditions."""
    rest = dict(where)
    days = [rest.pop(name, "") for name in ("first_day", "last_day")]
    if any(days):
        scope = scope.during(Period.of_days(*map(date.fromisoformat, days)))
    return scope, rest
