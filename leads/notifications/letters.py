"""A notification as a mail: text and HTML, with addresses that work outside the site."""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from leads.models import Notification


def letter_of(note: Notification) -> EmailMultiAlternatives:
    """The mail of a notification to its user. Raises ValueError where an address cannot be written."""
    # Opened from a mail, it counts as read.
    link = reverse("leads:notification_open", args=[note.pk]) if note.in_app else note.link
    context = {
        "note": note,
        "lines": note.lines,
        "site": settings.SITE_URL,
        "address": absolute(link) if link else "",
        "choices": absolute(reverse("leads:notification_settings")),
    }
    letter = EmailMultiAlternatives(
        subject=" ".join(f"Leadfunnel: {note.title}".split()),
        body=render_to_string("leads/mail/notification.txt", context),
        to=[note.user.email],
        headers={
            # The same for the same notification, so that a mail program shows a second one as the first.
            "Message-ID": f"<notification-{note.pk}@{parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition('@')[2]}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    letter.attach_alternative(render_to_string("leads/mail/notification.html", context), "text/html")
    return letter


def absolute(link: str) -> str:
    return f"{settings.SITE_URL}{link}"
