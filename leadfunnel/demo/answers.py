"""Marketing's answers to what sales said of late, so that the page of feedback and the leads show some."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from leadfunnel.demo.logins import USERNAMES
from leads.feedback.answering import About, answer_feedback
from leads.feedback.asking import Asked
from leads.feedback.reading import feedback_keys
from leads.models import Reason, Role, User
from scoring.models import Rulebook

DAYS, MOST = 30, 8
# By reason; the first points to the rulebook in force.
ANSWERS = {
    "too_small": "Thanks. Fewer than ten employees now cost points; tell us if any still get through.",
    "wrong_persona": "We have asked the agency to stop addressing students and interns.",
}


def answer_latest_feedback(*, today: date) -> None:
    """Answer the latest of two reasons, and leave the rest open."""
    marketer = User.objects.filter(username=USERNAMES[Role.MARKETER]).first()
    book = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    if marketer is None or book is None:
        return
    for number, (key, text) in enumerate(ANSWERS.items()):
        reason = Reason.objects.get(key=key)
        asked = Asked(first=today - timedelta(days=DAYS), last=today, reason=reason)
        keys = feedback_keys(asked, most=MOST)[:MOST]
        if keys:
            about = About(book.pk, book.number, str(book)) if number == 0 else None
            answer_feedback(keys=keys, text=text, about=about, by=marketer, at=timezone.now())
