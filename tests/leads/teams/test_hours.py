from __future__ import annotations

from datetime import time

import pytest

from leads.models import WorkingHours
from leads.teams.hours import HoursRefused, hours_text, parse_hours

MONDAY = WorkingHours.Weekday.MONDAY


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        (" , ", ""),
        ("9-17", "9:00-17:00"),
        ("13:30 – 17.15; 09:00 to 12:30", "9:00-12:30, 13:30-17:15"),
        ("0:00-24:00", "0:00-23:59"),
        ("8-12, 12-16", "8:00-12:00, 12:00-16:00"),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, written: str) -> None:
    assert hours_text(parse_hours(text, weekday=MONDAY)) == written


def test_a_range_has_both_its_ends() -> None:
    assert parse_hours("9-17:30", weekday=MONDAY) == [(time(9), time(17, 30))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nine to five", "Monday: “nine to five” is no range"),
        ("9:00-12:00-13:00", "is no range"),
        ("17-9", "17-9 ends before it begins"),
        ("9-9", "ends before it begins"),
        ("9-25", "25:00 is no time of day"),
        ("9:70-10", "9:70 is no time of day"),
        ("9-13, 12-15", "12:00-15:00 overlaps"),
        ("1-2,3-4,5-6,7-8,9-10,11-12,13-14", "at most 6 ranges, not 7"),
        ("९-१७", "is no range"),
    ],
)
def test_what_are_no_hours_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(HoursRefused, match=words):
        parse_hours(text, weekday=MONDAY)
