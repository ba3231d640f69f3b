from __future__ import annotations

from datetime import UTC, datetime, timedelta

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


def test_anybody_may_choose_it(client):
    user = UserFactory(role=Role.REP)
    client.force_login(user)

    page = client.get("/notifications/settings/").content.decode()

    assert "Weekly report" in page
