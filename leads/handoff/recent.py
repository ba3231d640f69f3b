"""What somebody has just decided, and may still take back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from leads.handoff.undoing import UNDO_WINDOW
from leads.models import FeedbackAnswer, Handoff, User

MOST = 5
_NAMES = ("first_name", "last_name", "email", "external_id")
_SHOWN = ("state", "decided_at", "reason__label", *(f"lead__{name}" for name in _NAMES))


@dataclass(frozen=True)
class RecentDecision:
    handoff: Handoff

    @property
    def words(self) -> str:
        """`Rejected: Too small`."""
        reason = f": {self.handoff.reason}" if self.handoff.reason else ""
        return f"{self.handoff.get_state_display()}{reason}"

    @property
    def answer(self) -> str:
        """What marketing has answered to the rejection already, the last of it; else nothing."""
        return getattr(self.handoff, "answer", None) or ""

    @property
    def undo_until(self) -> datetime:
        assert self.handoff.decided_at is not None  # it is decided
        return self.handoff.decided_at + UNDO_WINDOW


def undoable_decisions(*, user: User, at: datetime) -> Sequence[RecentDecision]:
    """The user's decisions of the last minutes, newest first, the last few of them. One query."""
    said = FeedbackAnswer.objects.filter(
        stage_change__lead=OuterRef("lead"), stage_change__occurred_at=OuterRef("decided_at")
    )
    handoffs = (
        Handoff.objects.decided()
        .filter(decided_by=user, decided_at__gt=at - UNDO_WINDOW)
        .select_related("lead", "reason")
        .only(*_SHOWN)
        .annotate(answer=Subquery(said.order_by("-at", "-pk").values("text")[:1]))
        .order_by("-decided_at", "-pk")[:MOST]
    )
    return [RecentDecision(handoff) for handoff in handoffs]
