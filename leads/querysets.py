from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.utils import timezone

from leads.folding import fold

if TYPE_CHECKING:
    from leads.models import Stage, Team, User


# The type checker meets these modules in the midst of the models' import and cannot name the models yet.


class LeadQuerySet(models.QuerySet["Lead"]):  # type: ignore[name-defined]
    def in_stage(self, *stages: Stage) -> LeadQuerySet:
        return self.filter(stage__in=stages)

    def found_by(self, text: str) -> LeadQuerySet:
        """Those whose e-mail, name or company begins with the text, or whose external id it is.

        "anna schm" also finds first name and last name, in either order. Every alternative is a range of an index.
        """
        text = text.strip()
        folded = fold(text)
        found = Q()
        for column in ("email", "last_name", "first_name", "company_name"):
            found |= begins_with(column, folded)
        first, _, rest = folded.partition(" ")
        if rest.strip():
            rest = rest.strip()
            found |= begins_with("first_name", first) & begins_with("last_name", rest)
            found |= begins_with("last_name", first) & begins_with("first_name", rest)
        # Looked up at once: as a subquery under OR it kept PostgreSQL from its indexes (712 ms a million, now 9).
        identifiers = apps.get_model("leads.LeadIdentifier").objects.filter(kind="external_id", value=text)
        return self.filter(found | Q(pk__in=list(identifiers.values_list("lead", flat=True)[:100])))

    def graded(self, grade: str) -> LeadQuerySet:
        """Of one grade (`A1`), or of a letter whatever the number (`A`)."""
        return self.filter(score__grade__in=grades_of(grade))

    def from_source(self, source: str) -> LeadQuerySet:
        return self.filter(source_folded=fold(source))

    def active_since(self, day: date) -> LeadQuerySet:
        """Those who did something on that day or later."""
        activities = apps.get_model("leads.Activity").objects.filter(lead=OuterRef("pk"), day__gte=day)
        return self.filter(Exists(activities))

    def created_from(self, day: date) -> LeadQuerySet:
        return self.filter(created_at__gte=start_of(day))

    def created_before(self, day: date) -> LeadQuerySet:
        return self.filter(created_at__lt=start_of(day))

    def for_page(self) -> LeadQuerySet:
        """With all that the page of one lead names."""
        return self.select_related("score", "owner", "campaign", "company__owner")


def grades_of(grade: str) -> list[str]:
    return [grade] if len(grade) == 2 else [f"{grade}{number}" for number in "123"]


def begins_with(column: str, folded: str) -> Q:
    """As a range, which a bytewise index answers on both databases; LIKE would depend on pragmas and collations.

    Where nothing is known is left out in the words of the partial indexes, so that SQLite may use them.
    """
    twin = f"{column}_folded"
    return Q(**{f"{twin}__gte": folded, f"{twin}__lt": f"{folded}\U0010ffff"}) & ~Q(**{twin: ""})


def start_of(day: date) -> datetime:
    """Its first instant in the organisation's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


class StageChangeQuerySet(models.QuerySet["StageChange"]):  # type: ignore[name-defined]
    def counted(self) -> StageChangeQuerySet:
        """Undone changes do not exist for any metric."""
        return self.filter(undone=False)

    def in_order(self) -> StageChangeQuerySet:
        return self.order_by("occurred_at", "to_position", "pk")


_NAMED = ("first_name", "last_name", "username")
_SHOWN_IN_QUEUE = (
    "state",
    "origin",
    "offered_at",
    "offer_note",
    "assignee",
    "decide_due_at",
    "claimed_by",
    "claimed_until",
    "fit",
    "engagement",
    "total",
    "grade",
    "fast_tracked",
    "contributions",
    "queue_score",
    *(f"{user}__{name}" for user in ("assignee", "claimed_by") for name in _NAMED),
    "campaign__name",
    "lead__external_id",
    *(f"lead__{name}" for name in ("first_name", "last_name", "email", "job_title", "company_name")),
    *(f"lead__{name}" for name in ("employees", "country", "source")),
    "lead__company__employees",
)


class HandoffQuerySet(models.QuerySet["Handoff"]):  # type: ignore[name-defined]
    def waiting(self) -> HandoffQuerySet:
        return self.filter(state="waiting")

    def decided(self) -> HandoffQuerySet:
        return self.filter(state__in=("accepted", "rejected"))

    def of_leads(self, lead_ids: Collection[int]) -> HandoffQuerySet:
        return self.filter(lead_id__in=lead_ids)

    def from_source(self, source: str) -> HandoffQuerySet:
        return self.filter(source_folded=fold(source))

    def graded(self, grade: str) -> HandoffQuerySet:
        """By the grade that was frozen: one (`A1`), or a letter whatever the number (`A`)."""
        return self.filter(grade__in=grades_of(grade))

    def unclaimed(self, *, at: datetime) -> HandoffQuerySet:
        return self.exclude(claimed_until__gt=at)

    def decidable_by(self, user: User, *, at: datetime) -> HandoffQuerySet:
        """Those whose decision is this user's, were they waiting. An overdue one is offered to the whole team."""
        team = Q(team__isnull=True) if user.team_id is None else Q(team__isnull=True) | Q(team=user.team_id)
        if user.is_manager:
            return self if user.team_id is None else self.filter(team)
        if user.is_rep:
            shared = Q(assignee__isnull=True) | Q(decide_due_at__lte=at)
            return self.filter(Q(assignee=user) | (shared & team))
        return self.none()

    def offered_within(self, team: Team) -> HandoffQuerySet:
        """Those of a team: offered to it, or to somebody of it; and those that are offered to no team."""
        return self.filter(Q(team__isnull=True) | Q(team=team) | Q(assignee__team=team))

    def for_lead_page(self) -> HandoffQuerySet:
        given = apps.get_model("leads.HandoffAssignment").objects.select_related("assignee", "team")
        found = self.select_related("team", "assignee", "decided_by", "reason")
        return found.prefetch_related(Prefetch("assignments", given)).order_by("-offered_at", "-pk")

    def for_queue(self) -> HandoffQuerySet:
        """With what a row of the queue shows, and nothing else: half of the time went into other columns."""
        shown = self.select_related("lead__company", "assignee", "campaign", "claimed_by")
        return shown.only(*_SHOWN_IN_QUEUE)

    def for_panel(self) -> HandoffQuerySet:
        """With all that the panel beside the queue names."""
        return self.select_related(
            "lead__company",
            "lead__score",
            "team",
            "assignee",
            "campaign",
            "claimed_by",
            "decided_by",
            "reason",
        )

    def visible_in_queue_of(self, user: User, *, at: datetime) -> HandoffQuerySet:
        """Those who decide see what they may decide; everybody else sees all, and decides nothing."""
        return self.decidable_by(user, at=at) if user.decides_handoffs else self


class SnoozeQuerySet(models.QuerySet["Snooze"]):  # type: ignore[name-defined]
    def of_sleeping(self, user: User, *, at: datetime) -> SnoozeQuerySet:
        """Those that keep something which waits out of this user's list."""
        return self.filter(user=user, until__gt=at, handoff__state="waiting")
