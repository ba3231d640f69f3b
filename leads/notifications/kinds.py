"""Of what people can be told: to whom it matters, and how they are told unless they choose otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from leads.models import Notification, Role, User

Kind = Notification.Kind
_SALES = frozenset({Role.REP, Role.MANAGER})
_RULES = frozenset({Role.MARKETER, Role.MANAGER})


@dataclass(frozen=True)
class KindInfo:
    kind: Notification.Kind
    about: str
    roles: frozenset[Role]
    icon: str
    in_app: bool = True
    email: bool = False
    is_mail_only: bool = False
    mail_hours: int = 24  # past so many hours a mail that could not leave is of no use


# In the order of the page "My notifications". A rep decides forty leads a day: only what cannot wait is mailed.
KINDS: tuple[KindInfo, ...] = (
    KindInfo(Kind.ASSIGNED, "Offered or reassigned to you, not by yourself.", _SALES, "inbox"),
    KindInfo(
        Kind.REMINDER,
        "Three quarters of the time to decide are over: yours, or shared in your team.",
        _SALES,
        "clock",
    ),
    KindInfo(Kind.OVERDUE, "Somebody's time is over, and anybody in the team may decide.", _SALES, "clock"),
    KindInfo(
        Kind.ESCALATION,
        "The time to decide is over: for the managers of the team.",
        frozenset({Role.MANAGER}),
        "clock-exclamation",
        email=True,
    ),
    KindInfo(
        Kind.TOUCH_REMINDER, "You have accepted a lead, and nobody has been in touch yet.", _SALES, "phone"
    ),
    KindInfo(
        Kind.TOUCH_OVERDUE,
        "Nobody was in touch in time: for the managers of the team.",
        frozenset({Role.MANAGER}),
        "clock-exclamation",
        email=True,
    ),
    KindInfo(Kind.GONE, "Somebody decided or withdrew what you had claimed or were assigned.", _SALES, "x"),
    KindInfo(Kind.REPEAT, "A customer whom you own qualifies again.", _SALES, "flame", email=True),
    KindInfo(Kind.ANSWER, "What marketing made of your rejection.", _SALES, "message-circle"),
    KindInfo(Kind.SIGNATURE, "The other side has signed a rulebook.", _RULES, "pencil", email=True),
    KindInfo(
        Kind.REVIEW, "The published rulebook has not been looked at for months.", _RULES, "book-2", email=True
    ),
    KindInfo(
        Kind.DIGEST,
        "By e-mail on workday mornings: what waits, what is overdue, today's steps, yesterday's decisions.",
        _SALES,
        "mail",
        in_app=False,
        is_mail_only=True,
    ),
    KindInfo(
        Kind.WEEKLY,
        "By e-mail on the week's first workday: how the funnel stood last week, and what changed.",
        frozenset(Role),
        "chart-funnel",
        in_app=False,
        is_mail_only=True,
    ),
)
INFO_OF = {info.kind: info for info in KINDS}


def kinds_for(user: User) -> list[KindInfo]:
    """Those that can matter to somebody with these roles."""
    return [info for info in KINDS if info.roles & user.roles]
