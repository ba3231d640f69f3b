from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from leads.models.campaign import Campaign
from leads.models.fields import DayField
from leads.models.lead import Lead
from leads.models.lifecycle import Reason
from leads.models.organisation import Team
from leads.models.people import User
from leads.querysets import HandoffQuerySet

# No score comes near it, and it is written alike by both databases.
LOWEST_SCORE = -1_000_000_000_000_000


def _queue_indexes() -> list[models.Index]:
    """What the queue's parts begin with (leads/handoff/queue.py). A decision adds nothing to any of them.

    The deadline stands last, where it orders nothing: a band is told apart in the index, without a look at the table.
    """
    waiting = Q(state="waiting")
    order = ("-queue_score", "offered_at", "id", "decide_due_at")
    unassigned = waiting & Q(assignee__isnull=True)
    return [
        models.Index(fields=order, condition=waiting, name="leads_handoff_queue_all"),
        models.Index(fields=["team", *order], condition=waiting, name="leads_handoff_queue_team"),
        models.Index(fields=["team", *order], condition=unassigned, name="leads_handoff_queue_shared"),
        models.Index(fields=["assignee", *order], condition=waiting, name="leads_handoff_queue_mine"),
        models.Index(fields=["decide_due_at"], condition=waiting, name="leads_handoff_queue_due"),
        models.Index(
            fields=["team", "decide_due_at"], condition=waiting, name="leads_handoff_queue_team_due"
        ),
        models.Index(fields=["offered_at"], condition=waiting, name="leads_handoff_queue_offered"),
    ]


class Handoff(models.Model):
    """An MQL offered to sales. The evidence is as it stood then and never changes; state, assignee and claim do."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Origin(models.TextChoices):
        SCORING = "scoring", "Scoring"
        HAND = "hand", "By hand"
        IMPORT = "import", "Import"

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="handoffs")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    origin = models.CharField(max_length=7, choices=Origin.choices)
    offered_at = models.DateTimeField()
    offered_day = DayField()
    offered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    run = models.BigIntegerField(null=True, blank=True, help_text="The scoring run that offered it.")
    offer_note = models.TextField(blank=True, default="")

    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="handoffs")
    assignee = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="handoffs"
    )
    assigned_because = models.CharField(max_length=300, blank=True, default="")
    decide_due_at = models.DateTimeField(null=True, blank=True, help_text="Empty: no clock.")
    first_touch_due_at = models.DateTimeField(null=True, blank=True)
    # When somebody is to be told, computed with the deadlines, since SQL knows no business time. Telling empties them.
    remind_at = models.DateTimeField(null=True, blank=True, editable=False)
    escalate_at = models.DateTimeField(null=True, blank=True, editable=False)
    touch_remind_at = models.DateTimeField(null=True, blank=True, editable=False)
    touch_escalate_at = models.DateTimeField(null=True, blank=True, editable=False)
    claimed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    claimed_until = models.DateTimeField(null=True, blank=True)

    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    decided_by_actor = models.CharField(
        max_length=200, blank=True, default="", help_text="Who it was in another system."
    )
    reason = models.ForeignKey(
        Reason, on_delete=models.PROTECT, null=True, blank=True, related_name="handoffs"
    )
    note = models.TextField(blank=True, default="")

    fit = models.BigIntegerField(null=True, blank=True)
    engagement = models.BigIntegerField(null=True, blank=True)
    total = models.BigIntegerField(null=True, blank=True)
    grade = models.CharField(max_length=2, blank=True, default="")
    fast_tracked = models.BooleanField(default=False)
    rulebook_version = models.PositiveIntegerField(null=True, blank=True)
    known_facts = models.PositiveSmallIntegerField(null=True, blank=True)
    asked_facts = models.PositiveSmallIntegerField(null=True, blank=True)
    contributions = models.JSONField(
        default=list, blank=True, help_text="What each rule gave, with its latest evidence, as it stood."
    )

    # What the queue sorts and filters by is copied here, so that it reads one narrow set of rows.
    source_folded = models.CharField(max_length=200, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
    campaign = models.ForeignKey(
        Campaign, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    queue_score = models.GeneratedField(
        expression=Coalesce("total", Value(LOWEST_SCORE)),
        output_field=models.BigIntegerField(),
        db_persist=True,
        help_text="The total, or the lowest of all where none was frozen: nothing is unknown to an order.",
    )

    objects = HandoffQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(state="waiting"),
                name="leads_handoff_one_waiting",
                violation_error_message="This lead is waiting for a decision already.",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at__isnull=True)
                | (~Q(state="waiting") & Q(decided_at__isnull=False)),
                name="leads_handoff_decided_at_when_decided",
                violation_error_message="A handoff has a decision time if and only if it is decided.",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | Q(decided_at__isnull=False),
                name="leads_handoff_decided_by_with_at",
                violation_error_message="Who decided is recorded with when.",
            ),
            models.CheckConstraint(
                condition=Q(state="rejected", reason__isnull=False)
                | (~Q(state="rejected") & Q(reason__isnull=True)),
                name="leads_handoff_reason_when_rejected",
                violation_error_message="A handoff has a reason if and only if it is rejected.",
            ),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True, claimed_until__isnull=True)
                | Q(claimed_by__isnull=False, claimed_until__isnull=False),
                name="leads_handoff_claim_whole",
                violation_error_message="A claim has a user and an end.",
            ),
            models.CheckConstraint(
                condition=Q(total__isnull=True) | Q(total=F("fit") + F("engagement")),
                name="leads_handoff_total_is_sum",
                violation_error_message="The total must be fit plus engagement.",
            ),
            models.CheckConstraint(
                condition=~Q(origin="scoring") | Q(total__isnull=False, rulebook_version__isnull=False),
                name="leads_handoff_evidence_of_scoring",
                violation_error_message="A handoff made by scoring has its evidence.",
            ),
            models.CheckConstraint(
                condition=~Q(origin="import") | Q(decide_due_at__isnull=True),
                name="leads_handoff_import_without_clock",
                violation_error_message="An imported handoff has no clock.",
            ),
        ]
        indexes: ClassVar = [
            *_queue_indexes(),
            # Asked every minute: who is to be told by now?
            models.Index(
                fields=["remind_at"],
                condition=Q(state="waiting", remind_at__isnull=False),
                name="leads_handoff_remind",
            ),
            models.Index(
                fields=["escalate_at"],
                condition=Q(state="waiting", escalate_at__isnull=False),
                name="leads_handoff_escalate",
            ),
            models.Index(
                fields=["touch_remind_at"],
                condition=Q(state="accepted", touch_remind_at__isnull=False),
                name="leads_handoff_touch_remind",
            ),
            models.Index(
                fields=["touch_escalate_at"],
                condition=Q(state="accepted", touch_escalate_at__isnull=False),
                name="leads_handoff_touch_escalate",
            ),
            models.Index(fields=["offered_day", "state"], name="leads_handoff_offered"),
            # Asked by each page of the queue: what has this user just decided?
            models.Index(fields=["decided_by", "-decided_at"], name="leads_handoff_decided"),
        ]

    def __str__(self) -> str:
        return f"{self.lead} offered {self.offered_at:%Y-%m-%d}"

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING


class HandoffDecision(models.Model):
    """Each decision on a handoff and each undo of one. Append-only."""

    class Action(models.TextChoices):
        ACCEPT = "accept", "Accepted"
        REJECT = "reject", "Rejected"
        WITHDRAW = "withdraw", "Withdrawn"
        UNDO = "undo", "Undone"

    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="decisions")
    action = models.CharField(max_length=8, choices=Action.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    actor = models.CharField(
        max_length=200, blank=True, default="", help_text="Who it was in another system."
    )
    run = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    reason = models.ForeignKey(Reason, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True, default="")
    # What an undo must restore.
    previous_owner = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    previous_hold_until = DayField(null=True, blank=True)
    previous_evidence_after = models.DateTimeField(null=True, blank=True)
    stage_change = models.BigIntegerField(null=True, blank=True, help_text="The StageChange that it made.")

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.at:%Y-%m-%d %H:%M}"
