from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from leads.intake.dates import DateEvidence, DateOrder, UnreadableDate, parse_instant
from leads.intake.errors import FileRefused

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2018-02-01", None, "2018-02-01T00:00:00+01:00"),
        ("2018-01-17 13:51:03", None, "2018-01-17T13:51:03+01:00"),
        ("2018-07-17 13:51", None, "2018-07-17T13:51:00+02:00"),
        ("2018-01-17T13:51:03Z", None, "2018-01-17T13:51:03+00:00"),
        ("2018-01-17T13:51:03.250+0530", None, "2018-01-17T13:51:03.250000+05:30"),
        ("2018-01-17 13:51:03 UTC", None, "2018-01-17T13:51:03+00:00"),
        ("2018/2/1", None, "2018-02-01T00:00:00+01:00"),
        ("20180201", None, "2018-02-01T00:00:00+01:00"),
        ("01-02-2018", "dmy", "2018-02-01T00:00:00+01:00"),
        ("01-02-2018", "mdy", "2018-01-02T00:00:00+01:00"),
        ("1.2.18 9:05", "dmy", "2018-02-01T09:05:00+01:00"),
        ("8/9/14 19:00", "mdy", "2014-08-09T19:00:00+02:00"),
        ("8/9/14 7:00 PM", "mdy", "2014-08-09T19:00:00+02:00"),
        ("8/9/14 12:00 am", "mdy", "2014-08-09T00:00:00+02:00"),
        ("18/02/01", "ymd", "2018-02-01T00:00:00+01:00"),
        ("05/05/2018", None, "2018-05-05T00:00:00+02:00"),
        ("01/02/70", "dmy", "1970-02-01T00:00:00+01:00"),
        ("Feb 1, 2018 12:30 PM", None, "2018-02-01T12:30:00+01:00"),
        ("1 February 2018", None, "2018-02-01T00:00:00+01:00"),
        ("Thu, 1 Feb 2018 10:00:00 +0000", None, "2018-02-01T10:00:00+00:00"),
    ],
)
def test_parse_instant_reads_what_people_and_programs_write(
    text: str, order: str | None, expected: str
) -> None:
    instant = parse_instant(text, order=DateOrder(order) if order else None, zone=BERLIN)

    assert instant == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "order", "why"),
    [
        ("2018-02-30", None, "a date that does not exist"),
        ("30-02-2018", "dmy", "a date that does not exist, read day first"),
        ("25/12/2018", "mdy", "a date that does not exist, read month first"),
        ("2018-13-01", None, "does not exist"),
        ("2018-01-01 25:00", None, "a time that does not exist"),
        ("2018-01-01 noonish", None, "a time that cannot be read"),
        ("yesterday", None, "is not a date; write it as YYYY-MM-DD"),
        ("1.2", None, "is not a date"),
        ("01-02-2018", None, "can be read day first and month first"),
    ],
)
def test_parse_instant_says_why_a_text_is_no_date(text: str, order: str | None, why: str) -> None:
    with pytest.raises(UnreadableDate, match=why):
        parse_instant(text, order=DateOrder(order) if order else None, zone=UTC)


def evidence(*cells: str) -> DateEvidence:
    found = DateEvidence()
    found.look_at(column="created", lines=range(2, 2 + len(cells)), cells=cells)
    return found


def test_one_date_that_allows_only_one_order_settles_it_for_the_file() -> None:
    settled = evidence("01-02-2018", "05-05-2018", "20-10-2017 10:00", "").settle(None)

    assert settled.order is DateOrder.DMY
    assert settled.reason is not None
    assert "line 4 (“20-10-2017 10:00” in created)" in settled.reason


def test_dates_that_begin_with_the_year_need_no_order() -> None:
    assert evidence("2018-01-02", "2018-03-04").settle(None).order is None


def test_a_file_in_which_every_date_allows_both_orders_is_refused() -> None:
    with pytest.raises(FileRefused, match=r"line 2 \(“01-02-2018” in created\).*--date-order"):
        evidence("01-02-2018", "2018-05-06").settle(None)


def test_a_file_whose_dates_contradict_each_other_is_refused_with_both_lines() -> None:
    with pytest.raises(FileRefused, match=r"line 3 .*day first.*line 2 .*month first"):
        evidence("02/25/2018", "25/02/2018").settle(None)


def test_a_given_order_settles_an_open_file() -> None:
    assert evidence("01-02-2018").settle(DateOrder.MDY).order is DateOrder.MDY


def test_dates_that_exist_in_no_order_settle_nothing() -> None:
    assert evidence("31/02/2018", "99/99/2018", "no date").settle(None).order is None
