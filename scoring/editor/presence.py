"""Who else has a draft open, and whether it has moved on: what every open page asks every few seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import FilteredRelation, Q

from leads.models import User
from scoring.models import DraftVisit, Rulebook

# Pages ask every 3 seconds; a visit is noted anew after so long, and is over when none was noted for as long.
NOTED_EVERY = timedelta(seconds=10)
GONE_AFTER = timedelta(seconds=25)


@dataclass(frozen=True)
class Glance:
    """A draft as it is now: `is_open` while it can be edited; `others` who have it open, by id."""

    revision: int
    is_open: bool
    others: dict[int, str]
    noted_at: datetime | None

    @property
    def here(self) -> str:
        return ",".join(map(str, sorted(self.others)))


def glance(draft: int, *, user: User, at: datetime) -> Glance | None:
    """One query; None where there is no such rulebook."""
    recent = FilteredRelation("visits", condition=Q(visits__seen_at__gt=at - GONE_AFTER))
    rows = list(
        Rulebook.objects.filter(pk=draft)
        .annotate(recent=recent)
        .order_by("recent__pk")
        .values_list(
            "revision",
            "state",
            "discarded_at",
            "recent__seen_at",
            "recent__user_id",
            "recent__user__username",
            "recent__user__first_name",
            "recent__user__last_name",
        )
    )
    if not rows:
        return None
    revision, state, discarded_at = rows[0][:3]
    people = {row[4]: row for row in rows if row[4] is not None}
    own = people.pop(user.pk, None)
    names = {
        pk: str(User(username=row[5], first_name=row[6], last_name=row[7])) for pk, row in people.items()
    }
    is_open = state == Rulebook.State.DRAFT and discarded_at is None
    return Glance(revision, is_open, names, own[3] if own else None)


def look(draft: int, *, user: User, at: datetime) -> Glance | None:
    """The same; and to look at a draft is to be there."""
    found = glance(draft, user=user, at=at)
    if found is not None and found.is_open:
        note_visit(draft, user=user, at=at, seen=found)
    return found


def note_visit(draft: int, *, user: User, at: datetime, seen: Glance) -> None:
    """Write down that the user is there, now and then."""
    if seen.noted_at is None or at - seen.noted_at >= NOTED_EVERY:
        DraftVisit.objects.bulk_create(
            [DraftVisit(rulebook_id=draft, user=user, seen_at=at)],
            update_conflicts=True,
            unique_fields=["rulebook", "user"],
            update_fields=["seen_at"],
        )
