from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from leads.models import Handoff, Organisation, Role, Team, User, WorkingHours
from tests.factories import HandoffFactory, TeamFactory, UserFactory
from tests.leads.views.conftest import HTMX, query_count, signed_in

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2026, 4, 2, 16, 30, tzinfo=UTC)  # the Thursday before Good Friday


def address(name: str, *args: int) -> str:
    return reverse(f"leads:{name}", args=args)


def settings(**changed: Any) -> dict[str, Any]:
    return {
        "name": "North",
        "time_zone": "UTC",
        "holiday_country": "",
        "decide_minutes": 60,
        "decide_fast_minutes": 30,
        "first_touch_minutes": 480,
        "weekly_capacity": 50,
        "is_active": "on",
        "hours_0": "9-12, 13-17",
        **changed,
    }


def test_hours_are_saved_and_do_not_move_a_running_clock(manager, team):
    due = datetime(2026, 3, 2, 12, tzinfo=UTC)
    handoff = HandoffFactory(team=team, decide_due_at=due)
    WorkingHours.objects.create(team=team, weekday=4)
    client = signed_in(manager)
    assert "1 handoff of this team" in client.get(address("team", team.pk)).content.decode()

    response = client.post(address("team_save", team.pk), settings(holiday_country="DE", decide_minutes=90))

    assert response.url == address("team", team.pk)
    saved = Team.objects.get(pk=team.pk)
    assert (saved.holiday_country, saved.decide_minutes) == ("DE", 90)
    hours = saved.working_hours.values_list("weekday", "opens_at", "closes_at")
    assert list(hours) == [(0, time(9), time(12)), (0, time(13), time(17))]
    assert Handoff.objects.get(pk=handoff.pk).decide_due_at == due
    page = client.get(address("team", team.pk)).content.decode()
    assert 'value="9:00-12:00, 13:00-17:00"' in page
    assert "Holidays from none to DE" in page


@time_machine.travel(FRIDAY, tick=False)
def test_what_is_typed_is_tried_out_before_it_is_saved(manager, team):
    typed = settings(holiday_country="DE", **{f"hours_{day}": "9-17" for day in range(5)})

    response = signed_in(manager).get(address("team_outlook", team.pk), typed, headers=HTMX)

    words = " ".join(response.content.decode().split())
    # Half an hour on Thursday; Friday and Monday are holidays.
    assert "<dt>Decision</dt> <dd> Tue 7 Apr, 09:30 </dd>" in words
    assert "<b>Fri 3 Apr 2026</b> Good Friday" in words
    assert not team.working_hours.exists()


def test_what_is_wrong_is_said_and_nothing_is_saved(manager, team):
    client = signed_in(manager)
    TeamFactory(name="South")
    for changed, words in (
        ({"hours_2": "9-17, 16-18"}, "Wednesday: 16:00-18:00 overlaps"),
        ({"name": "South"}, "already exists"),
        ({"time_zone": "Mars/Base"}, "“Mars/Base” is not a time zone"),
        ({"holiday_country": "XX"}, "“XX” is not a country"),
        ({"decide_minutes": "9" * 20}, "less than or equal to"),
        ({"weekly_capacity": "9" * 20}, "less than or equal to"),
        ({"name": "\x00"}, "Null characters"),
    ):
        typed = settings(**changed)
        response = client.post(address("team_save", team.pk), typed)
        assert (response.status_code, words in response.content.decode()) == (422, True), changed
        part = client.get(address("team_outlook", team.pk), typed, headers=HTMX)
        assert (part.status_code, words in part.content.decode()) == (200, True), changed
    assert Team.objects.get(pk=team.pk).name == "North"


def test_a_team_in_use_is_not_switched_off(manager, team):
    client = signed_in(manager)

    def refused() -> str:
        return client.post(address("team_save", team.pk), settings(is_active="")).content.decode()

    assert "another default team first" in refused()
    Organisation.objects.update(default_team=None)
    assert "Somebody is still in North" in refused()
    assert Team.objects.get(pk=team.pk).is_active


def test_only_who_looks_after_all_teams_moves_people(manager, team, alice, charlie):
    """A manager who leaves the team, or takes another out, would look after all teams."""
    boss, admin = UserFactory(role=Role.MANAGER), UserFactory(role=Role.ADMINISTRATOR)
    handoff = HandoffFactory(team=charlie.team, assignee=charlie)
    for person in (manager, alice):
        out = {"person": person.pk, "out": "1"}
        assert signed_in(manager).post(address("team_member", team.pk), out).status_code == 403
    assert signed_in(manager).post(address("team_add"), {"name": "Mine"}).status_code == 403

    signed_in(boss).post(address("team_member", team.pk), {"person": charlie.pk})
    signed_in(admin).post(address("team_member", team.pk), {"person": alice.pk, "out": "1"})

    assert (User.objects.get(pk=charlie.pk).team, User.objects.get(pk=alice.pk).team) == (team, None)
    assert Handoff.objects.get(pk=handoff.pk).assignee == charlie
    assert signed_in(admin).post(address("team_add"), {"name": "West"}).url == address(
        "team", Team.objects.get(name="West").pk
    )


def test_shares_are_set_by_the_keepers_of_the_team(manager, alice, charlie):
    client = signed_in(manager)

    assert (
        client.post(address("team_share", alice.pk), {"routing_weight": 50, "open_cap": 20}).status_code
        == 302
    )
    assert client.post(address("team_share", alice.pk), {"routing_weight": 1001}).status_code == 422
    assert client.post(address("team_share", charlie.pk), {"routing_weight": 50}).status_code == 403
    assert client.post(address("team_share", UserFactory(role=Role.REP).pk), {}).status_code == 404

    alice = User.objects.get(pk=alice.pk)
    assert (alice.routing_weight, alice.open_cap) == (50, 20)


def test_others_may_read_a_team_and_change_nothing(alice, team, marketer):
    for user in (alice, marketer):
        page = signed_in(user).get(address("team", team.pk)).content.decode()
        assert "Alice" in page
        assert 'name="routing_weight"' not in page
        assert signed_in(user).post(address("team_save", team.pk), settings()).status_code == 403


def test_absences_are_entered_changed_and_removed(alice, bob):
    client = signed_in(alice)
    days = {"person": alice.pk, "first_day": "2198-03-10", "last_day": "2198-03-12", "note": "trip"}
    assert client.post(address("absence_add"), days).url == address("absences")
    absence = alice.absences.get()

    assert client.post(address("absence_add"), days).status_code == 422
    assert client.post(address("absence_add"), {**days, "person": bob.pk}).status_code == 422
    assert client.post(address("absence_add"), {**days, "first_day": "2900-01-01"}).status_code == 422
    assert client.post(address("absence_add"), {**days, "first_day": "soon"}).status_code == 422
    assert signed_in(bob).post(address("absence_change", absence.pk), days).status_code == 403
    client.post(address("absence_change", absence.pk), {**days, "last_day": "2198-03-15"})
    assert alice.absences.get().last_day.day == 15
    assert "trip" in client.get(address("absences")).content.decode()
    client.post(address("absence_change", absence.pk), {"remove": "1"})
    assert not alice.absences.exists()


def test_absences_are_of_no_use_to_marketing(marketer):
    client = signed_in(marketer)

    assert "Nothing to enter" in client.get(address("absences")).content.decode()
    assert client.post(address("absence_add"), {"person": marketer.pk}).status_code == 403


@pytest.mark.parametrize("name", ["teams", "team", "absences"])
def test_queries_do_not_grow(manager, team, name):
    client = signed_in(manager)
    where = address(name, team.pk) if name == "team" else address(name)
    UserFactory(role=Role.REP, team=team)
    before = query_count(client, where)
    for _ in range(4):
        rep = UserFactory(role=Role.REP, team=team)
        rep.absences.create(first_day="2198-03-10", last_day="2198-03-12", created_by=manager)
        HandoffFactory(team=team, assignee=rep)
        TeamFactory()

    assert query_count(client, where) == before
