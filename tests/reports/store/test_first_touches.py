"""When sales was first in touch after it accepted: derived with the visit, and folded in when a touch is logged."""

from __future__ import annotations

import pytest

from leads.models import Touch
from reports.models import Visit
from reports.store.rebuilding import rebuild
from tests.factories import TeamFactory, UserFactory
from tests.reports.conftest import instant
from tests.reports.selling import accepted, touched

pytestmark = pytest.mark.django_db


def first_touch() -> tuple:
    return Visit.objects.values_list("touch_due_at", "touched_at", "touch_minutes").get(position=1)


@pytest.fixture
def lead(a_lead):
    """Accepted on Monday 5 January at 11:00 by somebody whose team works from 9 to 17."""
    rep = UserFactory(team=TeamFactory(time_zone="UTC"))
    lead = a_lead("2026-01-01", {"mql": "2026-01-05 10:00:00", "sql": "2026-01-05 11:00:00"})
    accepted(lead, "2026-01-05 10:00:00", "2026-01-05 11:00:00", rep, touch_due="2026-01-06 11:00:00")
    return lead


def test_the_first_touch_after_acceptance_counts_and_a_note_does_not(lead, refresh):
    touched(lead, "2026-01-05 10:59:59")
    touched(lead, "2026-01-05 12:00:00", Touch.Kind.NOTE)
    touched(lead, "2026-01-06 10:30:00")
    touched(lead, "2026-01-05 16:30:00")

    refresh()

    # From 11:00 to 16:30.
    assert first_touch() == (instant("2026-01-06 11:00:00"), instant("2026-01-05 16:30:00"), 330)


def test_a_touch_that_is_logged_changed_or_removed_is_folded_in(lead, refresh):
    refresh()
    assert first_touch() == (instant("2026-01-06 11:00:00"), None, None)

    call = touched(lead, "2026-01-06 10:00:00")
    refresh()
    assert first_touch()[1:] == (instant("2026-01-06 10:00:00"), 6 * 60 + 60)

    call.at = instant("2026-01-05 11:01:00")
    call.save()
    refresh()
    assert first_touch()[1:] == (instant("2026-01-05 11:01:00"), 1)

    call.delete()
    refresh()
    folded = first_touch()
    rebuild()
    assert folded == first_touch() == (instant("2026-01-06 11:00:00"), None, None)


def test_hours_of_the_team_that_accepted_are_those_of_the_clock(lead, refresh):
    touched(lead, "2026-01-05 16:00:00")
    refresh()
    assert first_touch()[2] == 300

    # From now on the team works from noon.
    team = lead.handoffs.get().decided_by.team
    for weekday in range(5):
        team.working_hours.create(weekday=weekday, opens_at="12:00", closes_at="17:00")
    refresh()

    assert first_touch()[2] == 240
