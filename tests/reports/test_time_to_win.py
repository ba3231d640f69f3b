from __future__ import annotations

from datetime import date

import pytest

from leads.models import Stage
from reports.metrics.time_to_win import days_to_win, time_to_win
from reports.period import Period
from reports.scope import Scope

pytestmark = pytest.mark.django_db
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def won(start: Stage = Stage.LEAD, as_of: date = date(2026, 12, 31), period: Period = YEAR, **chosen: str):
    return time_to_win(Scope(period=period, as_of=as_of, chosen=chosen), start=start)


@pytest.fixture
def winners(a_lead, refresh) -> None:
    """Days from creation to customer: 0, 10, -2 (won before it came), 30 (through every stage), 365.

    The one of 30 days won again later, which counts for nothing; one is no customer, one won the year before.
    """
    a_lead("2026-03-01 08:00:00", {"customer": "2026-03-01 20:00:00"}, source="Fair")
    a_lead("2026-03-01", {"mql": "2026-03-04", "customer": "2026-03-11"})
    a_lead("2026-03-03", {"customer": "2026-03-01"})
    a_lead(
        "2026-03-01",
        [
            ("mql", "2026-03-02"), ("recycled", "2026-03-03"), ("mql", "2026-03-10"), ("sql", "2026-03-11"),
            ("opportunity", "2026-03-21"), ("customer", "2026-03-31"), ("opportunity", "2026-05-01"),
            ("customer", "2026-05-02"),
        ],
    )  # fmt: skip
    a_lead("2025-04-01", {"mql": "2026-03-31", "customer": "2026-04-01"})
    a_lead("2026-03-01", {"mql": "2026-03-02"})
    a_lead("2025-03-01", {"customer": "2025-03-02"})
    refresh()


def test_time_to_win_is_in_calendar_days_and_keeps_negative_ones(winners):
    found = won()

    # -2 0 10 30 365: p75 at 4 * 0.75 = 3; p90 at 3.6, so 30 + 0.6 * 335 = 231; the mean 403 / 5.
    spread = found.spread
    assert (spread.count, spread.median, spread.p75, spread.p90) == (5, 10, 30, 231)
    assert (spread.mean, spread.shortest, spread.longest) == (80.6, -2, 365)
    assert (found.negative, found.without) == (1, 0)


def test_time_to_win_from_a_stage_leaves_out_who_never_entered_it_and_says_so(winners):
    # From the first entry to MQL: 4 to 11 March, 2 to 31 March, 31 March to 1 April; two skipped it.
    from_mql = won(Stage.MQL)
    assert (from_mql.spread.count, from_mql.spread.median, from_mql.without) == (3, 7, 2)
    assert (from_mql.spread.shortest, from_mql.spread.longest) == (1, 29)
    # Opportunity on 21 March, customer on 31 March; what came after the first win is not looked at.
    assert (won(Stage.OPPORTUNITY).spread.median, won(Stage.OPPORTUNITY).without) == (10, 4)


def test_time_to_win_is_of_those_won_in_the_period_by_the_as_of_day(winners):
    assert won(as_of=date(2026, 3, 31)).spread.count == 4
    assert won(as_of=date(2026, 3, 30)).spread.count == 3
    assert won(period=Period(date(2026, 4, 1), date(2026, 5, 1))).spread.median == 365
    assert won(source="fair").spread.median == 0
    assert won(source="nothing").spread.median is None


def test_time_to_win_is_spread_over_classes_that_hold_everybody(winners):
    classes = {one.label: one.leads for one in won().classes}

    assert classes == {
        "Below 0": 1, "0 to 7": 1, "8 to 14": 1, "15 to 30": 1, "31 to 60": 0, "61 to 90": 0,
        "91 to 180": 0, "181 to 365": 1, "366 and more": 0,
    }  # fmt: skip


def test_days_to_win_has_a_row_for_each_customer(winners):
    rows = days_to_win(Scope(period=YEAR, as_of=date(2026, 12, 31)), start=Stage.SQL)

    assert sorted(str(days) for days in rows.values_list("days", flat=True)) == ["20", *["None"] * 4]


def test_time_to_win_counts_days_of_the_organisation_in_a_leap_year(a_lead, refresh, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    # In Berlin created on 28 February 2024 (23:30 UTC the day before), won on 1 March: two days, over 29 February.
    a_lead("2024-02-27 23:30:00", {"customer": "2024-02-29 23:30:00"})
    # Over the night of 30 to 31 March, of 23 hours: one day.
    a_lead("2024-03-30 12:00:00", {"customer": "2024-03-31 12:00:00"})
    refresh()

    found = won(period=Period(date(2024, 1, 1), date(2025, 1, 1)))

    assert (found.spread.shortest, found.spread.longest) == (1, 2)
