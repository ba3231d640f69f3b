"""A notification as a mail: text and HTML, with addresses that work outside the site."""

from __future__ import annotations

from base64 import b64decode
from email.mime.image import MIMEImage
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from leads.models import Notification


def letter_of(note: Notification) -> EmailMultiAlternatives:
    """The mail of a notification to its user. Raises ValueError where an address cannot be written."""
    # Opened from a mail, it counts as read.
    link = reverse("leads:notification_open", args=[note.pk]) if note.in_app else note.link
    lines = lines_of(note)
    context = {
        "note": note,
        "lines": lines,
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
            "Message-ID": f"<notification-{note.pk}@{domain()}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    letter.attach_alternative(render_to_string("leads/mail/notification.html", context), "text/html")
    attach_images(letter, lines)
    return letter


def lines_of(note: Notification) -> list[dict[str, Any]]:
    """The lines, of which those with an image know by what name the letter has it."""
    return [
        {**line, "cid": f"image-{note.pk}-{number}@{domain()}"} if "image" in line else line
        for number, line in enumerate(note.lines)
    ]


def attach_images(letter: EmailMultiAlternatives, lines: list[dict[str, Any]]) -> None:
    """Within the letter, not beside it: nothing is fetched from anywhere when it is read."""
    for line in lines:
        if "image" in line:
            part = MIMEImage(b64decode(line["image"]), "png")
            part.add_header("Content-ID", f"<{line['cid']}>")
            part.add_header("Content-Disposition", "inline", filename=f"{line['cid'].partition('@')[0]}.png")
            letter.attach(part)
            letter.mixed_subtype = "related"  # type: ignore[attr-defined]


def domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]


def absolute(link: str) -> str:
    return f"{settings.SITE_URL}{link}"
