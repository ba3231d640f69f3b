"""Last touch: the campaign of the lead's latest activity with one, up to the beginning of its MQL visit.

Visits to later stages and deals take the MQL visit before them; without one, or without such an activity, there is
none. Found row by row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from leads.folding import fold
from leads.models import Activity, Campaign
from reports.measures import MQL
from reports.models import Visit
from reports.scope import Scope


def with_last_touch(rows: Any, *, at: str) -> Any:
    """Visits or deals with `last_touch`: the id of a campaign. `at`: the instant that the MQL visit must not follow."""
    offered = Visit.objects.filter(lead=OuterRef("lead"), position=MQL, entered_at__lte=OuterRef(at))
    touches = Activity.objects.filter(
        lead=OuterRef("lead"), campaign__isnull=False, occurred_at__lte=OuterRef("mql_at")
    )
    return rows.annotate(mql_at=Subquery(offered.order_by("-entered_at").values("entered_at")[:1])).annotate(
        last_touch=Subquery(touches.order_by("-occurred_at", "-pk").values("campaign")[:1])
    )


def entrants_by_last_touch(scope: Scope, *, by: str, position: int) -> Counter[str]:
    """Distinct leads that entered a stage in the period, by the last touch before their first entry in it."""
    entries = Visit.objects.filter(
        scope.condition(),
        position=position,
        entered_day__gte=scope.period.start,
        entered_day__lt=scope.period.end,
        entered_day__lte=scope.as_of,
    ).exclude(previous_day__gte=scope.period.start)
    touched = with_last_touch(entries, at="entered_at").order_by().values_list("last_touch")
    found, names = Counter[str](), names_of_campaigns(by)
    # Counted here: grouping by a subquery would have the database find each twice.
    for (campaign,) in touched:
        found[names.get(campaign, "")] += 1
    return found


def names_of_campaigns(by: str) -> Mapping[int | None, str]:
    """The value of a dimension for each campaign, as rows of leads have it."""
    return {campaign.pk: value_of(campaign, by) for campaign in Campaign.objects.all()}


def value_of(campaign: Campaign, by: str) -> str:
    return str(campaign.pk) if by == "campaign" else fold(getattr(campaign, by))


def campaigns_called(by: str, value: str) -> list[int]:
    """The campaigns that have a value."""
    return [pk for pk, name in names_of_campaigns(by).items() if name == value and pk is not None]


def with_touch_of(rows: Any, *, by: str, value: str, at: str) -> Any:
    """Those of the rows whose last touch has the value; "" also for those without one."""
    among = Q(last_touch__in=campaigns_called(by, value))
    return with_last_touch(rows, at=at).filter(among if value else among | Q(last_touch__isnull=True))
