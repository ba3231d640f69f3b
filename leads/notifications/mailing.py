"""Sends what waits to be mailed, one by one, by workers only.

A mail is recorded as sending before the server is asked. What the server has refused is known not to have left: it is
tried again a few times where the server says so, and then failed. What was interrupted in between may have left or
not: it is unconfirmed, and never sent again.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPServerDisconnected

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import QuerySet
from django.utils import timezone

from leads.models import Notification
from leads.notifications.kinds import KINDS
from leads.notifications.letters import letter_of
from leads.notifications.telling import shortened

logger = logging.getLogger(__name__)

# Longer than a worker can be at one mail: whoever had it is gone.
INTERRUPTED_AFTER = timedelta(minutes=15)
MOST_TRIES, RETRY_AFTER = 4, timedelta(minutes=5)
_ERROR_LENGTH = 300
Mail = Notification.Mail


def is_mail_due(*, at: datetime) -> bool:
    return _due(at).exists() or _interrupted(at).exists()


def send_waiting(*, until: datetime, clock: Callable[[], datetime] = timezone.now) -> int:
    """Send what waits, the oldest first, until `until`; how many left. Any number of workers may do it at once.

    Where the server does not answer nothing is begun, and the next minute asks again: but not for longer than
    the mail is of use.
    """
    settle_interrupted(at=clock())
    give_up_late(at=clock())
    if not _due(clock()).exists():
        return 0
    connection: BaseEmailBackend = get_connection()
    sent, is_open = 0, _open(connection, clock())
    while is_open and clock() < until and (mail := _claim(clock())):
        is_sent, is_broken = _send(mail, connection, clock)
        sent += is_sent
        if is_broken:  # an answer that nobody has read may be in the line
            _close(connection)
            is_open = _open(connection, clock())
    _close(connection)
    return sent


def settle_interrupted(*, at: datetime) -> int:
    """What a worker was at when it ended: nobody knows whether it left, so it is not sent again."""
    return _interrupted(at).update(
        mail_state=Mail.UNCONFIRMED, mail_error="Interrupted while it was being sent; not sent again."
    )


def give_up_late(*, at: datetime) -> int:
    """What the server could not be given for so long that it is of no use any more."""
    given_up = 0
    for hours in {info.mail_hours for info in KINDS}:
        kinds = [info.kind for info in KINDS if info.mail_hours == hours]
        late = Notification.objects.filter(
            mail_state=Mail.WAITING, kind__in=kinds, created_at__lt=at - timedelta(hours=hours)
        )
        given_up += late.update(
            mail_state=Mail.FAILED,
            mail_at=at,
            mail_error=f"The mail server could not be given it for {hours} hours.",
        )
    return given_up


def _due(at: datetime) -> QuerySet[Notification]:
    return Notification.objects.filter(mail_state=Mail.WAITING, mail_at__lte=at)


def _interrupted(at: datetime) -> QuerySet[Notification]:
    return Notification.objects.filter(mail_state=Mail.SENDING, mail_at__lt=at - INTERRUPTED_AFTER)


def _open(connection: BaseEmailBackend, at: datetime) -> bool:
    try:
        connection.open()
    except (OSError, SMTPException) as error:
        logger.warning("The mail server cannot be reached: %s", error)
        _due(at).filter(mail_error="").update(mail_error=_short(f"The mail server does not answer: {error}"))
        return False
    return True


def _close(connection: BaseEmailBackend) -> None:
    with contextlib.suppress(OSError, SMTPException):
        connection.close()


def _claim(at: datetime) -> Notification | None:
    """The oldest that waits, recorded as sending; None where there is none. Another worker may be at it, too."""
    while (oldest := _due(at).order_by("mail_at", "pk").values_list("pk", flat=True).first()) is not None:
        claimed = _due(at).filter(pk=oldest)
        if claimed.update(mail_state=Mail.SENDING, mail_at=at, mail_error=""):
            return Notification.objects.select_related("user__team").get(pk=oldest)
    return None


def _send(
    mail: Notification, connection: BaseEmailBackend, clock: Callable[[], datetime]
) -> tuple[bool, bool]:
    """Whether it left, and whether the connection is to be made anew."""
    if not (mail.user.email and mail.user.is_active):
        _record(mail, Mail.FAILED, clock(), "Nobody is there to get it: no address, or not active any more.")
        return False, False
    try:
        connection.send_messages([letter_of(mail)])
    except (SMTPRecipientsRefused, SMTPResponseException) as refusal:
        _record_refusal(mail, refusal, clock())
    except (SMTPServerDisconnected, OSError) as error:
        _record(mail, Mail.UNCONFIRMED, clock(), f"The connection broke while it was being sent: {error}")
    except (SMTPException, ValueError) as error:  # ValueError: an address or a header that cannot be written
        _record(mail, Mail.FAILED, clock(), str(error))
    else:
        _record(mail, Mail.SENT, clock(), "")
        return True, False
    return False, True


def _record_refusal(
    mail: Notification, refusal: SMTPRecipientsRefused | SMTPResponseException, at: datetime
) -> None:
    code, said = _answer(refusal)
    error = f"The mail server refused it: {code} {said}"
    if 400 <= code < 500 and mail.mail_tries + 1 < MOST_TRIES:
        mail.mail_tries += 1
        _record(mail, Mail.WAITING, at + RETRY_AFTER * mail.mail_tries, error)
    else:
        _record(mail, Mail.FAILED, at, error)


def _answer(refusal: SMTPRecipientsRefused | SMTPResponseException) -> tuple[int, str]:
    if isinstance(refusal, SMTPResponseException):
        code, said = refusal.smtp_code, refusal.smtp_error
    else:
        code, said = next(iter(refusal.recipients.values()))
    return code, said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _record(mail: Notification, state: Notification.Mail, at: datetime, error: str) -> None:
    mail.mail_state, mail.mail_at, mail.mail_error = state, at, _short(error)
    mail.save(update_fields=["mail_state", "mail_at", "mail_error", "mail_tries"])
    if error:
        logger.warning("Mail %s to %s: %s", mail.pk, mail.user.username, error)


def _short(error: str) -> str:
    return shortened(" ".join(error.split()), _ERROR_LENGTH)
