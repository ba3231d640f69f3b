"""Conditions on MQL visits by what sales did with them: in time or not, timed, noted, and with which rules."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q
from django.utils import timezone

from leads.models import Handoff
from reports.drilling.conditions import Rows, Sought, WrongCondition, condition, one_of
from reports.measures import ACCEPTING, NOTHING, REJECTING
from scoring.evidence.index import versions_read
from scoring.evidence.subjects import subjects_of
from scoring.models import HandoffRules, Rulebook

CLOCKS = ("in_time", "late", "overdue", "counted")


def overdue_before(sought: Sought) -> datetime:
    """The instant before which a deadline must lie to be missed."""
    return min(timezone.now(), sought.scope.known_until)


@condition("visits", "deciding", "decided {}")
def decided_by_deadline(rows: Rows, value: str, sought: Sought) -> Rows:
    """Of those with a deadline: decided in time, late, or overdue; "counted" for all three."""
    decided = Q(next__in=ACCEPTING + REJECTING)
    in_time = decided & Q(left_at__lte=F("due_at"))
    late = decided & Q(left_at__gt=F("due_at"))
    overdue = Q(next=NOTHING, due_at__lt=overdue_before(sought))
    return rows.filter(_clock(value, in_time, late, overdue), due_at__isnull=False)


@condition("visits", "touching", "first touch {}")
def touched_by_deadline(rows: Rows, value: str, sought: Sought) -> Rows:
    """The same for the first touch after acceptance."""
    known = _touched(sought)
    in_time = known & Q(touched_at__lte=F("touch_due_at"))
    late = known & Q(touched_at__gt=F("touch_due_at"))
    overdue = ~known & Q(touch_due_at__lt=overdue_before(sought))
    return rows.filter(_clock(value, in_time, late, overdue), next__in=ACCEPTING, touch_due_at__isnull=False)


@condition("visits", "touch_timed", "touched")
def touch_timed(rows: Rows, value: str, sought: Sought) -> Rows:
    """Accepted, and touched after that by somebody against a clock."""
    one_of("answer", value, {"yes": True})
    return rows.filter(_touched(sought), touch_minutes__isnull=False)


@condition("visits", "note", "with a note")
def with_note(rows: Rows, value: str, sought: Sought) -> Rows:
    """Of the decision."""
    one_of("answer", value, {"yes": True})
    return rows.filter(handoff__in=Handoff.objects.exclude(note="").values("pk"))


@condition("visits", "rule", "with points of the rule {}")
def with_rule(rows: Rows, value: str, sought: Sought) -> Rows:
    """Offers to which a rule of the published rulebook, by its key, gave points."""
    book = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    rules = subjects_of(book, versions_read()).rules if book else {}
    if value not in rules:
        raise WrongCondition(f"There is no rule “{value}” in the published rulebook.")
    return rows.filter(handoff__in=HandoffRules.objects.filter(rules[value].gave).values("pk"))


def _touched(sought: Sought) -> Q:
    if sought.known_on is None:
        return Q(touched_at__isnull=False)
    return Q(touched_at__isnull=False, touched_at__lt=sought.scope.known_until)


def _clock(value: str, in_time: Q, late: Q, overdue: Q) -> Q:
    choices = dict(zip(CLOCKS, (in_time, late, overdue, in_time | late | overdue), strict=True))
    chosen: Q = one_of("clock", value, choices)
    return chosen
