from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from leads.handoff import tally
from leads.intake.byhand import retype
from leads.models import AttributeKey
from leads.news import tell_leads_changed
from leads.notifications import digest, mailing, old, reminders
from leads.routing import rerouting

logger = logging.getLogger(__name__)

# Seconds for which a worker is at mails before it looks after other things: a slow mail server shall not keep it.
MAILING_TIME = timedelta(seconds=20)
# In this order: whoever has got a handoff is reminded of it, and the digest says how things stand.
STEPS = (tally.fold, rerouting.reroute_all, reminders.remind_due, digest.write_due, old.forget)


@shared_task
def retype_attribute(pk: int) -> None:
    """After an attribute's type was edited. Safe to run twice."""
    retype(AttributeKey.objects.get(pk=pk))
    tell_leads_changed()


@shared_task
def tick() -> None:
    """Each minute. Every step finds by state what is to do, so that it is safe to run twice, or late.

    One that fails keeps none of the others from running.
    """
    now = timezone.now()
    for step in STEPS:
        try:
            step(at=now)
        except Exception:
            logger.exception("%s failed; it is tried again in a minute.", step.__module__)
    if mailing.is_mail_due(at=now):
        send_mail.apply_async(expires=55)


@shared_task
def send_mail() -> None:
    """Send what waits. Any number of these send each mail once."""
    mailing.send_waiting(until=timezone.now() + MAILING_TIME)
