from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from leads.templatetags import ui

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=0), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=59), "59 days"),
        (timedelta(days=60), "2 months"),
        (timedelta(days=730), "2 years"),
    ],
)
def test_duration_words_round_down_to_the_largest_unit(span, words):
    assert ui.duration_words(span) == words


def test_ago_looks_both_ways_and_carries_the_exact_instant():
    assert ">3 h ago</time>" in ui.ago(NOW - timedelta(hours=3))
    assert ">in 3 h</time>" in ui.ago(NOW + timedelta(hours=3))
    assert 'title="Mon 02 Mar 2026, 07:00 UTC"' in ui.ago(NOW - timedelta(hours=3))
    assert ui.ago(None) == "–"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 3, 2), "today"),
        (date(2026, 3, 1), "yesterday"),
        (date(2026, 2, 25), "5 days ago"),
        (date(2026, 3, 9), "09 Mar 2026"),
        (None, "–"),
    ],
)
def test_days_ago_names_the_day(day, words):
    assert ui.days_ago(day) == words


@pytest.mark.parametrize(("points", "text"), [(20, "+20"), (-10, "−10"), (0, "0")])
def test_signed_points(points, text):
    assert ui.signed(points) == text


@pytest.mark.parametrize(("value", "shown"), [(None, "–"), ("", "–"), (0, 0), (False, False), ("x", "x")])
def test_unknown_is_a_dash_and_zero_is_not(value, shown):
    assert ui.or_dash(value) == shown


@pytest.mark.parametrize(
    ("name", "letters"), [("Anna Schmidt", "AS"), ("Anna von der Heide", "AH"), ("anna", "A"), ("", "")]
)
def test_initials(name, letters):
    assert ui.initials(name) == letters


def test_badges_say_in_words_what_they_colour():
    assert ui.stage_badge("mql") == '<span class="lf-stage lf-stage--mql">MQL</span>'
    assert ui.grade_badge("A1") == '<span class="lf-grade lf-grade--a">A1</span>'
    assert "–" in ui.grade_badge("")


def test_weekday_time_is_for_what_lies_within_days():
    assert ui.weekday_time(NOW) == "Mon 10:00"
