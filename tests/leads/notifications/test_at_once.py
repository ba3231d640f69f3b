"""Real workers: two ticks at once tell nobody twice; one that is killed in the midst of a mail sends it once."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import time, timedelta

import pytest
from django.utils import timezone

from leads.models import Handoff, Notification, Organisation, Role, WorkingHours
from leads.notifications.telling import Message, notify
from leads.tasks import send_mail, tick
from tests.factories import HandoffFactory, TeamFactory
from tests.leads.notifications.conftest import person
from tests.workers import RealWorker, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.realworker,
    pytest.mark.slow,
]


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mails, and says so only while `answers` is set."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.taken: list[str] = []
        self.answers = threading.Event()


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 here")
        for raw in self.rfile:
            command = raw.split()[0].upper() if raw.split() else b""
            if command == b"DATA":
                self._say("354 go on")
                self.server.taken.append(self._read_mail())
                self.server.answers.wait(timeout=60)
            self._say("221 bye" if command == b"QUIT" else "250 ok")
            if command == b"QUIT":
                return

    def _read_mail(self) -> str:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.decode())
        return "".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def mail_server(monkeypatch) -> Iterator[MailServer]:
    with MailServer() as server:
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.answers.set()
        server.shutdown()
        thread.join()


def test_two_workers_at_many_ticks_tell_of_each_handoff_once(start_worker: Callable[[], RealWorker]) -> None:
    team = TeamFactory()
    Organisation.objects.update(default_team=team)
    WorkingHours.objects.bulk_create(
        WorkingHours(team=team, weekday=day, opens_at=time(0), closes_at=time.max) for day in range(7)
    )
    person("mona", Role.MANAGER, team)
    over = timezone.now() - timedelta(minutes=5)
    for _ in range(30):
        HandoffFactory(team=team, decide_due_at=over, remind_at=over, escalate_at=over)
    workers = [start_worker(), start_worker()]

    for _ in range(8):
        tick.delay()
    wait_until(
        lambda: not Handoff.objects.exclude(escalate_at=None, remind_at=None).exists(), what="all were told"
    )
    for worker in workers:
        worker.stop()

    titles = Notification.objects.values_list("title", flat=True)
    counts = [int(found[0]) if (found := re.match(r"\d+", title)) else 1 for title in titles]
    assert sum(counts) == 30


def test_worker_killed_between_recording_and_confirmation_sends_it_once(
    start_worker: Callable[[], RealWorker], mail_server: MailServer
) -> None:
    mona = person("mona", Role.MANAGER, None)
    message = Message(Notification.Kind.SIGNATURE, "Your signature is wanted")
    notify(users=[mona], message=message, at=timezone.now())
    doomed = start_worker()
    send_mail.delay()
    wait_until(lambda: len(mail_server.taken) == 1, what="the mail reached the server")
    assert Notification.objects.get().mail_state == "sending"

    doomed.kill()
    mail_server.answers.set()
    start_worker()
    send_mail.delay()
    Notification.objects.update(mail_at=timezone.now() - timedelta(minutes=16))
    send_mail.delay()

    wait_until(lambda: Notification.objects.get().mail_state == "unconfirmed", what="it is unconfirmed")
    assert len(mail_server.taken) == 1
