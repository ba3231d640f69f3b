from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.people import User


class Notification(models.Model):
    """Something that one user is told: in the application, by e-mail, or both. Gone after 90 days.

    The row is the ledger of its mail, too: it is recorded as sending before the mail server is asked.
    """

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", "A handoff is assigned to you"
        REMINDER = "reminder", "A decision is due soon"
        OVERDUE = "overdue", "A decision is overdue: open to the whole team"
        ESCALATION = "escalation", "Your team's decision is overdue"
        TOUCH_REMINDER = "touch_reminder", "A first touch is due soon"
        TOUCH_OVERDUE = "touch_overdue", "Accepted without action"
        GONE = "gone", "A lead you were on was decided or withdrawn"
        REPEAT = "repeat", "A customer of yours may buy again"
        ANSWER = "answer", "Marketing answered a rejection"
        SIGNATURE = "signature", "Your signature is wanted"
        REVIEW = "review", "The rulebook is due for a review"
        DIGEST = "digest", "Morning digest"
        WEEKLY = "weekly", "Weekly report"

    class Mail(models.TextChoices):
        NONE = "none", "Not wanted"
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        UNCONFIRMED = "unconfirmed", "Unconfirmed"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    title = models.CharField(max_length=200)
    lines = models.JSONField(
        default=list, blank=True, help_text="What stands below the title: texts, some with an address here."
    )
    link = models.CharField(max_length=300, blank=True, default="", help_text="An address of this site.")
    key = models.CharField(
        max_length=120, blank=True, default="", help_text="What it is about; nobody is told twice."
    )
    in_app = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    mail_state = models.CharField(max_length=11, choices=Mail.choices, default=Mail.NONE)
    mail_at = models.DateTimeField(
        null=True, blank=True, help_text="Waiting: not before. Else since when it is so."
    )
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mail_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "key"],
                condition=~Q(key=""),
                name="leads_notification_once",
                violation_error_message="This user has been told this already.",
            ),
            models.CheckConstraint(
                condition=Q(mail_state="none", mail_at__isnull=True)
                | (~Q(mail_state="none") & Q(mail_at__isnull=False)),
                name="leads_notification_mail_at_when_mailed",
                violation_error_message="A mail has a time if and only if there is one.",
            ),
        ]
        indexes: ClassVar = [
            # Counted on every page.
            models.Index(
                fields=["user"],
                condition=Q(in_app=True, read_at__isnull=True),
                name="leads_notification_unread",
            ),
            models.Index(fields=["user", "-id"], condition=Q(in_app=True), name="leads_notification_list"),
            models.Index(fields=["mail_state", "mail_at"], name="leads_notification_mail"),
            models.Index(fields=["created_at"], name="leads_notification_age"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.user})"


class NotificationPreference(models.Model):
    """How one user wants to be told of one kind, where that is not as it is by default."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="notification_preferences", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Notification.Kind.choices)
    in_app = models.BooleanField()
    email = models.BooleanField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "kind"],
                name="leads_notificationpreference_unique",
                violation_error_message="The user has chosen for this kind already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_kind_display()}"
