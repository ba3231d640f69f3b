"""Who is offered what at the invented company: rules in force, a draft with one more, shares, a cap, somebody away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from leadfunnel.demo.logins import USERNAMES
from leads.models import Absence, Role, Team, User
from leads.models.fields import day_of
from leads.routing import drafting
from leads.routing.document import read_rule
from leads.routing.facts import routing_fields

AWAY, HALF, CAPPED, CAP = "ines", "piotr", "omar", 12


def set_up_routing(*, at: datetime) -> None:
    """Once, after the staff is there and before today's leads are offered."""
    manager = User.objects.get(username=USERNAMES[Role.MANAGER])
    field, enterprise = Team.objects.get(name="Sales Europe"), Team.objects.get(name="Enterprise")
    day = day_of(at)
    User.objects.filter(username=HALF).update(routing_weight=50)
    User.objects.filter(username=CAPPED).update(open_cap=CAP)
    Absence.objects.create(
        user=User.objects.get(username=AWAY),
        first_day=day - timedelta(days=1),
        last_day=day + timedelta(days=4),
        note="Holiday",
        created_by=manager,
    )
    yesterday = at - timedelta(days=1)
    for name, match, conditions, target in (
        (
            "Large companies",
            "any",
            [("company.employees", "gte", "1000"), ("employees", "gte", "1000")],
            {"way": "rotation", "team": enterprise.pk},
        ),
        (
            "Raised their hand",
            "all",
            [("score.fast_tracked", "is_true")],
            {"way": "least_open", "team": field.pk},
        ),
        (
            "Good fit",
            "all",
            [("score.grade", "in", "a1", "a2", "b1")],
            {"way": "rotation", "team": field.pk},
        ),
    ):
        _add(name, match, conditions, target, by=manager, at=yesterday)
    draft = drafting.edited()
    drafting.put_in_force(by=manager, at=yesterday, seen=draft.revision, note="No more picking of cherries")
    claire = User.objects.get(username="claire")
    _add(
        "Nordics",
        "all",
        [("country", "in", "SE", "NO", "DK", "FI")],
        {"way": "user", "user": User.objects.get(username="sofia").pk},
        by=claire,
        at=at - timedelta(hours=2),
    )
    first, *_, last = drafting.edited().document["rules"]
    drafting.edit(
        change=drafting.moved(last["key"], before=first["key"]), by=claire, at=at - timedelta(hours=2)
    )


def _add(
    name: str,
    match: str,
    conditions: Sequence[tuple[str, ...]],
    target: dict[str, Any],
    *,
    by: User,
    at: datetime,
) -> None:
    written = {
        "key": "",
        "name": name,
        "enabled": True,
        "match": match,
        "conditions": [
            {"field": field, "operator": operator, **({"values": values} if values else {})}
            for field, operator, *values in conditions
        ],
        "target": target,
    }
    change = drafting.saved(read_rule(written, routing_fields()), seen=0)
    drafting.edit(change=change, by=by, at=at)
