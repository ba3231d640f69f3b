from __future__ import annotations

from datetime import date

import pytest

from leads.models import Stage
from reports.metrics.cohorts import MOST_MONTHS, cohorts
from reports.period import Period, today
from reports.scope import Scope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_november")]
SPRING = Period(date(2026, 1, 1), date(2026, 4, 1))


def found(goal: Stage = Stage.SQL, as_of: date | None = None, period: Period = SPRING, **chosen: str):
    return cohorts(Scope(period=period, as_of=as_of or today(), chosen=chosen), goal=goal)


@pytest.fixture
def months(a_lead, refresh) -> None:
    """Created in January: four (SQL in January, on 28 February, in April by skipping, never), in March: two.

    One of March won before it was created; one lead of December counts for none of these months.
    """
    a_lead("2026-01-31 23:59:59", {"mql": "2026-01-31 23:59:59", "sql": "2026-01-31 23:59:59"}, source="Fair")
    a_lead("2026-01-01", {"mql": "2026-01-02", "sql": "2026-02-28 23:59:59"})
    a_lead("2026-01-10", {"customer": "2026-04-01"})
    a_lead("2026-01-10", [("mql", "2026-01-12"), ("disqualified", "2026-01-13")])
    a_lead("2026-03-05", {"sql": "2026-02-20"})
    a_lead("2026-03-05")
    a_lead("2025-12-31 23:59:59", {"sql": "2026-01-01"})
    refresh()


def shape(report) -> list[tuple]:
    return [
        (cohort.month.start.month, cohort.leads, [month.reached for month in cohort.months])
        for cohort in report.cohorts
    ]


@pytest.mark.parametrize("is_today", [True, False])
def test_cohorts_add_up_month_by_month(months, is_today):
    as_of = today() if is_today else date(2026, 5, 31)
    shown = min((as_of.year - 2026) * 12 + as_of.month - 1, MOST_MONTHS)

    assert shape(found(as_of=as_of)) == [
        (1, 4, [1, 2, 2, *[3] * (shown - 2)]),
        (2, 0, [0] * shown),
        (3, 2, [1] * (shown - 1)),
    ]
    assert shape(found(Stage.CUSTOMER, as_of=as_of))[0][2] == [0, 0, 0, *[1] * (shown - 2)]


def test_cohorts_as_of_a_day_in_the_middle_end_with_a_month_that_is_not_over(months):
    report = found(as_of=date(2026, 2, 27))

    # January alone is whole and over. On 27 February its second lead was no SQL yet.
    assert shape(report) == [(1, 4, [1, 1])]
    assert [month.is_over for month in report.cohorts[0].months] == [True, False]
    assert report.left_out == 28 + 31
    # On 28 February that month was over.
    assert shape(found(as_of=date(2026, 2, 28))) == [(1, 4, [1, 2]), (2, 0, [0])]


def test_cohorts_are_whole_months_only(months):
    assert shape(found(period=Period(date(2026, 1, 2), date(2026, 3, 31)), as_of=date(2026, 3, 31))) == [
        (2, 0, [0, 0])
    ]
    assert found(period=Period(date(2026, 1, 2), date(2026, 1, 31))).cohorts == ()


def test_cohorts_of_a_choice_are_of_its_leads(months):
    assert shape(found(as_of=date(2026, 3, 31), source="fair"))[0] == (1, 1, [1, 1, 1])
    assert shape(found(as_of=date(2026, 3, 31), source="nothing"))[0] == (1, 0, [0, 0, 0])


def test_cohorts_are_immature_while_younger_than_nine_of_ten_conversions(a_lead, refresh):
    # Twenty became MQLs 40 days after their creation on 1 January: p90 is 40 days.
    for _ in range(20):
        a_lead("2026-01-01", {"mql": "2026-02-10"})
    refresh()

    # As of 12 March January's last day is 40 days old: not younger. As of 11 March it is.
    assert [one.is_immature for one in found(Stage.MQL, date(2026, 3, 12)).cohorts] == [False, True]
    assert [one.is_immature for one in found(Stage.MQL, date(2026, 3, 11)).cohorts] == [True, True]
    # Of customers there are none, so nothing says how long it takes.
    assert [one.is_immature for one in found(Stage.CUSTOMER, date(2026, 3, 11)).cohorts] == [False, False]


def test_a_long_past_is_shown_for_a_year_and_counted_in_all(a_lead, refresh):
    a_lead("2024-02-29", {"customer": "2026-02-28"})
    refresh()

    cohort = found(Stage.CUSTOMER, date(2026, 2, 28), Period(date(2024, 2, 1), date(2024, 3, 1))).cohorts[0]

    assert (cohort.leads, cohort.reached, len(cohort.months)) == (1, 1, 13)
    assert cohort.months[-1].reached == 0
