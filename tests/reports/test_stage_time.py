from __future__ import annotations

from datetime import date

import pytest

from leads.models import Stage
from reports.metrics.stage_time import PASSED, StageTime, time_in_stage
from reports.period import Period, today
from reports.scope import Scope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_november")]
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def times(as_of: date = date(2026, 6, 30), period: Period = YEAR, **chosen: str) -> dict[Stage, StageTime]:
    return {found.stage: found for found in time_in_stage(Scope(period=period, as_of=as_of, chosen=chosen))}


def test_time_in_stage_of_nobody_is_no_data(refresh):
    refresh()

    found = times()

    assert tuple(found) == PASSED
    assert all(one.finished.count == one.running.count == 0 for one in found.values())
    assert found[Stage.MQL].finished.median is found[Stage.MQL].survival.median is None


def test_time_in_stage_is_in_whole_hours_between_neighbours(a_lead, refresh):
    # Hours as MQL: 0 (the same second), 0 (59 minutes 59 seconds), 10, 25 (25 h 30), 100.
    a_lead("2026-03-01", {"mql": "2026-03-02", "sql": "2026-03-02"})
    a_lead("2026-03-01", {"mql": "2026-03-02", "sql": "2026-03-02 00:59:59"})
    a_lead("2026-03-01", {"mql": "2026-03-02", "recycled": "2026-03-02 10:00:00"})
    a_lead("2026-03-01", {"mql": "2026-03-02", "lead": "2026-03-03 01:30:00"})
    a_lead("2026-03-01", {"mql": "2026-03-02", "customer": "2026-03-06 04:00:00"})
    refresh()

    spread = times()[Stage.MQL].finished

    # 0 0 10 25 100: the median stands at 4 * 0.5 = 2; p75 at 3; p90 at 3.6, so 25 + 0.6 * 75.
    assert (spread.count, spread.median, spread.p75, spread.p90) == (5, 10, 25, 70)
    assert (spread.shortest, spread.longest, spread.mean) == (0, 100, 27)


def test_time_in_stage_counts_each_visit_of_a_lead_that_goes_back_and_forth(a_lead, refresh):
    # As MQL 24 h and 48 h; as lead 24 h before, and 24 h between.
    a_lead(
        "2026-01-01",
        [("mql", "2026-01-02"), ("lead", "2026-01-03"), ("mql", "2026-01-04"), ("sql", "2026-01-06")],
    )
    refresh()

    found = times()

    assert (found[Stage.MQL].finished.count, found[Stage.MQL].finished.median) == (2, 36)
    assert (found[Stage.LEAD].finished.count, found[Stage.LEAD].finished.mean) == (2, 24)
    # It still stands at SQL: since 6 January, 175 days before 30 June.
    assert (found[Stage.SQL].running.count, found[Stage.SQL].running.median) == (1, 175 * 24)
    assert found[Stage.OPPORTUNITY].finished.count == 0


def test_time_in_stage_as_of_a_day_in_the_middle_has_running_visits(a_lead, refresh):
    # As MQL from 2 March: over after 24 h, 96 h and 240 h; by the end of 6 March the last has run for 4 whole days.
    a_lead("2026-03-01", {"mql": "2026-03-02", "sql": "2026-03-03"})
    a_lead("2026-03-01", {"mql": "2026-03-02", "sql": "2026-03-06"})
    a_lead("2026-03-01", {"mql": "2026-03-02", "sql": "2026-03-12"})
    a_lead("2026-03-01", {"mql": "2026-03-07"})
    refresh()

    found = times(date(2026, 3, 6))[Stage.MQL]

    assert (found.finished.count, found.finished.median) == (2, 60)
    assert (found.running.count, found.running.median) == (1, 96)
    # Of three, one ends after 24 h: 2/3 last; of the two left, one after 96 h: 1/3. So the median is 96, not 60.
    assert found.survival.median == 96
    assert [round(share, 4) for _, share in found.survival.steps] == [0.6667, 0.3333]


def test_time_in_stage_takes_visits_that_began_in_the_period(a_lead, refresh):
    # Begun on 31 January 23:59:59 and on 1 February 00:00:00; the second is none of January's.
    a_lead("2026-01-30", {"mql": "2026-01-31 23:59:59", "sql": "2026-02-01 01:00:00"}, source="Fair")
    a_lead("2026-01-30", {"mql": "2026-02-01", "sql": "2026-02-02"})
    refresh()
    january = Period(date(2026, 1, 1), date(2026, 2, 1))

    assert times(period=january)[Stage.MQL].finished.median == 1
    assert times(period=january, source="")[Stage.MQL].finished.count == 0
    assert times(period=january, source="fair")[Stage.MQL].finished.count == 1


def test_time_in_stage_counts_hours_that_passed_in_a_night_of_the_clock(a_lead, refresh, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    # 28 to 29 March 2026, noon to noon in Berlin: 23 hours passed. 24 to 25 October: 25.
    a_lead("2026-03-01", {"mql": "2026-03-28 11:00:00", "sql": "2026-03-29 10:00:00"})
    a_lead("2026-10-01", {"mql": "2026-10-24 10:00:00", "sql": "2026-10-25 11:00:00"})
    # Running since 24 October, to the end of 25 October: a day at least.
    a_lead("2026-10-01", {"mql": "2026-10-24 10:00:00"})
    refresh()

    found = times(date(2026, 10, 25))[Stage.MQL]

    assert (found.finished.shortest, found.finished.longest) == (23, 25)
    assert found.running.median == 24


def test_time_in_stage_rounds_down_a_fraction_of_a_second(a_lead, refresh):
    # 24 hours less a microsecond.
    a_lead("2026-03-01", {"mql": "2026-03-02 00:00:00.000001", "sql": "2026-03-03"})
    refresh()

    assert times()[Stage.MQL].finished.median == 23


@pytest.mark.parametrize("as_of", [None, date(2026, 3, 2), date(2026, 3, 5)])
def test_running_visits_have_lasted_whole_days_since_their_day(a_lead, refresh, as_of):
    a_lead("2026-03-01", {"mql": "2026-03-02 23:59:59"})
    a_lead("2026-03-01", {"mql": "2026-03-05"})
    refresh()
    as_of = as_of or today()

    running = times(as_of)[Stage.MQL].running

    assert (running.longest, running.count) == ((as_of - date(2026, 3, 2)).days * 24, 1 + (as_of.day >= 5))
