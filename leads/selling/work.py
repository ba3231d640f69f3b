"""What a seller has to do: their accepted leads by when something is due, then by score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import models
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.utils import timezone

from leads.models import Deal, Lead, LeadScore, NextStep, Stage, Touch, User
from leads.querysets import LeadQuerySet, start_of
from leads.selling.first_touch import awaiting_first_touch

PAGE_SIZE = 50


class Band(models.IntegerChoices):
    OVERDUE = 0, "Overdue"
    TODAY = 1, "Today"
    LATER = 2, "Later"
    NO_STEP = 3, "No next step"


@dataclass(frozen=True)
class WorkRow:
    lead: Lead
    score: LeadScore | None
    band: Band
    opens_band: bool
    step: str  # empty: none planned
    step_due_on: date | None
    first_touch_due_at: datetime | None  # None once somebody has been in touch
    last_touch_at: datetime | None
    open_deals: int
    is_step_overdue: bool


@dataclass(frozen=True)
class WorkPage:
    rows: Sequence[WorkRow]
    counts: Sequence[tuple[Band, int]]
    total: int
    number: int
    has_next: bool


def work_page(*, user: User, at: datetime, number: int) -> WorkPage:
    """The `number`th page (from 1) of what the user owns and has not finished. Two queries."""
    work = _work_of(user, at)
    counted = {row["band"]: row["n"] for row in work.order_by().values("band").annotate(n=Count("pk"))}
    total = sum(counted.values())
    number = max(1, min(number, -(-total // PAGE_SIZE)))
    start = (number - 1) * PAGE_SIZE
    return WorkPage(
        rows=_rows(work[start : start + PAGE_SIZE], timezone.localdate(at)),
        counts=[(band, counted.get(band.value, 0)) for band in Band],
        total=total,
        number=number,
        has_next=start + PAGE_SIZE < total,
    )


def _work_of(user: User, at: datetime) -> LeadQuerySet:
    owned = Lead.objects.filter(owner=user).in_stage(Stage.SQL, Stage.OPPORTUNITY)
    work: LeadQuerySet = (
        with_due(owned, at)
        .select_related("score", "company")
        .order_by("band", F("step_due").asc(nulls_last=True), F("score__total").desc(nulls_last=True), "pk")
    )
    return work


def with_due(leads: LeadQuerySet, at: datetime) -> LeadQuerySet:
    """The leads with what is due of each, and the band that it puts them in."""
    today = timezone.localdate(at)
    tomorrow = start_of(today + timedelta(days=1))
    step = NextStep.objects.filter(lead=OuterRef("pk"), done_at=None)
    overdue = Q(first_touch_due__lte=at) | Q(step_due__lt=today)
    is_today = Q(first_touch_due__lt=tomorrow) | Q(step_due=today)
    known = Q(first_touch_due__isnull=False) | Q(step_due__isnull=False)
    band = Case(
        When(overdue, then=Value(Band.OVERDUE.value)),
        When(is_today, then=Value(Band.TODAY.value)),
        When(known, then=Value(Band.LATER.value)),
        default=Value(Band.NO_STEP.value),
        output_field=IntegerField(),
    )
    touches = Touch.objects.filter(lead=OuterRef("pk")).order_by("-at")
    waiting = awaiting_first_touch().filter(lead=OuterRef("pk"))
    deals = Deal.objects.filter(lead=OuterRef("pk"), state=Deal.State.OPEN).order_by()
    open_deals = deals.values("lead").annotate(n=Count("pk")).values("n")
    due: LeadQuerySet = leads.annotate(
        step_what=Subquery(step.values("what")[:1]),
        step_due=Subquery(step.values("due_on")[:1]),
        first_touch_due=Subquery(waiting.values("first_touch_due_at")[:1]),
        last_touch=Subquery(touches.values("at")[:1]),
        open_deals=Subquery(open_deals),
    ).annotate(band=band)
    return due


def _rows(leads: LeadQuerySet, today: date) -> list[WorkRow]:
    rows: list[WorkRow] = []
    for lead in leads:
        band = Band(lead.band)
        rows.append(
            WorkRow(
                lead=lead,
                score=getattr(lead, "score", None),
                band=band,
                opens_band=not rows or rows[-1].band is not band,
                step=lead.step_what or "",
                step_due_on=lead.step_due,
                first_touch_due_at=lead.first_touch_due,
                last_touch_at=lead.last_touch,
                open_deals=lead.open_deals or 0,
                is_step_overdue=lead.step_due is not None and lead.step_due < today,
            )
        )
    return rows
