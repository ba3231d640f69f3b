from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from leads.handoff.decisions import accept
from leads.models import Absence, NextStep, Notification, NotificationPreference, Team, User
from leads.notifications.digest import write_due
from tests.leads.notifications.conftest import offered

pytestmark = pytest.mark.django_db
Kind = Notification.Kind
FRIDAY, MONDAY, TUESDAY = (datetime(2026, 3, day, 9, tzinfo=UTC) for day in (6, 9, 10))


def subscribe(user: User) -> None:
    NotificationPreference.objects.create(user=user, kind=Kind.DIGEST, in_app=False, email=True)


def digests(user: User) -> list[Notification]:
    return list(Notification.objects.filter(user=user, kind=Kind.DIGEST).order_by("pk"))


def test_digest_says_what_waits_is_overdue_is_planned_and_was_decided(alice, team):
    subscribe(alice)
    taken = offered(to=alice, name="Ben", at=FRIDAY)
    accept(handoff=taken, by=alice, at=FRIDAY + timedelta(hours=1))
    NextStep.objects.create(lead=taken.lead, what="Call again", due_on=date(2026, 3, 9))
    offered(to=alice, name="Anna", at=FRIDAY)
    offered(name="Cleo", at=FRIDAY)

    write_due(at=MONDAY)

    (digest,) = digests(alice)
    assert digest.title == "Your Monday, 9 March"
    words = [each["text"] for each in digest.lines]
    assert words[0] == "Waiting for you" and words[1].startswith("Anna · ")
    assert words[2] == "Shared in your team" and words[3].startswith("Cleo")
    # Accepted on Friday at 10: a first touch was due on Monday at 10, which is still to come.
    assert words[4:] == [
        "Next steps today",
        "Call again: Ben, by Mon 9",
        "Decided since Friday",
        "1 accepted",
    ]
    assert (digest.in_app, digest.mail_state) == (False, "waiting")


def test_digest_is_written_once_a_day_and_on_workdays_in_hours(alice, team):
    subscribe(alice)

    for hours in range(24 * 5):  # from Friday morning to Tuesday evening
        write_due(at=FRIDAY - timedelta(hours=2) + timedelta(hours=hours))
        write_due(at=FRIDAY - timedelta(hours=2) + timedelta(hours=hours))

    assert [(each.created_at, each.key) for each in digests(alice)] == [
        (FRIDAY, "digest:2026-03-06"),
        (MONDAY, "digest:2026-03-09"),
        (TUESDAY, "digest:2026-03-10"),
    ]


def test_digest_that_no_worker_wrote_in_the_morning_is_written_later_that_day(alice, team):
    subscribe(alice)

    write_due(at=MONDAY + timedelta(hours=5))
    write_due(at=MONDAY + timedelta(hours=12))

    assert len(digests(alice)) == 1


def test_digest_comes_in_the_teams_morning_also_after_a_clock_change(alice, team):
    Team.objects.update(time_zone="Europe/Berlin")
    subscribe(alice)

    # On Sunday 29 March 2026 clocks go forward: 9:00 in Berlin is 8:00 UTC before, and 7:00 after.
    for minutes in range(0, 24 * 60 * 5, 30):
        write_due(at=datetime(2026, 3, 27, tzinfo=UTC) + timedelta(minutes=minutes))

    assert [each.created_at for each in digests(alice)] == [
        datetime(2026, 3, 27, 8, tzinfo=UTC),
        datetime(2026, 3, 30, 7, tzinfo=UTC),
        datetime(2026, 3, 31, 7, tzinfo=UTC),
    ]


def test_digest_is_for_subscribers_who_are_here(alice, bob, mona):
    subscribe(bob)
    subscribe(mona)
    Absence.objects.create(user=bob, first_day=MONDAY.date(), last_day=MONDAY.date())

    write_due(at=MONDAY)

    assert (digests(alice), digests(bob), len(digests(mona))) == ([], [], 1)
    assert "Nothing waits" in digests(mona)[0].lines[0]["text"]
