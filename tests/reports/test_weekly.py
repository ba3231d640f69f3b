from __future__ import annotations

import sys
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from django.core import mail

from leads.models import Notification, NotificationPreference, Role, User
from leads.notifications import mailing
from reports.store.folding import fold
from reports.weekly import write_due
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
Kind = Notification.Kind
# A Monday; last week is 2 to 8 March. Without a team hours are 9 to 17.
MONDAY = datetime(2026, 3, 9, 9, tzinfo=UTC)


@pytest.fixture
def reader() -> User:
    user = UserFactory(email="mia@example.com", role=Role.MARKETER)
    NotificationPreference.objects.create(user=user, kind=Kind.WEEKLY, in_app=False, email=True)
    return user


def letters(user: User) -> list[Notification]:
    return list(Notification.objects.filter(user=user, kind=Kind.WEEKLY).order_by("pk"))


def test_letter_holds_last_week_against_the_one_before(reader, a_lead):
    a_lead("2026-03-02", {"mql": "2026-03-03", "sql": "2026-03-04"})
    a_lead("2026-03-08 23:59:59")
    a_lead("2026-03-09")
    a_lead("2026-02-23")
    fold()

    write_due(at=MONDAY)

    (letter,) = letters(reader)
    assert letter.title == "The funnel from 2 Mar 2026 to 8 Mar 2026"
    words = [each["text"] for each in letter.lines]
    assert words[:2] == ["What changed", "Nothing changed beyond what chance explains."]
    (comparison,) = [each["table"] for each in letter.lines if each["text"].startswith("Number")]
    assert comparison[:4] == [
        ["Number", "2 Mar 2026 to 8 Mar 2026", "23 Feb 2026 to 1 Mar 2026"],
        ["Leads created", "2", "1"],
        ["MQLs", "1", "0"],
        ["SQLs", "1", "0"],
    ]
    assert letter.link == "/reports/overview/?first_day=2026-03-02&last_day=2026-03-08"
    assert (letter.in_app, letter.mail_state) == (False, "waiting")


def test_letter_is_written_once_a_week_when_the_office_opens(reader):
    for hours in range(24 * 9):  # from Sunday morning on
        write_due(at=MONDAY - timedelta(days=1, hours=2) + timedelta(hours=hours))
        write_due(at=MONDAY - timedelta(days=1, hours=2) + timedelta(hours=hours))

    assert [(each.created_at, each.key) for each in letters(reader)] == [
        (MONDAY, "weekly:2026-W11"),
        (MONDAY + timedelta(days=7), "weekly:2026-W12"),
    ]


def test_whoever_has_not_chosen_it_or_cannot_get_it_gets_none(reader):
    UserFactory(email="bob@example.com", role=Role.MANAGER)
    away = UserFactory(email="", role=Role.MANAGER)
    gone = UserFactory(email="gone@example.com", role=Role.MANAGER, is_active=False)
    for user in (away, gone):
        NotificationPreference.objects.create(user=user, kind=Kind.WEEKLY, in_app=False, email=True)

    assert write_due(at=MONDAY) == 1
    assert [each.user for each in Notification.objects.filter(kind=Kind.WEEKLY)] == [reader]


def test_letter_has_its_tables_in_html_and_in_text(reader, settings):
    settings.SITE_URL = "https://leads.example.com"
    write_due(at=MONDAY)

    assert mailing.send_waiting(until=MONDAY + timedelta(minutes=1), clock=lambda: MONDAY) == 1

    (letter,) = mail.outbox
    assert "\nLeads created" in letter.body
    (page, kind) = letter.alternatives[0]
    assert kind == "text/html"
    assert "<th" in page and "Leads created</td>" in page
    assert "https://leads.example.com/reports/overview/?first_day=2026-03-02" in page


class FakeKaleido(ModuleType):
    """Draws a picture of one pixel, and notes what it is asked; with `error` it raises that."""

    PIXEL = b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("kaleido")
        self.error, self.figures = error, []

    def calc_fig_sync(self, figure: Any, *, opts: Any, kopts: Any) -> bytes:
        if self.error:
            raise self.error
        assert kopts["plotlyjs"].is_file()
        self.figures.append(figure)
        return self.PIXEL


def test_letter_has_charts_as_pictures_where_kaleido_is(reader, monkeypatch):
    kaleido = FakeKaleido()
    monkeypatch.setitem(sys.modules, "kaleido", kaleido)
    write_due(at=MONDAY)

    mailing.send_waiting(until=MONDAY + timedelta(minutes=1), clock=lambda: MONDAY)

    assert [figure["data"][0]["type"] for figure in kaleido.figures] == ["funnel", "scatter"]
    assert "var(" not in str(kaleido.figures)
    assert kaleido.figures[1]["data"][1]["line"]["color"] == "#0b5cab"  # MQLs, as on the page
    message = mail.outbox[0].message()
    assert message.get_content_type() == "multipart/related"
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert [part.get_payload(decode=True) for part in pictures] == [kaleido.PIXEL, kaleido.PIXEL]
    assert all(part.get_content_disposition() == "inline" for part in pictures)
    page = mail.outbox[0].alternatives[0].content
    for part in pictures:
        assert f'src="cid:{part["Content-ID"][1:-1]}" alt="' in page
    assert 'alt="How many of the leads created reached each stage"' in page
    # The tables stay, for those who see no pictures; the text has nothing but them.
    assert "Leads created</td>" in page
    assert "\nLeads created" in mail.outbox[0].body and "How many of the leads" not in mail.outbox[0].body


def test_letter_without_pictures_is_sent_where_kaleido_fails(reader, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "kaleido", FakeKaleido(error=RuntimeError("no browser")))

    assert write_due(at=MONDAY) == 1

    assert not any("image" in each for each in letters(reader)[0].lines)
    assert "Kaleido draws no chart" in caplog.text


def test_picture_is_not_shown_in_the_application(reader, monkeypatch, client):
    monkeypatch.setitem(sys.modules, "kaleido", FakeKaleido())
    NotificationPreference.objects.update(in_app=True)
    write_due(at=MONDAY)
    client.force_login(reader)

    page = client.get("/notifications/").content.decode()

    assert "The funnel from 2 Mar 2026" in page
    assert "How many of the leads created" not in page


def test_anybody_may_choose_it(client):
    user = UserFactory(role=Role.REP)
    client.force_login(user)

    page = client.get("/notifications/settings/").content.decode()

    assert "Weekly report" in page
