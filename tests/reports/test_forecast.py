from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from leads.models import Deal, Stage
from reports.metrics.forecast import Expected, expected, forecast, history, together
from reports.period import Period
from reports.scope import Scope
from tests.reports.conftest import instant

pytestmark = pytest.mark.django_db
SPRING = Period(date(2026, 1, 1), date(2026, 4, 1))
AS_OF = date(2026, 6, 30)


def scope(as_of: date = AS_OF, **chosen: str) -> Scope:
    return Scope(period=SPRING, as_of=as_of, chosen=chosen)


def stage_of(found, stage: Stage):
    return next(one for one in found.stages if one.stage is stage)


def a_deal(lead, amount: str | None, *, won: str = "", currency: str = "EUR") -> None:
    Deal.objects.create(
        lead=lead,
        state=Deal.State.WON if won else Deal.State.OPEN,
        amount=None if amount is None else Decimal(amount),
        currency=currency,
        opened_at=instant("2026-01-05"),
        closed_at=instant(won) if won else None,
    )


@pytest.fixture
def past(a_lead, refresh, settings) -> None:
    """Forty opportunities of 10 January: twenty won after ten days, one for 1000 and one for 3000; the rest lost.

    Three more stand at opportunity: one worth 500, one in dollars without a rate, one without a deal.
    """
    settings.CURRENCY = "EUR"
    for number in range(20):
        winner = a_lead("2026-01-09", {"opportunity": "2026-01-10", "customer": "2026-01-20"})
        if number < 2:
            a_deal(winner, "1000" if number else "3000", won="2026-01-20")
        a_lead("2026-01-09", {"opportunity": "2026-01-10", "recycled": "2026-02-01"}, source="Fair")
    a_deal(a_lead("2026-05-01", {"opportunity": "2026-06-25"}), "500")
    a_deal(a_lead("2026-05-01", {"opportunity": "2026-06-25"}), "700", currency="USD")
    a_lead("2026-05-01", {"opportunity": "2026-06-25"})
    refresh()


def test_forecast_expects_what_became_of_earlier_visits(past):
    opportunity = stage_of(forecast(scope()), Stage.OPPORTUNITY)

    # 20 of 40 became customers; 3 stand there now: 1.5 of them.
    assert (opportunity.now, opportunity.history.won, opportunity.history.visits) == (3, 20, 40)
    assert opportunity.customers.value == 1.5
    # 22 of 44 are a half: 3 x 0.25 x (1 + 3 / 40) = 0.80625; 1.96 x 0.8979 = 1.76: from nobody to all three.
    assert opportunity.customers.variance == pytest.approx(0.80625)
    assert opportunity.customers.interval == (0.0, 3.0)


def test_forecast_values_open_deals_by_their_own_amounts_and_others_by_the_mean(past):
    found = forecast(scope())
    opportunity = stage_of(found, Stage.OPPORTUNITY)

    # 500, and two at the mean of 1000 and 3000: 4500, of which a half.
    assert (opportunity.with_own, opportunity.own, opportunity.worth) == (1, Decimal(500), Decimal(4500))
    assert opportunity.amount == Decimal(2250)
    # Each of the three is worth 1500: from 0 to 3 of them.
    assert opportunity.amount_interval == (0.0, 4500.0)
    assert (found.open.foreign["USD"].count, found.open.foreign["USD"].total) == (1, Decimal(700))


def test_forecast_judges_no_stage_by_fewer_than_twenty(past, a_lead, refresh):
    found = forecast(scope())

    # Nobody was ever an MQL; the twenty recycled ones did not win, and no customer says how long it takes from there.
    mql, recycled = stage_of(found, Stage.MQL), stage_of(found, Stage.RECYCLED)
    assert (mql.customers, mql.amount, mql.amount_interval) == (None, None, None)
    assert (recycled.now, recycled.history.days, recycled.customers) == (20, None, None)
    assert found.customers.value == stage_of(found, Stage.OPPORTUNITY).customers.value


def test_forecast_of_a_choice_is_of_its_own_past(past):
    # The twenty of the fair all lost: 0 of 20, and nobody of the fair stands at opportunity.
    fair = stage_of(forecast(scope(source="fair")), Stage.OPPORTUNITY)

    assert (fair.now, fair.history.won, fair.history.visits, fair.history.share) == (0, 0, 20, 0)
    assert (fair.customers.value, fair.amount) == (0, Decimal(0))


def test_history_leaves_out_visits_that_have_not_had_the_time(past):
    # Nine of ten customers took 10 days: of the visits of 10 January all are old enough on the 20th, none on the 19th.
    old = history(scope(date(2026, 1, 20)), Stage.OPPORTUNITY)
    young = history(scope(date(2026, 1, 19)), Stage.OPPORTUNITY)

    assert (old.visits, old.won, str(old.days)) == (40, 20, "2026-01-01 to 2026-01-10")
    # On the 19th nobody had won yet, so nothing says how long it takes.
    assert (young.visits, young.days, young.maturity.days) == (0, None, None)


def test_forecast_as_of_a_day_in_the_middle_counts_who_stood_there(past):
    # By the end of 25 January the twenty that were lost on 1 February still stood there, and no later one.
    found = stage_of(forecast(scope(date(2026, 1, 25))), Stage.OPPORTUNITY)

    assert (found.now, found.history.share, found.customers.value) == (20, 0.5, 10)


def test_forecast_of_nobody_is_no_data(refresh):
    refresh()

    found = forecast(scope())

    assert (found.customers, found.amount, found.amount_interval) == (None, None, None)
    assert all(stage.now == 0 and stage.history.share is None for stage in found.stages)


def test_expected_knows_no_certainty_of_a_few():
    # None of 20 so far: 2 of 24 for the width. 10 x 1/12 x 11/12 x 1.5 = 1.1458; 1.96 x 1.0704 = 2.098.
    none = expected(10, won=0, of=20)

    assert none.value == 0
    assert none.interval == (0.0, pytest.approx(2.098, abs=0.001))
    assert expected(10, won=20, of=20).interval[1] == 10


def test_together_adds_what_is_known():
    parts = [Expected(10, 9, most=40), None, Expected(20, 16, most=60)]

    # The variances add up to 25: 30 +- 1.96 x 5.
    assert together(parts).interval == (pytest.approx(20.2, abs=0.01), pytest.approx(39.8, abs=0.01))
    assert together([None]) is None
