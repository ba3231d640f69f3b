"""The rollups' answer and the rows' are the same, of every measure by every dimension."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from leads.models import Campaign, Handoff, Lead, Reason
from reports.cells import _from_rollup, _from_rows
from reports.dimensions import DIMENSIONS
from reports.measures import MEASURES
from reports.models import SeenValue
from reports.period import Period
from reports.scope import Scope
from reports.store.rebuilding import rebuild
from tests.factories import HandoffFactory, TeamFactory, UserFactory
from tests.reports.conftest import instant

pytestmark = pytest.mark.django_db
# From within the first month to beyond all; nothing is left out by `as_of`.
SCOPE = Scope(period=Period(date(2026, 1, 5), date(2027, 1, 1)), as_of=date(2030, 1, 1))
BY = [None, *DIMENSIONS]


@pytest.fixture
def world(eight_leads):
    """The eight leads, with other facts, and handoffs of two teams decided in time, late, or not."""
    teams = TeamFactory(), TeamFactory()
    reps = [UserFactory(team=team) for team in teams]
    campaign = Campaign.objects.first()
    for number, lead in enumerate(eight_leads.values()):
        Lead.objects.filter(pk=lead.pk).update(
            channel_folded=["", "seo"][number % 2],
            industry_folded=["retail", ""][number % 2],
            employees=[None, 5, 5000][number % 3],
            campaign=campaign if number % 2 else None,
        )
        offered = lead.stage_changes.filter(to_stage="mql", undone=False).first()
        if offered is None:
            continue
        ended = (
            lead.stage_changes.filter(occurred_at__gt=offered.occurred_at, undone=False)
            .order_by("occurred_at")
            .first()
        )
        state = "waiting" if ended is None else "rejected" if ended.to_stage == "disqualified" else "accepted"
        HandoffFactory(
            lead=lead,
            offered_at=offered.occurred_at,
            state=state,
            decided_at=ended and ended.occurred_at,
            decided_by=reps[number % 2] if ended else None,
            reason=Reason.objects.first() if state == "rejected" else None,
            team=teams[number % 2],
            fit=10 * number,
            grade=["A1", "B2", "C3"][number % 3],
            rulebook_version=1 + number % 2,
            decide_due_at=offered.occurred_at + timedelta(hours=12 * number),
            first_touch_due_at=instant("2026-03-01") if state == Handoff.State.ACCEPTED else None,
        )
    rebuild()


def asked(how, measure, scope, *, by=None, by_day=False, positions=(), apart=True):
    return sorted(how(measure, scope, by, by_day, positions, apart), key=repr)


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_rollup_and_rows_agree(world, measure, by):
    found = asked(_from_rollup, measure, SCOPE, by=by, by_day=True)

    assert found
    assert found == asked(_from_rows, measure, SCOPE, by=by, by_day=True)
    for apart in (True, False):
        found = asked(_from_rollup, measure, SCOPE, by=by, apart=apart)
        assert found == asked(_from_rows, measure, SCOPE, by=by, apart=apart)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_they_agree_on_any_one_filter(world, measure):
    asked_about = [
        (key, value)
        for key, item in DIMENSIONS.items()
        for value in ("", *SeenValue.objects.filter(dimension=item.number).values_list("value", flat=True))
    ]
    assert {key for key, value in asked_about if value} == set(DIMENSIONS)

    for key, value in asked_about:
        scope = SCOPE.only(key, value)
        for by in (None, key):
            assert asked(_from_rollup, measure, scope, by=by) == asked(_from_rows, measure, scope, by=by)


def test_they_agree_on_some_stages(world):
    for measure in MEASURES:
        found = asked(_from_rollup, measure, SCOPE, positions=[1, 2])
        assert found == asked(_from_rows, measure, SCOPE, positions=[1, 2])
        assert {row.position for row in found} <= {1, 2}
