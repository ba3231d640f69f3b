"""One nightly run a local date, whatever the clock, the hour and the beats do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from leads.models import Organisation
from scoring.models import ScoringRun
from scoring.nights import next_night
from scoring.runs import request_nightly_if_due
from scoring.steering import cancel, set_nightly_hour
from tests.factories import UserFactory
from tests.scoring.conftest import Publish, german

# (zone, a day on which its clocks change): forward over 02:00, over midnight, by half an hour; then back.
CLOCK_CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("America/Los_Angeles", date(2026, 11, 1)),
]


@pytest.mark.parametrize("hour", [0, 1, 2, 23])
@pytest.mark.parametrize(("zone", "day"), CLOCK_CHANGES)
def test_each_date_gets_one_run_at_the_instant_foretold(
    zone: str, day: date, hour: int, publish_rules: Publish, settings: Any
) -> None:
    settings.TIME_ZONE = zone
    publish_rules(german(5))
    set_nightly_hour(hour=hour)
    noon_before = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(days=1)
    foretold, made = next_night(at=noon_before), []

    for minute in range(0, 3 * 24 * 60, 15):
        at = noon_before + timedelta(minutes=minute)
        if run := request_nightly_if_due(at=at):
            made.append((run.day, at))
            assert at == max(foretold, noon_before)
            foretold = next_night(at=at)

    days = [run_day for run_day, _ in made]
    assert len(days) == len(set(days))
    assert {day, day + timedelta(days=1)} <= set(days)


@pytest.mark.parametrize("hour", [0, 1, 5, 23])
def test_hour_edited_after_tonights_run_makes_no_second_one(hour: int, publish_rules: Publish) -> None:
    publish_rules(german(5))
    set_nightly_hour(hour=2)
    assert request_nightly_if_due(at=datetime(2026, 3, 10, 2, tzinfo=UTC))

    set_nightly_hour(hour=hour)

    for later in range(3, 24):
        assert request_nightly_if_due(at=datetime(2026, 3, 10, later, 30, tzinfo=UTC)) is None
    expected = datetime(2026, 3, 11, hour, tzinfo=UTC)
    assert next_night(at=datetime(2026, 3, 10, 23, tzinfo=UTC)) == expected
    assert request_nightly_if_due(at=expected - timedelta(seconds=1)) is None
    assert request_nightly_if_due(at=expected) is not None


def test_hour_moved_past_before_tonights_run_lets_it_begin_at_once(publish_rules: Publish) -> None:
    publish_rules(german(5))
    set_nightly_hour(hour=22)
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert request_nightly_if_due(at=now) is None

    set_nightly_hour(hour=3)

    assert next_night(at=now) < now
    assert request_nightly_if_due(at=now) is not None


@pytest.mark.parametrize("state", ["done", "failed", "superseded", "cancelled"])
def test_run_that_ended_in_any_way_is_not_made_again_on_its_date(state: str, publish_rules: Publish) -> None:
    publish_rules(german(5))
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    run = request_nightly_if_due(at=now)
    assert run is not None
    if state == "cancelled":
        cancel(run=run, by=UserFactory(), at=now)
    else:
        ScoringRun.objects.filter(pk=run.pk).update(state=state, ended_at=now)

    assert request_nightly_if_due(at=now + timedelta(hours=1)) is None
    assert ScoringRun.objects.filter(kind="nightly").count() == 1


def test_hour_is_kept(db: None) -> None:
    set_nightly_hour(hour=23)

    assert Organisation.current().nightly_hour == 23
