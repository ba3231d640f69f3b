"""Mail that leaves once, or is known not to have left, or is unconfirmed; and a server that misbehaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from leads.models import Notification, Role
from leads.notifications.mailing import INTERRUPTED_AFTER, is_mail_due, send_waiting
from leads.notifications.telling import Message, line, notify
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Kind, Mail = Notification.Kind, Notification.Mail


@pytest.fixture
def people() -> list[Any]:
    return [
        UserFactory(username=n, email=f"{n}@x.example", role=Role.MANAGER) for n in ("ann", "bob", "cleo")
    ]


def waiting(people: list[Any], *, kind: Notification.Kind = Kind.SIGNATURE, at: datetime = NOW) -> None:
    message = Message(
        kind, "Your signature\nis wanted", lines=[line("Look at it", "/rulebook/3/")], link="/rulebook/3/"
    )
    notify(users=people, message=message, at=at)


def send(at: datetime = NOW) -> int:
    return send_waiting(until=at + MINUTE, clock=lambda: at)


def states() -> list[str]:
    return list(Notification.objects.order_by("user__username").values_list("mail_state", flat=True))


@pytest.fixture
def server(monkeypatch) -> Iterator[dict[str, Exception]]:
    """A mail server that answers some with an error: address to what it raises."""
    errors: dict[str, Exception] = {}
    deliver = EmailBackend.send_messages

    def send_messages(self: EmailBackend, messages: Any) -> int:
        for message in messages:
            if error := errors.get(message.to[0]):
                raise error
        return deliver(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)
    return errors


def test_mail_is_sent_once_with_text_html_and_links(people, settings):
    settings.SITE_URL = "https://leads.example.com"
    waiting(people[:1])

    assert [send(), send()] == [1, 0]

    (letter,) = mail.outbox
    note = Notification.objects.get()
    address = f"https://leads.example.com/notifications/{note.pk}/"
    assert letter.subject == "Leadfunnel: Your signature is wanted"
    assert address in letter.body and "https://leads.example.com/rulebook/3/" in letter.body
    assert address in letter.alternatives[0].content
    assert letter.to == ["ann@x.example"]
    assert (note.mail_state, note.mail_at) == (Mail.SENT, NOW)


def test_one_refused_address_keeps_nobody_from_their_mail(people, server):
    waiting(people)
    server["bob@x.example"] = SMTPRecipientsRefused({"bob@x.example": (550, b"no such user")})

    assert send() == 2

    assert states() == ["sent", "failed", "sent"]
    assert "550 no such user" in Notification.objects.get(mail_state="failed").mail_error
    assert send(NOW + timedelta(hours=1)) == 0


def test_temporary_refusal_is_tried_again_but_not_for_ever(people, server):
    waiting(people[:1])
    server["ann@x.example"] = SMTPDataError(451, b"greylisted")

    for minutes in range(120):
        send(NOW + minutes * MINUTE)

    note = Notification.objects.get()
    assert (note.mail_state, note.mail_tries) == ("failed", 3)


def test_temporary_refusal_that_ends_is_sent(people, server):
    waiting(people[:1])
    server["ann@x.example"] = SMTPDataError(451, b"greylisted")
    send()
    server.clear()

    assert [send(NOW + MINUTE), send(NOW + 5 * MINUTE)] == [0, 1]


@pytest.mark.parametrize("error", [SMTPServerDisconnected("gone"), TimeoutError("slow"), OSError("reset")])
def test_mail_whose_connection_broke_is_unconfirmed_and_never_sent_again(people, server, error):
    waiting(people)
    server["bob@x.example"] = error

    send()
    server.clear()
    send(NOW + timedelta(hours=1))

    assert states() == ["sent", "unconfirmed", "sent"]
    assert len(mail.outbox) == 2


def test_mail_of_a_worker_that_was_killed_is_unconfirmed_and_never_sent_again(people):
    waiting(people[:1])
    Notification.objects.update(mail_state=Mail.SENDING)

    assert send(NOW + INTERRUPTED_AFTER - MINUTE) == 0
    assert states() == ["sending"]
    late = NOW + INTERRUPTED_AFTER + MINUTE
    assert is_mail_due(at=late)

    assert send(late) == 0
    assert states() == ["unconfirmed"]


def test_server_that_is_away_is_asked_again_until_the_mail_is_of_no_use(people, monkeypatch):
    waiting(people[:1])

    def refuse(self: Any) -> None:
        raise ConnectionRefusedError("no server")

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "open", refuse)
        assert send() == 0
    note = Notification.objects.get()
    assert (note.mail_state, "does not answer" in note.mail_error) == (Mail.WAITING, True)

    assert send(NOW + timedelta(hours=25)) == 0
    assert states() == ["failed"]
    assert mail.outbox == []


def test_what_somebody_who_has_left_would_have_got_is_not_sent(people):
    waiting(people[:1])
    people[0].is_active = False
    people[0].save()

    assert send() == 0
    assert states() == ["failed"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_mail_once(people):
    for number in range(8):
        waiting(people, at=NOW + number * MINUTE)
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        send(NOW + 30 * MINUTE)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(mail.outbox) == 24
    assert set(states()) == {"sent"}
