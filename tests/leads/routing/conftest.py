from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from leads.models import Role, RoutingRules, Team, User
from tests.factories import UserFactory

# A Monday.
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TODAY = date(2026, 3, 2)


def rule(name: str, *conditions: tuple[Any, ...], **target: Any) -> dict[str, Any]:
    """`rule("DACH", ("country", "in", "DE"), team=team)`: by turns, unless a way is given."""
    team, user = target.get("team"), target.get("user")
    way = "user" if user else target.get("way", "rotation")
    return {
        "key": name.lower(),
        "name": name,
        "enabled": target.get("enabled", True),
        "match": target.get("match", "all"),
        "conditions": [
            {"field": field, "operator": operator, "values": list(values)}
            for field, operator, *values in conditions
        ],
        "target": {"way": way, **({"user": user.pk} if user else {"team": team.pk if team else None})},
    }


def put_in_force(*rules: dict[str, Any], number: int = 1) -> RoutingRules:
    return RoutingRules.objects.create(
        state="in_force", number=number, in_force_at=NOW, document={"rules": list(rules)}
    )


def reps(team: Team, names: Sequence[str], **fields: Any) -> list[User]:
    return [UserFactory(username=name, team=team, role=Role.REP, **fields) for name in names]
