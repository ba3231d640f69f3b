"""Two clocks, each with a reminder and an escalation: in business hours, and never twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.handoff.decisions import accept
from leads.handoff.reassigning import give_lead, reassign
from leads.handoff.undoing import undo
from leads.models import Absence, Handoff, Notification, Role, Touch
from leads.notifications.reminders import remind_due
from tests.factories import HandoffFactory, TeamFactory, TouchFactory
from tests.leads.notifications.conftest import DUE, OFFERED, REMIND, offered, person, told

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def remind(*instants: datetime) -> list[tuple[str, str, str]]:
    """The ticks at these instants; whom they told what."""
    for at in instants:
        remind_due(at=at)
    return told()


def test_assignee_is_reminded_at_three_quarters_once(alice, bob, mona):
    offered(to=alice)

    assert remind(REMIND - MINUTE) == []
    assert remind(REMIND, REMIND + MINUTE) == [("alice", "reminder", "Decide on Anna by Mon 2 Mar 13:00")]


def test_team_is_reminded_of_what_is_nobodys(alice, bob, mona):
    person("stranger", Role.REP, TeamFactory())
    offered()

    title = "Nobody has taken Anna: to be decided by Mon 2 Mar 13:00"
    assert remind(REMIND) == [("alice", "reminder", title), ("bob", "reminder", title)]


def test_team_is_reminded_in_place_of_somebody_who_is_away(alice, bob, mona):
    offered(to=alice)
    Absence.objects.create(user=alice, first_day=REMIND.date(), last_day=REMIND.date())

    assert [name for name, _, _ in remind(REMIND)] == ["bob"]


def test_managers_are_told_when_the_time_is_over_and_the_team_may_decide(alice, bob, mona):
    offered(to=alice)

    later = remind(REMIND, DUE, DUE + MINUTE)[1:]

    overdue = "Anna is overdue: anybody in North may decide"
    assert later == [
        ("alice", "overdue", overdue),
        ("bob", "overdue", overdue),
        ("mona", "escalation", "Nobody decided on Anna in time"),
    ]
    assert "of Alice" in Notification.objects.get(kind="escalation").lines[0]["text"]


def test_managers_without_a_team_are_told_where_a_team_has_none(alice):
    person("chief", Role.MANAGER, None)
    offered(to=alice)

    assert ("chief", "escalation", "Nobody decided on Anna in time") in remind(DUE)


def test_nobody_is_told_of_what_is_decided(alice, mona):
    accept(handoff=offered(to=alice), by=alice, at=OFFERED + MINUTE)

    assert [kind for _, kind, _ in remind(REMIND, DUE)] == []


def test_undone_decision_waits_with_its_reminders(alice, mona):
    handoff = offered(to=alice)
    accept(handoff=handoff, by=alice, at=REMIND - MINUTE)
    remind(REMIND)
    undo(handoff=handoff, by=alice, at=REMIND + MINUTE)

    assert [kind for _, kind, _ in remind(REMIND + 2 * MINUTE)] == ["reminder"]


def test_imported_handoffs_have_no_reminders(alice, mona, team):
    HandoffFactory(origin=Handoff.Origin.IMPORT, team=team, offered_at=OFFERED)

    assert remind(REMIND, DUE, DUE + timedelta(days=1)) == []


def test_reassigning_moves_whom_to_remind(alice, bob, mona):
    handoff = offered(to=alice)
    reassign(handoff=handoff, to=bob, by=mona, at=OFFERED + MINUTE)

    assert [(name, kind) for name, kind, _ in remind(REMIND)] == [("bob", "assigned"), ("bob", "reminder")]


def test_reminders_wait_for_business_hours(alice, mona):
    # Offered on Friday at 15:00: three quarters are over at 10:00 on Monday, the time at 11:00.
    offered(to=alice, at=datetime(2026, 3, 6, 15, tzinfo=UTC))
    friday_offer = offered(to=alice, name="Ben", at=datetime(2026, 3, 6, 13, tzinfo=UTC))
    assert friday_offer.decide_due_at == datetime(2026, 3, 6, 17, tzinfo=UTC)

    # Due at the very end of the day: the tick comes after closing time.
    assert remind(*(datetime(2026, 3, 6, 17, tzinfo=UTC) + timedelta(hours=n) for n in range(0, 60))) == []
    monday = remind(datetime(2026, 3, 9, 9, tzinfo=UTC))
    assert ("mona", "escalation", "Nobody decided on Ben in time") in monday
    assert "reminder" not in [kind for _, kind, _ in monday]


def test_late_ones_after_an_outage_are_one_message(alice, mona):
    for number in range(12):
        offered(to=alice, name=f"Lead {number}")

    found = remind(DUE + timedelta(hours=2), DUE + timedelta(hours=2, minutes=1))

    assert found == [
        ("alice", "overdue", "12 handoffs are overdue: anybody in the team may decide"),
        ("mona", "escalation", "12 handoffs were not decided in time"),
    ]
    lines = Notification.objects.get(kind="escalation").lines
    assert len(lines) == 11
    assert lines[-1]["text"] == "and 2 more"


# First touch ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def accepted(alice, mona) -> Handoff:
    """At 9:00: a first touch is due at 17:00, and three quarters of the time are over at 15:00."""
    handoff = offered(to=alice)
    accept(handoff=handoff, by=alice, at=OFFERED)
    return handoff


THREE, NEXT_MORNING = datetime(2026, 3, 2, 15, tzinfo=UTC), datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_owner_is_reminded_of_the_first_touch_and_managers_are_told_of_none(accepted):
    assert remind(THREE, THREE + MINUTE, NEXT_MORNING, NEXT_MORNING + MINUTE) == [
        ("alice", "touch_reminder", "Get in touch with Anna by Mon 2 Mar 17:00"),
        ("mona", "touch_overdue", "Anna was accepted, and nobody has been in touch"),
    ]


def test_nobody_is_told_once_there_was_a_touch_and_a_note_is_none(accepted, alice):
    TouchFactory(lead=accepted.lead, at=OFFERED + MINUTE, by=alice, kind=Touch.Kind.NOTE, note="x")
    assert [kind for _, kind, _ in remind(THREE)] == ["touch_reminder"]

    TouchFactory(lead=accepted.lead, at=THREE, by=alice)

    assert [kind for _, kind, _ in remind(NEXT_MORNING)] == ["touch_reminder"]


def test_the_owner_of_now_is_reminded(accepted, bob, mona):
    give_lead(lead=accepted.lead, to=bob, by=mona, at=OFFERED + MINUTE)

    assert ("bob", "touch_reminder") in [(name, kind) for name, kind, _ in remind(THREE)]


def test_queries_do_not_grow_with_what_is_due(alice, bob, mona):
    def queries(count: int) -> int:
        for number in range(count):
            offered(to=alice if number % 2 else None, name=f"Lead {number}")
        with CaptureQueriesContext(connection) as captured:
            remind_due(at=REMIND)
        return len(captured)

    assert queries(2) == queries(14)


def test_due_ones_are_found_by_an_index(alice):
    offered(to=alice)
    query = Handoff.objects.waiting().filter(remind_at__lte=REMIND).order_by("remind_at", "pk")[:10]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # One row costs the same by each index of what waits: only this one brings it in order.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    assert "leads_handoff_remind" in query.explain()
