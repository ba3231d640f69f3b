from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leads.handoff.decisions import AlreadyDecided, NotYours, accept, demote
from leads.handoff.snoozing import Nap, NoSuchNap, asleep, nap_choices, snooze, snoozed_by, wake
from leads.handoff.undoing import undo
from leads.models import Handoff, Role, Snooze
from tests.factories import HandoffFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 3, 4, 9, 20, tzinfo=UTC)  # 10:20 in Berlin


@pytest.fixture
def alice():
    team = TeamFactory(time_zone="Europe/Berlin")
    return UserFactory(first_name="Alice", role=Role.REP, team=team)


def ends(handoff, by, at) -> dict[str, str]:
    zone = by.team.zone
    choices = nap_choices(handoff=handoff, by=by, at=at)
    return {choice.label: f"{choice.until.astimezone(zone):%a %d %H:%M}" for choice in choices}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (
            WEDNESDAY,
            {
                "In an hour": "Wed 04 11:20",
                "This afternoon": "Wed 04 14:00",
                "Tomorrow morning": "Thu 05 09:00",
                "Next Monday": "Mon 09 09:00",
            },
        ),
        # 16:30: in an hour the day is over.
        (
            datetime(2026, 3, 4, 15, 30, tzinfo=UTC),
            {"Tomorrow morning": "Thu 05 09:00", "Next Monday": "Mon 09 09:00"},
        ),
        # Friday at 13:45: the afternoon is here; the next working morning is that of next Monday.
        (
            datetime(2026, 3, 6, 12, 45, tzinfo=UTC),
            {"In an hour": "Fri 06 14:45", "Next working morning": "Mon 09 09:00"},
        ),
        # The Friday before the night of the clock change.
        (
            datetime(2026, 3, 27, 8, 0, tzinfo=UTC),
            {
                "In an hour": "Fri 27 10:00",
                "This afternoon": "Fri 27 14:00",
                "Next working morning": "Mon 30 09:00",
            },
        ),
    ],
)
def test_naps_end_in_the_business_hours_of_the_team(alice, at, expected):
    assert ends(HandoffFactory(team=alice.team), alice, at) == expected


def test_naps_say_whether_the_deadline_passes_meanwhile(alice):
    handoff = HandoffFactory(team=alice.team, decide_due_at=WEDNESDAY + timedelta(hours=3))

    choices = nap_choices(handoff=handoff, by=alice, at=WEDNESDAY)

    assert [choice.is_past_due for choice in choices] == [False, True, True, True]


def test_a_snoozed_handoff_sleeps_for_one_user_until_then(alice):
    bob = UserFactory(role=Role.REP, team=alice.team)
    handoff = HandoffFactory(team=alice.team)

    snoozed = snooze(handoff=handoff, nap="hour", by=alice, at=WEDNESDAY)

    later = WEDNESDAY + timedelta(minutes=61)
    assert asleep(user=alice, at=WEDNESDAY) == {handoff.pk}
    assert not asleep(user=bob, at=WEDNESDAY)
    assert not asleep(user=alice, at=later)
    assert list(snoozed_by(user=alice, at=WEDNESDAY)) == [snoozed]
    assert list(snoozed_by(user=alice, at=later)) == []


def test_snoozing_anew_counts_from_then_and_waking_ends_it(alice):
    handoff = HandoffFactory(team=alice.team)
    snooze(handoff=handoff, nap="hour", by=alice, at=WEDNESDAY)

    snooze(handoff=handoff, nap="monday", by=alice, at=WEDNESDAY)

    assert Snooze.objects.get().until == datetime(2026, 3, 9, 8, tzinfo=UTC)
    wake(handoff=handoff, by=alice)
    wake(handoff=handoff, by=alice)
    assert not Snooze.objects.exists()


def test_a_decision_and_a_demotion_leave_no_snooze_behind(alice):
    decided, demoted = HandoffFactory(team=alice.team), HandoffFactory(team=alice.team)
    for handoff in (decided, demoted):
        snooze(handoff=handoff, nap=Nap.HOUR, by=alice, at=WEDNESDAY)

    accept(handoff=decided, by=alice, at=WEDNESDAY)
    demote(handoff_ids=[demoted.pk], at=WEDNESDAY, run=1, note="")

    assert not Snooze.objects.exists()


def test_what_was_decided_and_taken_back_in_the_same_moment_is_snoozed(alice, monkeypatch):
    handoff = HandoffFactory(team=alice.team)
    accept(handoff=Handoff.objects.get(pk=handoff.pk), by=alice, at=WEDNESDAY)
    look_again = Handoff.refresh_from_db

    def refresh_after_undo(self, **kwargs):
        monkeypatch.undo()
        undo(handoff=Handoff.objects.get(pk=handoff.pk), by=alice, at=WEDNESDAY)
        look_again(self, **kwargs)

    monkeypatch.setattr(Handoff, "refresh_from_db", refresh_after_undo)
    snooze(handoff=handoff, nap="hour", by=alice, at=WEDNESDAY)

    assert Snooze.objects.get().handoff == handoff


def test_what_is_decided_or_offered_to_others_is_not_snoozed(alice):
    theirs = HandoffFactory(team=TeamFactory())
    decided = HandoffFactory(team=alice.team)
    accept(handoff=Handoff.objects.get(pk=decided.pk), by=alice, at=WEDNESDAY)

    with pytest.raises(NotYours):
        snooze(handoff=theirs, nap="hour", by=alice, at=WEDNESDAY)
    with pytest.raises(AlreadyDecided, match="accepted by Alice"):
        snooze(handoff=decided, nap="hour", by=alice, at=WEDNESDAY)
    assert not Snooze.objects.exists()


@pytest.mark.parametrize("nap", ["", "never", "afternoon"])
def test_another_time_than_those_offered_is_refused(alice, nap):
    evening = WEDNESDAY + timedelta(hours=9)

    with pytest.raises(NoSuchNap, match="tomorrow morning, next monday"):
        snooze(handoff=HandoffFactory(team=alice.team), nap=nap, by=alice, at=evening)
