"""Deals as reports count them: with the facts of their leads to filter by, and with their owners for rep and team."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Concat

from leads.models import Deal
from reports.dimensions import DIMENSIONS, ELSEWHERE
from reports.models import Journey
from reports.money import Amounts, amounts_of, kept_at_these_rates
from reports.scope import Scope


def counted_deals(keys: Iterable[str] = DIMENSIONS) -> QuerySet[Any]:
    """All deals, with what rows of `Counted` can be filtered and broken down by, under the same names.

    `keys`: which of the dimensions are needed; each of most is a look at another table.
    """
    owner = Case(
        When(owner__isnull=False, then=Cast("owner", CharField(max_length=201))),
        When(~Q(owner_actor=""), then=Concat(Value(ELSEWHERE), F("owner_actor"))),
        default=Value(""),
        output_field=CharField(max_length=201),
    )
    own = {"team": F("owner__team"), "rep": owner}
    return Deal.objects.annotate(**{key: own.get(key) or _fact(key) for key in keys})


def _fact(key: str) -> Subquery:
    """Of the lead. Deals are few beside leads: looked up for each, where a join would read all leads."""
    return Subquery(Journey.objects.filter(pk=OuterRef("lead_id")).values(key)[:1])


def closed_deals(scope: Scope, *, keys: Iterable[str] = DIMENSIONS) -> QuerySet[Any]:
    """Won or lost in the period and by the as-of day. `keys`: by what else than the choice they are asked for."""
    until = min(scope.period.ends_at, scope.known_until)
    closed = counted_deals({*keys, *scope.chosen}).filter(
        closed_at__gte=scope.period.starts_at, closed_at__lt=until
    )
    return closed.filter(scope.condition())


def won_deals(scope: Scope, *, keys: Iterable[str] = DIMENSIONS) -> QuerySet[Any]:
    return closed_deals(scope, keys=keys).filter(state=Deal.State.WON)


def won_amounts(scope: Scope) -> Amounts:
    """What all of them come to, each at the rate of the day on which it was won."""
    return kept_at_these_rates("won amounts", scope, lambda: _won_amounts(scope))


def _won_amounts(scope: Scope) -> Amounts:
    return amounts_of(won_deals(scope, keys=())).get("", Amounts())


def open_deals(scope: Scope, *, keys: Iterable[str] = DIMENSIONS) -> QuerySet[Any]:
    """Open at the end of the as-of day, whenever they were opened."""
    return counted_deals({*keys, *scope.chosen}).filter(
        not_closed(scope), scope.condition(), opened_at__lt=scope.known_until
    )


def not_closed(scope: Scope) -> Q:
    """By the end of the as-of day."""
    return Q(state=Deal.State.OPEN) | Q(closed_at__gte=scope.known_until)
