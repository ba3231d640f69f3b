"""What one user was told: how much is unread, the page that lists it, and reading it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from leads.models import Notification, User
from leads.notifications.kinds import INFO_OF, KindInfo

PAGE_SIZE = 30
# More than this many unread are "99+": counting ends there, so that the bell costs the same on every page.
MOST_COUNTED = 100
TROUBLES_SHOWN = 20


@dataclass(frozen=True)
class InboxRow:
    notification: Notification
    info: KindInfo


@dataclass(frozen=True)
class InboxPage:
    rows: Sequence[InboxRow]
    unread: str  # "" for none
    unread_only: bool
    latest: int  # the newest id that was shown or counted: what comes later stays unread
    number: int
    has_next: bool


def unread_words(user: User) -> str:
    """`3`, `99+`, or nothing where all is read. One query of an index, whatever has piled up."""
    unread = len(_unread(user).order_by().values_list("pk")[:MOST_COUNTED])
    return "" if not unread else str(unread) if unread < MOST_COUNTED else f"{MOST_COUNTED - 1}+"


def inbox_page(*, user: User, unread_only: bool, number: int) -> InboxPage:
    """The `number`th page (from 1), the newest first. What a user is told in 90 days bounds it."""
    told = _unread(user) if unread_only else _told(user)
    start = (number - 1) * PAGE_SIZE
    found = list(told.order_by("-pk")[start : start + PAGE_SIZE + 1])
    newest = _told(user).order_by("-pk").values_list("pk", flat=True).first()
    return InboxPage(
        rows=[InboxRow(row, INFO_OF[Notification.Kind(row.kind)]) for row in found[:PAGE_SIZE]],
        unread=unread_words(user),
        unread_only=unread_only,
        latest=newest or 0,
        number=number,
        has_next=len(found) > PAGE_SIZE,
    )


def read_one(*, notification: Notification, at: datetime) -> None:
    Notification.objects.filter(pk=notification.pk, read_at=None).update(read_at=at)


def read_all(*, user: User, up_to: int, at: datetime) -> int:
    """All that the user has seen listed: what came after `up_to` stays unread. Says how many."""
    return _unread(user).filter(pk__lte=up_to).update(read_at=at)


@dataclass(frozen=True)
class Undelivered:
    """Mail that did not leave, or of which nobody knows."""

    rows: Sequence[Notification]
    delayed: int  # waits for a mail server that does not answer, or not yet
    delayed_because: str


def undelivered_mail(*, user: User) -> Undelivered | None:
    """The team's to its manager; everybody's to an administrator, and to a manager without a team; None to others."""
    if not (user.is_manager or user.is_administrator):
        return None
    mails = Notification.objects.all()
    if user.team_id is not None and not user.is_administrator:
        mails = mails.filter(user__team=user.team_id)
    troubled = mails.filter(mail_state__in=[Notification.Mail.FAILED, Notification.Mail.UNCONFIRMED])
    delayed = mails.filter(mail_state=Notification.Mail.WAITING).exclude(mail_error="").order_by("pk")
    return Undelivered(
        rows=list(troubled.select_related("user").order_by("-mail_at", "-pk")[:TROUBLES_SHOWN]),
        delayed=delayed.count(),
        delayed_because=delayed.values_list("mail_error", flat=True).first() or "",
    )


def _told(user: User) -> QuerySet[Notification]:
    return Notification.objects.filter(user=user, in_app=True)


def _unread(user: User) -> QuerySet[Notification]:
    return _told(user).filter(read_at=None)
