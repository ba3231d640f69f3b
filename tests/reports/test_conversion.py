from __future__ import annotations

from datetime import date

import pytest

from leads.models import Stage
from leads.models.stage import SUCCESS_PATH
from reports.metrics.conversion import Conversion, conversion, conversion_by, immature_goals, mql_trend
from reports.metrics.funnel import MqlRate, WindowedRate
from reports.metrics.maturity import Maturity, maturity_of_mqls, maturity_of_reaching, maturity_of_winning
from reports.period import Period, today
from reports.scope import Scope

pytestmark = pytest.mark.django_db
JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
UNJUDGED = Maturity(None, 0, date(2026, 12, 31))


def scope(as_of: date | None = None, period: Period = JANUARY, **chosen: str) -> Scope:
    return Scope(period=period, as_of=as_of or today(), chosen=chosen)


# Of eight_leads (conftest): MQL visits begun in January are those of a (accepted), b (rejected; it came back in
# February), d (waiting), f (withdrawn), g (rejected, its acceptance undone) and h (accepted, created in December).
# Today is answered by the rollups, 30 June row by row.
@pytest.mark.parametrize("as_of", [None, date(2026, 6, 30)])
def test_conversion_counts_what_became_of_mql_visits(eight_leads, refresh, as_of):
    refresh()

    found = conversion(scope(as_of), within=30)

    assert found.rate == MqlRate(accepted=2, rejected=2, withdrawn=1, waiting=1)
    # Created in January: a, b, c, d, e, f, g. At MQL or further a, b, c, d, f, g; at SQL a, b, c; further a and c.
    assert [step.leads for step in found.cohort.steps] == [7, 6, 3, 2, 2]
    assert found.step(Stage.LEAD) == (6, 7)
    assert found.step(Stage.OPPORTUNITY) == (2, 2)


@pytest.mark.parametrize("as_of", [None, date(2026, 6, 30)])
def test_conversion_by_source_keeps_blank_apart_from_unknown(eight_leads, refresh, as_of):
    refresh()

    found = conversion_by(scope(as_of), by="source", within=30, maturity=UNJUDGED)

    assert {value: (line.rate.accepted, line.rate.visits) for value, line in found.items()} == {
        "webinar": (1, 4),
        "unknown": (0, 1),
        "event": (1, 1),
        "": (0, 0),
    }
    assert found[""].cohort.steps[-1].leads == 1
    assert found["event"].cohort.steps[0].leads == 0


def test_conversion_as_of_a_day_in_the_middle_knows_nothing_later(eight_leads, refresh):
    refresh()

    # By 31 Jan f still waits (withdrawn on 1 Feb); by 5 Jan, of those begun, a waits and h is accepted.
    assert conversion(scope(date(2026, 1, 31)), within=30).rate == MqlRate(
        accepted=2, rejected=2, withdrawn=0, waiting=2
    )
    assert conversion(scope(date(2026, 1, 5)), within=30).rate == MqlRate(accepted=1, waiting=1)


def test_conversion_within_a_window_counts_only_who_had_the_time(eight_leads, refresh):
    refresh()

    # Begun by 27 Jan, seven days before 3 Feb: a, b, g, h, of whom a and h were accepted within a day.
    assert conversion(scope(date(2026, 2, 3)), within=7).windowed == WindowedRate(2, 4)
    assert conversion(scope(date(2026, 1, 7)), within=7).windowed == WindowedRate()


def test_conversion_of_nobody_has_no_rate(refresh):
    refresh()

    assert conversion(scope(), within=30) == Conversion()
    assert Conversion().rate.of_visits is None
    assert Conversion().is_immature is False


def test_trend_puts_each_visit_into_the_week_in_which_it_began(eight_leads, refresh):
    refresh()

    points = mql_trend(scope(date(2026, 2, 8)), within=14, maturity=Maturity(10.0, 20, date(2026, 2, 8)))

    # Weeks begin on 29 Dec (in part), 5, 12, 19 and 26 Jan (in part: to Saturday 31).
    assert [(point.slice.label, point.rate.accepted, point.rate.visits) for point in points] == [
        ("1 Jan 2026", 1, 1),  # h
        ("5 Jan 2026", 1, 3),  # a, b, g
        ("12 Jan 2026", 0, 0),
        ("19 Jan 2026", 0, 0),
        ("26 Jan 2026", 0, 2),  # d, f
    ]
    # 14 days before 8 Feb is 25 Jan: the last week has not had them. Its 31 Jan is 8 days old, less than 10.
    assert [point.windowed is not None for point in points] == [True, True, True, True, False]
    assert [point.is_immature for point in points] == [False, False, False, False, True]


# --- Which cohorts are too young -------------------------------------------------------------------------------


def test_maturity_leaves_out_days_that_are_younger():
    maturity = Maturity(days=2.5, of=20, as_of=date(2026, 1, 10))

    # 0, 1 and 2 days old are younger than 2.5 days; 3 days old is not.
    assert maturity.young_from == date(2026, 1, 8)
    assert maturity.is_young(date(2026, 1, 8)) is True
    assert maturity.is_young(date(2026, 1, 7)) is False


def test_maturity_of_exactly_whole_days_has_no_half():
    maturity = Maturity(days=2.0, of=20, as_of=date(2026, 1, 10))

    assert (maturity.young_from, maturity.is_young(date(2026, 1, 8))) == (date(2026, 1, 9), False)


def test_a_rate_is_immature_when_more_than_a_tenth_is_young():
    rate = MqlRate(accepted=10)

    assert Conversion(rate=rate, young=1).is_immature is False
    assert Conversion(rate=rate, young=2).is_immature is True


def test_maturity_of_mqls_is_the_p90_of_twenty_acceptances_at_least(a_lead, refresh):
    # Accepted after 1, 2, ... 20 hours: p90 stands at 19 * 0.9 = 17.1, between 18 and 19 hours: 18.1.
    for hours in range(1, 21):
        a_lead("2026-01-01", {"mql": "2026-01-02", "sql": f"2026-01-02 {hours:02}:00:00"})
    refresh()

    found = maturity_of_mqls(date(2026, 6, 1))

    assert (found.days, found.of) == (pytest.approx(18.1 / 24), 20)
    # 2 Jan 2026 lies 365 days before 2 Jan 2027, and is no more among the last 365.
    assert maturity_of_mqls(date(2027, 1, 1)).of == 20
    assert maturity_of_mqls(date(2027, 1, 2)).days is None


def test_maturity_is_not_judged_by_nineteen(a_lead, refresh):
    for _ in range(19):
        a_lead("2026-01-01", {"mql": "2026-01-02", "customer": "2026-01-11"})
    refresh()
    as_of = date(2026, 6, 1)

    assert maturity_of_mqls(as_of).days is None
    a_lead("2026-01-01", {"customer": "2026-01-11"})
    a_lead("2026-01-01", {"mql": "2026-01-02", "customer": "2026-01-11"})
    refresh()

    # Twenty from MQL on, in 9 days; one more from creation on, in 10.
    assert (maturity_of_mqls(as_of).days, maturity_of_mqls(as_of).of) == (9, 20)
    winning = maturity_of_winning(as_of)
    assert (winning[Stage.MQL].days, winning[Stage.MQL].of) == (9, 20)
    assert (winning[Stage.LEAD].days, winning[Stage.LEAD].of) == (10, 21)
    created = maturity_of_reaching(as_of)[Stage.CUSTOMER]
    assert (created.days, created.of) == (10, 21)


def test_a_cohort_is_immature_for_what_takes_longer(a_lead, refresh):
    # Twenty were MQLs after 2 days and customers after 30; one of 21 leads is 10 days old, as of 31 March.
    for _ in range(20):
        a_lead("2026-01-01", {"mql": "2026-01-03", "customer": "2026-01-31"})
    for _ in range(2):
        a_lead("2026-03-21")
    refresh()
    quarter = Period(date(2026, 1, 1), date(2026, 4, 1))

    # Two of 22 are less than a tenth; two of two are not. SQL and opportunity were reached with the customer.
    assert immature_goals(scope(date(2026, 3, 31), quarter)) == frozenset()
    march = Period(date(2026, 3, 1), date(2026, 4, 1))
    assert immature_goals(scope(date(2026, 3, 31), march)) == {Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER}
    assert immature_goals(scope(date(2026, 3, 22), march)) == {*SUCCESS_PATH[1:]}
