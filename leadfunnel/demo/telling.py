"""What people at the invented company were told today, so that nobody's bell is silent."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.urls import reverse

from leadfunnel.demo.logins import USERNAMES
from leads.models import Handoff, Notification, Role, Team, User
from leads.notifications.reminders import escalate_decisions, escalate_touches
from leads.notifications.telling import Message, line, notify
from leads.selling.first_touch import awaiting_first_touch

_RECENT = timedelta(days=14)


def tell_everybody(*, at: datetime) -> None:
    """What is overdue is escalated as the tick would do it; a rulebook wants a look. Nobody is mailed about a demo."""
    overdue = Handoff.objects.waiting().filter(decide_due_at__lte=at)
    overdue.update(escalate_at=F("decide_due_at"))
    late = awaiting_first_touch().filter(first_touch_due_at__range=(at - _RECENT, at))
    Handoff.objects.filter(pk__in=list(late.values_list("pk", flat=True))).update(
        touch_escalate_at=F("first_touch_due_at")
    )
    teams = [*Team.objects.values_list("pk", flat=True), None]
    escalate_decisions(at=at, open_teams=teams)
    escalate_touches(at=at, open_teams=teams)
    message = Message(
        Notification.Kind.REVIEW,
        "The rulebook is due for its review soon",
        lines=[line("Talk about it, marketing and sales; the evidence shows what sales made of its rules.")],
        link=reverse("scoring:definitions"),
    )
    notify(users=User.objects.filter(username=USERNAMES[Role.MARKETER]), message=message, at=at)
    Notification.objects.exclude(mail_state=Notification.Mail.NONE).update(
        mail_state=Notification.Mail.NONE, mail_at=None
    )
