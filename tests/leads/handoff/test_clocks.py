from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.urls import reverse

from leads.handoff.clocks import clock_sheets
from leads.handoff.decisions import accept
from leads.handoff.sla import BusinessClock
from leads.models import Handoff, Role, Team, Touch, WorkingHours
from leads.templatetags.ui import hours, stretch
from tests.factories import HandoffFactory, TouchFactory, UserFactory
from tests.leads.notifications.conftest import alice, offered, team  # noqa: F401
from tests.leads.views.conftest import HTMX, signed_in

pytestmark = pytest.mark.django_db
# A Friday, half an hour before closing time.
FRIDAY, MONDAY = datetime(2026, 3, 6, 16, 30, tzinfo=UTC), datetime(2026, 3, 9, 9, 15, tzinfo=UTC)


def one_hour_to_decide(north: Team) -> None:
    Team.objects.filter(pk=north.pk).update(decide_minutes=60, first_touch_minutes=60)
    north.refresh_from_db()


def test_both_clocks_show_what_is_counted(team, alice):  # noqa: F811
    one_hour_to_decide(team)
    handoff = offered(to=alice, at=FRIDAY)
    accept(handoff=handoff, by=alice, at=FRIDAY + timedelta(minutes=10))
    TouchFactory(lead=handoff.lead, at=MONDAY, kind=Touch.Kind.CALL)

    decide, touch = clock_sheets(handoff, at=MONDAY)

    assert [stretch(each, team) for each in decide.segments] == [
        "Fri 16:30–17:00 = 30 min",
        "Mon 09:00–09:30 = 30 min",
    ]
    assert (decide.used, decide.stopped_at) == (timedelta(minutes=10), FRIDAY + timedelta(minutes=10))
    assert [stretch(each, team) for each in touch.segments] == [
        "Fri 16:40–17:00 = 20 min",
        "Mon 09:00–09:40 = 40 min",
    ]
    assert (touch.used, touch.stopped_at) == (timedelta(minutes=35), MONDAY)


def test_holidays_are_named(team, alice):  # noqa: F811
    one_hour_to_decide(team)
    Team.objects.update(holiday_country="DE")
    # The Thursday before Good Friday.
    handoff = offered(to=alice, at=datetime(2026, 4, 2, 16, 30, tzinfo=UTC))

    (decide,) = clock_sheets(handoff, at=MONDAY)

    assert decide.due_at == datetime(2026, 4, 7, 9, 30, tzinfo=UTC)
    assert decide.holidays == [(date(2026, 4, 3), "Good Friday"), (date(2026, 4, 6), "Easter Monday")]


def test_deadline_stays_when_hours_are_changed_and_the_page_says_so(team, alice):  # noqa: F811
    one_hour_to_decide(team)
    handoff = offered(to=alice, at=FRIDAY)
    WorkingHours.objects.create(team=team, weekday=4, opens_at=time(8), closes_at=time(20))

    (decide,) = clock_sheets(Handoff.objects.get(pk=handoff.pk), at=FRIDAY)
    page = signed_in(alice).get(reverse("leads:lead_clocks", args=[handoff.lead_id])).content.decode()

    assert (decide.is_changed, decide.due_at) == (True, datetime(2026, 3, 9, 9, 30, tzinfo=UTC))
    assert "The deadline stays as it was" in page


def test_imported_ones_and_teams_that_never_open_have_no_deadline(team, alice, monkeypatch):  # noqa: F811
    (imported,) = clock_sheets(HandoffFactory(origin=Handoff.Origin.IMPORT, team=team), at=MONDAY)
    monkeypatch.setattr(BusinessClock, "is_workday", lambda self, day: False)
    monkeypatch.setattr(BusinessClock, "_openings", lambda self, start: iter(()))
    handoff = offered(to=alice, at=FRIDAY)
    (never,) = clock_sheets(handoff, at=MONDAY)

    assert imported.why_none.startswith("Imported")
    assert (handoff.decide_due_at, handoff.remind_at, handoff.escalate_at) == (None, None, None)
    assert "no business hours" in never.why_none


def test_clocks_are_a_page_and_a_part(team, alice):  # noqa: F811
    handoff = offered(to=alice, at=FRIDAY)
    address = reverse("leads:lead_clocks", args=[handoff.lead_id])
    reader = signed_in(UserFactory(role=Role.MARKETER))

    page, part = reader.get(address).content, reader.get(address, headers=HTMX).content

    assert b"Fri 16:30" in page and b"<html" in page
    assert b"Fri 16:30" in part and b"<html" not in part
    assert address.encode() in signed_in(alice).get(reverse("leads:queue")).content


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (FRIDAY, True),
        (FRIDAY.replace(hour=17, minute=0), False),
        (FRIDAY.replace(hour=9, minute=0), True),
        (FRIDAY.replace(hour=8, minute=59), False),
        (FRIDAY + timedelta(days=1), False),
    ],
)
def test_team_is_open_from_opening_until_just_before_closing_time(at, is_open):
    assert BusinessClock.of_team(None).is_open(at) is is_open


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 min"), (30, "30 min"), (120, "2 h"), (130.7, "2 h 10 min"), (480, "8 h")]
)
def test_hours_reads_as_people_say_it(minutes, words):
    assert hours(minutes) == words
