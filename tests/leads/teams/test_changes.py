from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from django.db import IntegrityError, transaction

from leads.models import Role, Team, TeamChange, User, WorkingHours
from leads.teams.keeping import NotYourTeam, create_team, move_person, save_team, set_share
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
MORNING = (time(9), time(12))


@pytest.fixture
def head() -> User:
    """Looks after all teams."""
    return UserFactory(first_name="Hanna", role=Role.MANAGER, team=None)


def said() -> list[tuple[str, str]]:
    changes = TeamChange.objects.select_related("team", "by").order_by("pk")
    assert all((change.at, change.by.first_name) == (NOW, "Hanna") for change in changes)
    return [(change.team.name, change.what) for change in changes]


def test_settings_and_hours_are_recorded_as_they_were_and_are(head):
    team = TeamFactory(name="North", decide_minutes=60, holiday_country="")
    WorkingHours.objects.create(team=team, weekday=0, opens_at=time(9), closes_at=time(17))
    changed = Team.objects.get(pk=team.pk)
    changed.decide_minutes, changed.holiday_country = 90, "DE"

    save_team(team=changed, hours={0: (MORNING,), 4: (MORNING,)}, by=head, at=NOW)
    save_team(team=changed, hours={0: (MORNING,), 4: (MORNING,)}, by=head, at=NOW)

    assert said() == [
        (
            "North",
            "Holidays from none to DE; Minutes to decide from 60 to 90;"
            " Monday from 9:00-17:00 to 9:00-12:00; Friday from closed to 9:00-12:00",
        )
    ]


def test_who_came_and_went_is_recorded_with_both_teams(head):
    north, south = TeamFactory(name="North"), TeamFactory(name="South")
    ann = UserFactory(first_name="Ann", last_name="", role=Role.REP, team=north)

    move_person(person=ann, team=south, by=head, at=NOW)
    move_person(person=ann, team=south, by=head, at=NOW)
    move_person(person=ann, team=None, by=head, at=NOW)

    assert said() == [
        ("North", "Ann went to South"),
        ("South", "Ann came from North"),
        ("South", "Ann went to no team"),
    ]


def test_shares_and_new_teams_are_recorded(head):
    team = create_team(name="West", by=head, at=NOW)
    ann = UserFactory(first_name="Ann", last_name="", role=Role.REP, team=team, routing_weight=100)

    set_share(person=ann, weight=50, cap=20, by=head, at=NOW)
    set_share(person=ann, weight=50, cap=20, by=head, at=NOW)

    assert said() == [
        ("West", "New: West"),
        ("West", "Ann: share from 100 % to 50 %, most open from no limit to 20"),
    ]


def test_what_is_refused_is_not_recorded():
    team, stranger = TeamFactory(), UserFactory(role=Role.MANAGER, team=TeamFactory())

    with pytest.raises(NotYourTeam):
        save_team(team=team, hours={}, by=stranger, at=NOW)

    assert not TeamChange.objects.exists()


def test_what_was_changed_is_never_rewritten(head):
    create_team(name="West", by=head, at=NOW)

    with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
        TeamChange.objects.update(what="Nothing")
