"""The one way of telling somebody something. In the transaction of what it is about: told if and only if it happened.

Mail is not sent here but by workers (leads.notifications.mailing): no request waits for a mail server.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict

from leads.models import Notification, NotificationPreference, User
from leads.notifications.kinds import INFO_OF

TITLE_LENGTH, LINE_LENGTH = 200, 600


class Line(TypedDict):
    """A line below the title. `link`: an address of this site, or empty. `head`: it opens a section.

    `table`: rows of cells, the first the headings, which `text` says for those who see no table.
    `image`: a PNG as base64, which mail alone shows; `text` says what it shows, and other lines its numbers.
    """

    text: str
    link: str
    head: bool
    table: NotRequired[list[list[str]]]
    image: NotRequired[str]


def line(text: str, link: str = "", *, head: bool = False) -> Line:
    return {"text": shortened(text, LINE_LENGTH), "link": link, "head": head}


def table(rows: Sequence[Sequence[str]]) -> Line:
    """Rows of equally many cells, of which the first is to the left and the others, numbers, to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return {"text": "\n".join(lines), "link": "", "head": False, "table": [list(row) for row in rows]}


def image(png: bytes, text: str) -> Line:
    return {"text": text, "link": "", "head": False, "image": b64encode(png).decode("ascii")}


@dataclass(frozen=True)
class Message:
    """What is said. `link`: where the title leads, an address of this site.

    `key`: what it is about. Nobody is told twice of one key (for as long as notifications are kept: 90 days).
    """

    kind: Notification.Kind
    title: str
    lines: Sequence[Line] = ()
    link: str = ""
    key: str = ""


def notify(*, users: Iterable[User], message: Message, at: datetime) -> None:
    """Tell these users, each in the way they want for this kind. Two queries."""
    notify_each(messages=[(user, message) for user in users], at=at)


def notify_each(*, messages: Sequence[tuple[User, Message]], at: datetime) -> None:
    """Tell each of these users something of their own. Two queries, however many; safe to ask twice with a key.

    Inactive users are told nothing, and nobody without an address gets mail.
    """
    wanted = _preferences(messages)
    rows = []
    for user, message in messages:
        info = INFO_OF[message.kind]
        in_app, email = wanted.get((user.pk, message.kind), (info.in_app, info.email))
        email = email and bool(user.email)
        if not user.is_active or not (in_app or email):
            continue
        rows.append(
            Notification(
                user=user,
                kind=message.kind,
                title=shortened(message.title, TITLE_LENGTH),
                lines=list(message.lines),
                link=message.link,
                key=message.key,
                in_app=in_app,
                created_at=at,
                mail_state=Notification.Mail.WAITING if email else Notification.Mail.NONE,
                mail_at=at if email else None,
            )
        )
    # By user, so that two who tell the same people wait for each other in one order.
    rows.sort(key=lambda row: (row.user_id, row.key))
    Notification.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def _preferences(messages: Sequence[tuple[User, Message]]) -> dict[tuple[int, str], tuple[bool, bool]]:
    chosen = NotificationPreference.objects.filter(
        user__in={user.pk for user, _ in messages}, kind__in={message.kind for _, message in messages}
    )
    return {
        (user, kind): (in_app, email)
        for user, kind, in_app, email in chosen.values_list("user", "kind", "in_app", "email")
    }


def shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
