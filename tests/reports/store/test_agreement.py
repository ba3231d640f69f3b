"""The rollups' answer and the rows' are the same, of every measure by every dimension."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from leads.models import Campaign, Handoff, Lead, Reason, Stage
from reports.cells import _from_rollup, _from_rows, counts, counts_by_each
from reports.dimensions import DIMENSIONS
from reports.measures import ENTRIES, EXITS, MEASURES, REACH
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


SETTLED = [(ENTRIES, ()), (EXITS, ()), (REACH, (Stage.LEAD.position,))]


@pytest.mark.parametrize("day", ["2025-12-31", "2026-01-05", "2026-01-20", "2026-02-15", "2026-03-31"])
@pytest.mark.parametrize(("measure", "positions"), SETTLED, ids=lambda value: getattr(value, "name", ""))
def test_what_is_settled_was_on_an_earlier_day_what_its_rows_were(world, measure, positions, day):
    scope = Scope(SCOPE.period, date.fromisoformat(day))

    for by in BY:
        for by_day in (True, False):
            found = counts(measure, scope, by=by, by_day=by_day, positions=positions)
            rows = asked(_from_rows, measure, scope, by=by, by_day=by_day, positions=positions)
            assert sorted(found, key=repr) == rows, by
    each = counts_by_each(measure, scope, ["source", "country"], positions=positions)
    for key, found in each.items():
        assert sorted(found, key=repr) == asked(_from_rows, measure, scope, by=key, positions=positions)


@pytest.mark.parametrize(("measure", "positions"), SETTLED, ids=lambda value: getattr(value, "name", ""))
def test_what_is_settled_is_read_from_the_rollup_of_an_earlier_day(
    world, measure, positions, django_assert_num_queries
):
    with django_assert_num_queries(1) as asked_for:
        assert counts(measure, Scope(SCOPE.period, date(2026, 2, 15)), positions=positions)

    assert "reports_cell" in asked_for[0]["sql"]


def test_by_each_of_several_facts_counts_what_each_alone_does(world):
    of_webinars = SCOPE.only("source", "webinar")
    for measure in MEASURES:
        for scope in (SCOPE, of_webinars, Scope(SCOPE.period, date(2026, 2, 15))):
            found = counts_by_each(measure, scope, ["country", "team"], positions=[1])
            for key in ("country", "team"):
                alone = counts(measure, scope, by=key, positions=[1])
                assert sorted(found[key], key=repr) == sorted(alone, key=repr), (measure.name, key)
