"""The published rulebook is looked at again every few months, by marketing and sales, also when nothing is wrong."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from leads.models import Notification, Organisation, Role, User
from leads.models.fields import day_of
from leads.notifications.telling import Message, line, notify
from scoring.errors import ScoringError
from scoring.models import Rulebook, RulebookEvent
from scoring.permissions import can_review
from scoring.rulebook.events import Kind, record

REVIEWERS = (Role.MARKETER, Role.MANAGER)
# Nobody wants such a mail at midnight.
REMINDER_HOUR = 8
_ORIGIN = "scheduler"


@dataclass(frozen=True)
class Review:
    """When the published rulebook is to be looked at again. `last`: who has looked at it since its publication."""

    book: Rulebook
    due_on: date
    last: RulebookEvent | None

    def is_due(self, today: date) -> bool:
        return today >= self.due_on


def review_of_published() -> Review | None:
    """None while no rulebook is published. Three queries."""
    book = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    if book is None or book.published_at is None:
        return None
    events = RulebookEvent.objects.filter(rulebook=book, kind=Kind.REVIEWED).select_related("by")
    last = events.order_by("-pk").first()
    counted_from = day_of(last.at if last else book.published_at)
    return Review(book, months_later(counted_from, Organisation.current().review_months), last)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one: 30 November and three months is 28 February."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@transaction.atomic
def confirm(*, book: Rulebook, by: User, at: datetime) -> RulebookEvent:
    """Somebody has reviewed the published rulebook, and it stays as it is. Raises ScoringError."""
    if not can_review(by):
        raise ScoringError("Marketers and sales managers review the rulebook.")
    book = Rulebook.objects.select_for_update(of=("self",)).get(pk=book.pk)
    if book.state != Rulebook.State.PUBLISHED:
        raise ScoringError(f"{book} is not the published rulebook any more; look at the one that is.")
    review = review_of_published()
    if review and review.last and review.last.by == by and day_of(review.last.at) == day_of(at):
        raise ScoringError("You have reviewed it today already.")
    return record(book=book, kind=Kind.REVIEWED, what="Reviewed: stays as it is", at=at, by=by)


# The reminder --------------------------------------------------------------------------------------------------------


def remind_if_due(*, at: datetime) -> int:
    """Tell marketing and sales once the review is due; how many. Once for each due day, never twice.

    The notice on the pages stays until somebody has reviewed.
    """
    review = review_of_published()
    local = timezone.localtime(at, timezone.get_default_timezone())
    if review is None or not review.is_due(local.date()) or local.hour < REMINDER_HOUR or _is_sent(review):
        return 0
    people = list(User.objects.filter(is_active=True).with_role(*REVIEWERS).order_by("pk"))
    try:
        with transaction.atomic():
            _record(review, people, at)
            notify(users=people, message=_message(review), at=at)
    except IntegrityError:  # another worker was a moment faster
        return 0
    return len(people)


def _is_sent(review: Review) -> bool:
    return RulebookEvent.objects.filter(
        rulebook=review.book, kind=Kind.REMINDED, path=review.due_on.isoformat()
    ).exists()


def _record(review: Review, people: list[User], at: datetime) -> None:
    names = ", ".join(str(user) for user in people) or "nobody, since nobody reviews"
    record(
        book=review.book,
        kind=Kind.REMINDED,
        what=f"Review due on {review.due_on}. Reminded: {names}",
        at=at,
        origin=_ORIGIN,
        path=review.due_on.isoformat(),
    )


def _message(review: Review) -> Message:
    book = review.book
    since = f"{review.last.at:%d %b %Y}" if review.last else f"{book.published_at:%d %b %Y}"
    return Message(
        Notification.Kind.REVIEW,
        f"Rulebook version {book.number} is due for its review",
        lines=[
            line(
                f"What an MQL is was last looked at on {since}; a review is due since {review.due_on:%d %b %Y}."
            ),
            line(
                "Please talk about it, marketing and sales. On the page Definitions, either press “Reviewed, stays as"
                " it is”, or make a new draft of the rulebook."
            ),
            line("You are told this once; the notice on the page stays until somebody has reviewed."),
        ],
        link=reverse("scoring:definitions"),
        key=f"review:{book.pk}:{review.due_on.isoformat()}",
    )
