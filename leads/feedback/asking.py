"""Which feedback of sales is asked about: rejected handoffs, leads given back, and lost deals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.query import QuerySet

from leads.models import Deal, FeedbackAnswer, Handoff, Reason, Stage, StageChange, Team
from leads.querysets import start_of

OUT = (Stage.RECYCLED, Stage.DISQUALIFIED)


class Kind(models.TextChoices):
    REJECTED = "rejected", "Rejected"
    GIVEN_BACK = "given_back", "Given back"
    LOST = "lost", "Deal lost"


@dataclass(frozen=True)
class Asked:
    """Feedback of the days `first` to `last`, both included. None is any; `source` is folded."""

    first: date
    last: date
    kind: Kind | None = None
    reason: Reason | None = None
    source: str | None = None
    team: Team | None = None
    version: int | None = None
    is_answered: bool | None = None

    def moves(self) -> QuerySet[StageChange]:
        """Rejections and leads given back: moves by sales, with a reason. A range of the index of stage and day.

        History of another system is none: nobody waits there for an answer. Nor is a move that a lost deal made,
        which is told as the deal.
        """
        lost = Deal.objects.filter(
            lead=OuterRef("lead"), state=Deal.State.LOST, closed_at=OuterRef("occurred_at")
        )
        starts = {
            None: (Stage.MQL, Stage.SQL, Stage.OPPORTUNITY),
            Kind.REJECTED: (Stage.MQL,),
            Kind.GIVEN_BACK: (Stage.SQL, Stage.OPPORTUNITY),
            Kind.LOST: (),
        }[self.kind]
        rows = StageChange.objects.counted().filter(
            ~Exists(lost),
            to_stage__in=OUT,
            day__gte=self.first,
            day__lte=self.last,
            from_stage__in=starts,
            reason__isnull=False,
            imported=False,
        )
        if self.team is not None:
            rows = rows.filter(actor_user__team=self.team)
        return self._narrowed(rows, at="occurred_at", reason="reason")

    def deals(self) -> QuerySet[Deal]:
        """Deals lost with a reason. A range of the index of state and closing time."""
        rows = Deal.objects.filter(
            state=Deal.State.LOST,
            closed_at__gte=start_of(self.first),
            closed_at__lt=start_of(self.last + timedelta(days=1)),
            lost_reason__isnull=False,
            imported=False,
        )
        if self.kind not in (None, Kind.LOST):
            rows = rows.none()
        if self.team is not None:
            rows = rows.filter(owner__team=self.team)
        return self._narrowed(rows, at="closed_at", reason="lost_reason")

    def since(self, at: datetime) -> tuple[QuerySet[StageChange], QuerySet[Deal]]:
        """What was said after an instant."""
        return self.moves().filter(occurred_at__gt=at), self.deals().filter(closed_at__gt=at)

    def _narrowed(self, rows: QuerySet, *, at: str, reason: str) -> QuerySet:  # type: ignore[type-arg]
        offered = Handoff.objects.decided().filter(lead=OuterRef("lead"), decided_at__lte=OuterRef(at))
        latest = offered.order_by("-decided_at", "-pk")
        field = "deal" if rows.model is Deal else "stage_change"
        answers = FeedbackAnswer.objects.filter(**{field: OuterRef("pk")})
        rows = rows.annotate(handoff=Subquery(latest.values("pk")[:1]), is_answered=Exists(answers))
        if self.reason is not None:
            rows = rows.filter(**{reason: self.reason})
        if self.source is not None:
            rows = rows.filter(lead__source_folded=self.source)
        if self.version is not None:
            rows = rows.annotate(version=Subquery(latest.values("rulebook_version")[:1]))
            rows = rows.filter(version=self.version)
        return rows if self.is_answered is None else rows.filter(Q(is_answered=self.is_answered))
