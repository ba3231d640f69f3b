from __future__ import annotations

from datetime import date

import pytest

from leads.models import Stage
from reports.metrics.flow import balance_before, balances, transitions
from reports.period import Period
from reports.scope import Scope

JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
LATER = date(2026, 12, 31)


@pytest.fixture
def moving(eight_leads, refresh):
    """The leads of `eight_leads`."""
    refresh()


def scope(period: Period = JANUARY, as_of: date = LATER, **chosen: str) -> Scope:
    return Scope(period, as_of, chosen=chosen)


def some(found) -> dict[str, int]:
    return {stage.value: number for stage, number in found.items() if number}


def at(day: date, **asked) -> dict[str, int]:
    """The balance at the end of a day."""
    return some(balances(scope(Period.of_days(day, day), **asked))[-1].balance)


def test_balance_at_a_days_end_is_all_that_entered_less_all_that_left(moving):
    # 31 December: h alone. 9 January: a sql, b recycled, c customer, d e lead, g mql, h sql (f is of the 31st).
    assert at(date(2025, 12, 19)) == {}
    assert at(date(2025, 12, 31)) == {"lead": 1}
    assert at(date(2026, 1, 9)) == {"lead": 2, "mql": 1, "sql": 2, "customer": 1, "recycled": 1}
    # 31 January: a opportunity, b recycled, c customer, d and f mql, e lead, g disqualified, h sql.
    end = {"opportunity": 1, "recycled": 1, "customer": 1, "mql": 2, "lead": 1, "disqualified": 1, "sql": 1}
    assert at(date(2026, 1, 31)) == end
    assert some(balances(scope())[-1].balance) == end
    assert some(balance_before(scope(), date(2026, 2, 1))) == end


def test_what_comes_and_goes_in_a_day(moving):
    # On 9 January c became a customer and g an MQL: both left `lead`. On the 8th g came in, and b was recycled.
    days = {moment.days.start.day: moment for moment in balances(scope())}

    assert len(days) == 31
    assert (some(days[9].entries), some(days[9].exits)) == ({"customer": 1, "mql": 1}, {"lead": 2})
    assert (some(days[8].entries), some(days[8].exits)) == ({"lead": 1, "recycled": 1}, {"mql": 1})
    # In and out on one day, f within its last second: it is there at the day's end.
    assert some(days[31].entries) == {"lead": 1, "mql": 1}
    assert some(days[31].exits) == {"lead": 1}
    assert days[12].entries == dict.fromkeys(Stage, 0)


def test_transitions_from_where_to_where(moving):
    # lead to mql: a b d f g h; lead to customer: c. mql: to sql a h, recycled b, disqualified g. sql to opportunity: a.
    assert transitions(scope()) == {
        (Stage.LEAD, Stage.MQL): 6,
        (Stage.LEAD, Stage.CUSTOMER): 1,
        (Stage.MQL, Stage.SQL): 2,
        (Stage.MQL, Stage.RECYCLED): 1,
        (Stage.MQL, Stage.DISQUALIFIED): 1,
        (Stage.SQL, Stage.OPPORTUNITY): 1,
    }
    # February: f withdrawn on the 1st, b came back, a won.
    assert transitions(scope(Period(date(2026, 2, 1), date(2026, 3, 1)))) == {
        (Stage.MQL, Stage.LEAD): 1,
        (Stage.RECYCLED, Stage.MQL): 1,
        (Stage.MQL, Stage.SQL): 1,
        (Stage.OPPORTUNITY, Stage.CUSTOMER): 1,
    }


def test_a_lead_that_passes_through_within_a_day_is_in_and_out(a_lead, refresh):
    # The same instant: the place in the funnel decides.
    a_lead("2026-01-05", [("mql", "2026-01-05"), ("sql", "2026-01-05"), ("recycled", "2026-01-05 12:00:00")])
    refresh()

    day = balances(scope(Period.of_days(date(2026, 1, 5), date(2026, 1, 5))))[0]

    assert some(day.entries) == {"lead": 1, "mql": 1, "sql": 1, "recycled": 1}
    assert some(day.exits) == {"lead": 1, "mql": 1, "sql": 1}
    assert some(day.balance) == {"recycled": 1}


def test_as_of_a_day_knows_nothing_later(moving):
    early = balances(scope(as_of=date(2026, 1, 9)))

    assert early[-1].days == Period.of_days(date(2026, 1, 9), date(2026, 1, 9))
    assert some(early[-1].balance) == at(date(2026, 1, 9))
    # By then a and h were MQLs, and h had been accepted.
    assert transitions(scope(as_of=date(2026, 1, 5))) == {
        (Stage.LEAD, Stage.MQL): 2,
        (Stage.MQL, Stage.SQL): 1,
    }
    assert balances(scope(as_of=date(2025, 12, 31))) == []


def test_long_periods_go_by_weeks_to_sunday(moving):
    # 121 days from Thursday 1 January to 1 May: the first week ends on Sunday the 4th, the last on Friday 1 May.
    found = balances(scope(Period(date(2026, 1, 1), date(2026, 5, 2))))

    assert (found[0].days.last_day, found[1].days.last_day) == (date(2026, 1, 4), date(2026, 1, 11))
    assert found[-1].days == Period(date(2026, 4, 27), date(2026, 5, 2))
    assert len(found) == 18
    assert some(found[1].balance) == at(date(2026, 1, 11))
    # 120 days still go by days.
    assert len(balances(scope(Period(date(2026, 1, 1), date(2026, 5, 1))))) == 120


def test_leap_day_is_a_day(a_lead, refresh):
    a_lead("2024-02-28", {"mql": "2024-02-29 23:59:59", "sql": "2024-03-01"})
    refresh()

    found = balances(scope(Period(date(2024, 2, 28), date(2024, 3, 2))))

    assert [some(moment.balance) for moment in found] == [{"lead": 1}, {"mql": 1}, {"sql": 1}]


def test_a_day_of_a_clock_change_ends_at_its_own_midnight(a_lead, refresh, settings):
    # In Berlin 29 March has 23 hours: from 23:00 UTC of the 28th to 22:00.
    settings.TIME_ZONE = "Europe/Berlin"
    a_lead("2026-03-28 23:00:00", {"mql": "2026-03-29 21:59:59", "sql": "2026-03-29 22:00:00"})
    refresh()

    assert at(date(2026, 3, 28)) == {}
    assert at(date(2026, 3, 29)) == {"mql": 1}
    assert at(date(2026, 3, 30)) == {"sql": 1}


def test_filters_are_respected(moving):
    # Webinar on 9 January: a sql, b recycled, g mql. Not recorded: c. "unknown" is a source: d e.
    assert at(date(2026, 1, 9), source="webinar") == {"sql": 1, "recycled": 1, "mql": 1}
    assert at(date(2026, 1, 9), source="") == {"customer": 1}
    assert at(date(2026, 1, 9), source="unknown") == {"lead": 2}
    assert at(date(2026, 1, 9), source="nowhere") == {}


def test_nobody_stands_nowhere(refresh):
    refresh()

    assert at(date(2026, 1, 9)) == {}
    assert transitions(scope()) == {}
