from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from leads.models import Deal, Handoff, Reason
from scoring.evidence.asking import Asked
from scoring.models import Rulebook
from tests.factories import HandoffFactory, contribution

TODAY = date(2026, 6, 30)
DECIDED_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def decided(*gave: str, accepted: bool, won: bool = False, **fields: Any) -> Handoff:
    """A handoff that sales decided, with points of these rules."""
    reason = fields.pop("reason", "not_now")
    handoff = HandoffFactory(
        **{
            "state": "accepted" if accepted else "rejected",
            "decided_at": DECIDED_AT,
            "reason": None if accepted else Reason.objects.get(key=reason),
            "contributions": [contribution(rule=key) for key in gave],
            **fields,
        }
    )
    if won:
        close(handoff, at=handoff.decided_at + timedelta(days=30))
    return handoff


def close(handoff: Handoff, *, at: datetime, state: str = "won") -> Deal:
    return Deal.objects.create(lead=handoff.lead, state=state, opened_at=at, closed_at=at)


def asked(book: Rulebook, **fields: Any) -> Asked:
    return Asked(**{"book": book, "first": date(2026, 1, 1), "last": TODAY, **fields})
