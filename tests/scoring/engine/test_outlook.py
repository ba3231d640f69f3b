"""What becomes of a score by time alone: against explaining every single day, and by hand at the boundaries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from leads.models.fields import day_number
from scoring.engine import outlook as engine
from scoring.engine.explainer import explain
from scoring.engine.history import ActivityFacts, LeadFacts
from scoring.engine.loading import load_leads
from scoring.engine.outlook import HORIZON_DAYS, SHOWN, Outlook
from scoring.engine.result import ScoreResult
from scoring.rulebook.document import read_form
from scoring.rulebook.form import Form
from scoring.rulebook.rows import vocabulary
from tests.scoring.conftest import activity, document
from tests.scoring.engine.test_agreement import world_of
from tests.scoring.engine.worlds import DAY as WORLD_DAY
from tests.scoring.engine.worlds import LEADS, rulebooks

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 10)


def form_of(*rules: dict[str, Any], **mql: Any) -> Form:
    return read_form(document(*rules, **mql), vocabulary())


def outlook(form: Form, lead: LeadFacts, day: date) -> Outlook:
    return engine.outlook(form, lead, explain(form, lead, day))


def seen(age: int, type_: str = "page_view") -> ActivityFacts:
    day = day_number(DAY) - age
    at = datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
    return ActivityFacts(
        pk=10_000 - age, type=type_, occurred_at=at, day=day, asset_id=1, asset="x", facts={}
    )


def lead_with(*activities: ActivityFacts, created_age: int = 0) -> LeadFacts:
    return LeadFacts(1, day_number(DAY) - created_age, {}, activities)


def days_of(found: Outlook) -> list[tuple[int, int]]:
    return [((step.day - DAY).days, step.score.total) for step in found.steps]


@given(rulebook=rulebooks(), lead=LEADS)
def test_outlook_is_that_of_explaining_every_day(rulebook: dict[str, Any], lead: dict[str, Any]) -> None:
    with world_of(rulebook, [lead], "UTC") as world:
        (facts,) = load_leads(world.form, world.lead_ids)

        found = outlook(world.form, facts, WORLD_DAY)

        days = [WORLD_DAY + timedelta(days=ahead) for ahead in range(HORIZON_DAYS + 1)]
        scores = {day: explain(world.form, facts, day).score for day in days}
        last = found.looked_to or days[-1]
        changes = [
            (day, scores[day])
            for before, day in zip(days, days[1:], strict=False)
            if scores[day] != scores[before]
        ]
        steps = [(step.day, step.score) for step in found.steps]
        assert [step for step in steps if step[0] <= last] == [c for c in changes if c[0] <= last][:SHOWN]
        threshold = world.form.mql.threshold

        def first(is_so: bool, test: Any) -> date | None:
            return next((day for day, score in scores.items() if is_so and test(score)), None)

        now = scores[WORLD_DAY]
        expected = {
            "below_threshold": first(now.total >= threshold, lambda score: score.total < threshold),
            "stops_qualifying": first(now.qualified, lambda score: not score.qualified),
            "leaves_line": first(now.holds_line, lambda score: not score.holds_line),
            "starts_qualifying": first(not now.qualified, lambda score: score.qualified),
        }
        for name, day in expected.items():
            step = getattr(found, name)
            if day is not None or step is None:
                assert (step and step.day) == day, name
            else:  # beyond what was explained day by day, which happens only where all was found before the end
                assert step.day > days[-1]


def test_window_closes_on_the_day_after_its_last() -> None:
    """A window of 30 days holds ages 0 to 29: a view 10 days old is worth 20 for 19 days more, and falls on day 20."""
    found = outlook(form_of(activity("page_view", 20, window_days=30)), lead_with(seen(10)), DAY)

    assert found.today.score.qualified
    assert found.stops_qualifying is not None and found.below_threshold is not None
    assert (found.stops_qualifying.day - DAY).days == 20
    assert days_of(found) == [(20, 0)]
    assert found.looked_to is None  # nothing can change after that


def test_line_is_left_later_than_the_threshold_by_the_margin() -> None:
    """20 points, linear 25 % in 30 days, threshold 20, margin 5: 20, 15 (day 30: holds the line), 10 (day 60)."""
    decay = {"kind": "linear", "percent": 25, "days": 30}
    found = outlook(form_of(activity("page_view", 20, decay=decay), demote_margin=5), lead_with(seen(0)), DAY)

    assert found.stops_qualifying is not None and found.leaves_line is not None
    assert (found.stops_qualifying.day - DAY).days == 30
    assert (found.leaves_line.day - DAY).days == 60
    assert days_of(found) == [(30, 15), (60, 10), (90, 5), (120, 0)]


def test_lead_rises_when_what_counted_against_it_falls_out_of_its_window() -> None:
    """20 for a demo request for ever, −10 for an unsubscribe in the last 90 days, 80 days ago: 20 again on day 10."""
    form = form_of(activity("demo_request", 20), activity("unsubscribe", -10, window_days=90))

    found = outlook(form, lead_with(seen(200, "demo_request"), seen(80, "unsubscribe")), DAY)

    assert found.stops_qualifying is None
    assert found.starts_qualifying is not None
    assert (found.starts_qualifying.day - DAY).days == 10


def test_silence_takes_the_lead_below_and_stops_at_its_cap() -> None:
    """25 for a demo request, −3 every 10 days of silence, at most −6: 22 on day 10, 19 on day 20, then no more."""
    silence = {"kind": "silence", "group": "what", "points": -3, "every_days": 10, "repeats": True}
    form = form_of(activity("demo_request", 25), {**silence, "max_points": 6})

    found = outlook(form, lead_with(seen(0, "demo_request"), created_age=50), DAY)

    assert days_of(found) == [(10, 22), (20, 19)]
    assert found.below_threshold is not None and (found.below_threshold.day - DAY).days == 20
    assert found.looked_to is None


def test_fast_tracked_lead_falls_below_the_threshold_and_still_qualifies() -> None:
    form = form_of(
        activity("demo_request", 5, fast_track=True), activity("page_view", 20, window_days=7), threshold=20
    )

    found = outlook(form, lead_with(seen(0, "demo_request"), seen(0)), DAY)

    assert found.below_threshold is not None and (found.below_threshold.day - DAY).days == 7
    assert (found.stops_qualifying, found.leaves_line) == (None, None)


def test_activity_of_a_day_that_has_not_come_counts_from_then() -> None:
    found = outlook(form_of(activity("page_view", 20)), lead_with(seen(-3)), DAY)

    assert not found.today.score.qualified
    assert found.starts_qualifying is not None and (found.starts_qualifying.day - DAY).days == 3


def test_endless_silence_is_looked_at_for_two_years() -> None:
    silence = {"kind": "silence", "group": "what", "points": -1, "every_days": 1, "repeats": True}
    found = outlook(form_of(silence, threshold=-100_000), lead_with(), DAY)

    assert found.stops_qualifying is None
    assert found.looked_to == DAY + timedelta(days=HORIZON_DAYS)


def test_work_is_bounded_where_much_could_change_every_day() -> None:
    decay = {"kind": "linear", "percent": 1, "days": 1}
    rules = [activity("page_view", 10, decay=decay) for _ in range(300)]

    found = outlook(form_of(*rules, threshold=-1), lead_with(*(seen(age) for age in range(90))), DAY)

    assert found.stops_qualifying is None
    assert found.looked_to is not None and DAY < found.looked_to < DAY + timedelta(days=HORIZON_DAYS)
    assert isinstance(found.steps[0].score, ScoreResult)
