"""Deals, and by what they are chosen."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q

from leads.models import Deal, Stage
from reports.deals import counted_deals, not_closed
from reports.dimensions import DIMENSIONS
from reports.drilling.conditions import Rows, Sought, condition, one_of
from reports.metrics.velocity import leads_at
from reports.money import with_worth

CLOSED = {
    "won": (Deal.State.WON,),
    "lost": (Deal.State.LOST,),
    "closed": (Deal.State.WON, Deal.State.LOST),
}
ANSWERS = {"known": False, "unknown": True}


def deals_as_known(sought: Sought) -> Rows:
    """With those of their facts by which they are chosen: each is a look at another table."""
    keys = DIMENSIONS.keys() & {*sought.scope.chosen, *sought.where}
    return counted_deals(keys).filter(sought.scope.condition())


# --- When: one of these; open ones as they stand, others closed in the period, where nothing is said ------------


def closed(rows: Rows, sought: Sought) -> Rows:
    until = min(sought.scope.period.ends_at, sought.scope.known_until)
    return rows.filter(closed_at__gte=sought.scope.period.starts_at, closed_at__lt=until)


def opened(rows: Rows, sought: Sought) -> Rows:
    until = min(sought.scope.period.ends_at, sought.scope.known_until)
    return rows.filter(opened_at__gte=sought.scope.period.starts_at, opened_at__lt=until)


def still_open(rows: Rows, sought: Sought) -> Rows:
    """At the end of the as-of day, whenever they were opened."""
    return rows.filter(not_closed(sought.scope), opened_at__lt=sought.scope.known_until)


WHEN = {
    "closed": ("closed_at", "Closed", closed),
    "opened": ("opened_at", "Opened", opened),
    "open": ("opened_at", "Opened", still_open),
}


# --- Conditions ------------------------------------------------------------------------------------------------


@condition("deals", "state", "{}")
def in_state(rows: Rows, value: str, sought: Sought) -> Rows:
    """As it was at the end of the as-of day."""
    states = one_of("state", value, {"open": (), **CLOSED})
    if not states:
        return rows.filter(not_closed(sought.scope))
    return rows.filter(state__in=states, closed_at__lt=sought.scope.known_until)


@condition("deals", "amount", "amount {}")
def with_amount(rows: Rows, value: str, sought: Sought) -> Rows:
    return rows.filter(amount__isnull=one_of("answer", value, ANSWERS))


@condition("deals", "currency", "in {}")
def in_currency(rows: Rows, value: str, sought: Sought) -> Rows:
    """Where none is given it is the organisation's."""
    blank = Q(currency="") if value.upper() == settings.CURRENCY else Q(pk__in=())
    return rows.filter(Q(currency=value.upper()) | blank)


@condition("deals", "valued", "that can be summed: {}")
def valued(rows: Rows, value: str, sought: Sought) -> Rows:
    """Whether the amount is known in the organisation's currency, at the rate of the day of closing, or of opening."""
    at = "opened_at" if sought.where.get("state") == "open" else "closed_at"
    return with_worth(rows, at=at).filter(worth__isnull=one_of("answer", value, {"yes": False, "no": True}))


@condition("deals", "lead_at", "of leads at {}")
def of_leads_at(rows: Rows, value: str, sought: Sought) -> Rows:
    """Whose leads stand in a stage at the end of the as-of day."""
    stage = one_of("stage", value, {stage.value: stage for stage in Stage})
    return rows.filter(lead_id__in=leads_at(sought.scope, stage))


def noun(where: dict[str, str]) -> str:
    return "Deals"
