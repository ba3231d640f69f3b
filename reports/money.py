"""Amounts in the organisation's currency (CURRENCY): others are converted where a rate is known, else listed apart.

An amount is unknown where it is blank; 0 is 0 and counts. An amount without a currency is in the organisation's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import accumulate
from typing import Any, Self, TypeVar

from django.conf import settings
from django.db.models import (
    Case,
    Count,
    DecimalField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDate
from django.utils import timezone

from leads.folding import folded_digest
from reports.models import ExchangeRate
from reports.scope import Scope
from reports.store.kept import kept_for

Found = TypeVar("Found")
_CENT = Decimal("0.01")
_EXACT: DecimalField[Any, Any] = DecimalField(max_digits=33, decimal_places=10)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Foreign:
    """Amounts of one currency that has no rate: how many, and what they come to in that currency."""

    count: int
    total: Decimal


@dataclass(frozen=True)
class Amounts:
    """Some amounts. `values`: how often which, converted; `unknown`: how many are blank; `foreign`: by currency."""

    values: Mapping[Decimal, int] = field(default_factory=dict)
    unknown: int = 0
    foreign: Mapping[str, Foreign] = field(default_factory=dict)

    @cached_property
    def known(self) -> int:
        return sum(self.values.values())

    @property
    def count(self) -> int:
        """All of them, also the unknown ones and those without a rate."""
        return self.known + self.unknown + sum(each.count for each in self.foreign.values())

    @cached_property
    def total(self) -> Decimal | None:
        """Of those that are known. None where there are some and none is known: unknown is not 0."""
        if not self.known and self.count:
            return None
        return cents(sum((value * times for value, times in self.values.items()), Decimal(0)))

    @property
    def mean(self) -> Decimal | None:
        return cents(self.total / self.known) if self.known and self.total is not None else None

    @cached_property
    def median(self) -> Decimal | None:
        """The one in the middle of those that are known, or half way between the two in the middle."""
        if not self.known:
            return None
        values = sorted(self.values)
        # Where in the row of all of them the last of each value stands.
        ends = list(accumulate(self.values[value] for value in values))
        lower, upper = (bisect_right(ends, place) for place in ((self.known - 1) // 2, self.known // 2))
        return cents((values[lower] + values[upper]) / 2)

    def __add__(self, other: Amounts) -> Amounts:
        foreign = {
            currency: Foreign(
                sum(each.foreign[currency].count for each in (self, other) if currency in each.foreign),
                sum(
                    (each.foreign[currency].total for each in (self, other) if currency in each.foreign),
                    Decimal(0),
                ),
            )
            for currency in sorted({*self.foreign, *other.foreign})
        }
        values = Counter(self.values)
        values.update(other.values)
        return Amounts(values, self.unknown + other.unknown, foreign)

    @property
    def left_out(self) -> list[str]:
        """In sentences, what is not in the total."""
        found = [
            f"{each.count:,} {'amount' if each.count == 1 else 'amounts'} in {currency}, {each.total:,.2f} in all, "
            f"{'is' if each.count == 1 else 'are'} not summed: there is no exchange rate for the day."
            for currency, each in self.foreign.items()
        ]
        if self.unknown:
            found.append(
                f"{self.unknown:,} {'deal has' if self.unknown == 1 else 'deals have'} no amount: unknown is not 0."
            )
        return found


def kept_at_these_rates(name: str, scope: Scope, make: Callable[[], Found]) -> Found:
    """What `make` gives, which converts amounts of deals, until the next fold or the next change of a rate."""
    rates = ExchangeRate.objects.order_by("currency", "day").values_list("currency", "day", "rate")
    return kept_for(f"{name}, at {folded_digest(str(list(rates)))}", scope, make)


def in_currency(*, amount: str, currency: str, day: str) -> Combinable:
    """An amount of a row in the organisation's currency, by the rate of a date of the row; null where unknown."""
    rates = ExchangeRate.objects.filter(currency=OuterRef(currency), day__lte=OuterRef(day)).order_by("-day")
    own = Q(**{currency: settings.CURRENCY}) | Q(**{currency: ""})
    return Case(
        When(own, then=ExpressionWrapper(F(amount), output_field=_EXACT)),
        default=ExpressionWrapper(F(amount) * Subquery(rates.values("rate")[:1]), output_field=_EXACT),
        output_field=_EXACT,
    )


def with_worth(deals: QuerySet[Any], *, at: str) -> QuerySet[Any]:
    """Each with its `worth` in the organisation's currency, at the rate of the day of `at`; null where unknown."""
    dated: QuerySet[Any] = deals.annotate(money_day=TruncDate(at, tzinfo=timezone.get_default_timezone()))
    worth = in_currency(amount="amount", currency="currency", day="money_day")
    valued: QuerySet[Any] = dated.annotate(worth=worth)
    return valued


def amounts_of(deals: QuerySet[Any], *, at: str = "closed_at", by: str | None = None) -> dict[Any, Amounts]:
    """What deals come to, by a column of theirs ("" without one), each at the rate of the day of `at`."""
    rows = with_worth(deals, at=at).order_by().annotate(money_by=F(by) if by else Value(""))
    found: dict[Any, _Pile] = defaultdict(_Pile)
    for key, amount, currency, worth, times in rows.values_list(
        "money_by", "amount", "currency", "worth"
    ).annotate(times=Count("pk")):
        found[key].add(amount, currency, worth, times)
    return {key: pile.amounts for key, pile in found.items()}


class _Pile:
    """Amounts, as they are being counted."""

    def __init__(self) -> None:
        self.values: Counter[Decimal] = Counter()
        self.unknown = 0
        self.foreign: dict[str, Foreign] = {}

    def add(self, amount: Decimal | None, currency: str, worth: Decimal | None, times: int) -> None:
        if amount is None:
            self.unknown += times
        elif worth is None:
            before = self.foreign.get(currency, Foreign(0, Decimal(0)))
            self.foreign[currency] = Foreign(before.count + times, before.total + amount * times)
        else:
            self.values[cents(worth)] += times

    @property
    def amounts(self) -> Amounts:
        return Amounts(self.values, self.unknown, self.foreign)


@dataclass(frozen=True)
class Rates:
    """All rates there are, for what is converted outside the database."""

    by_currency: Mapping[str, tuple[tuple[date, ...], tuple[Decimal, ...]]]

    @classmethod
    def known(cls) -> Self:
        return cls.of(ExchangeRate.objects.order_by("currency", "day").values_list("currency", "day", "rate"))

    @classmethod
    def of(cls, rates: Iterable[tuple[str, date, Decimal]]) -> Self:
        """From (currency, first day, rate)."""
        found: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for currency, day, rate in rates:
            found[currency].append((day, rate))
        return cls(
            {
                currency: (tuple(day for day, _ in sorted(steps)), tuple(rate for _, rate in sorted(steps)))
                for currency, steps in found.items()
            }
        )

    def at(self, currency: str, day: date) -> Decimal | None:
        """The rate that held on a day; None where none is known."""
        if currency in ("", settings.CURRENCY):
            return Decimal(1)
        days, rates = self.by_currency.get(currency, ((), ()))
        place = bisect_right(days, day)
        return rates[place - 1] if place else None

    def changes(self, currency: str) -> tuple[date, ...]:
        """The days on which the rate of a currency changes."""
        return () if currency in ("", settings.CURRENCY) else self.by_currency.get(currency, ((), ()))[0]
