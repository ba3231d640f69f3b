from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from leads.models import Deal
from reports.metrics.velocity import lead_velocity, opportunities_ended, sales_velocity, standing
from reports.period import Period, today
from reports.scope import Scope
from tests.reports.conftest import instant

pytestmark = pytest.mark.django_db
QUARTER = Period(date(2026, 1, 1), date(2026, 4, 1))


def scope(as_of: date | None = None, period: Period = QUARTER, **chosen: str) -> Scope:
    return Scope(period=period, as_of=as_of or today(), chosen=chosen)


def a_won_deal(lead, closed: str, amount: str | None, currency: str = "EUR") -> Deal:
    return Deal.objects.create(
        lead=lead,
        state=Deal.State.WON,
        amount=None if amount is None else Decimal(amount),
        currency=currency,
        opened_at=instant(closed),
        closed_at=instant(closed),
    )


@pytest.fixture
def opportunities(a_lead, refresh, settings) -> None:
    """Two won (10 and 20 days), one given back, one disqualified, one won before the period; two are open today."""
    settings.CURRENCY = "EUR"
    first = a_lead("2026-01-01", {"opportunity": "2026-01-02", "customer": "2026-01-12"}, source="Fair")
    second = a_lead("2026-01-01", {"opportunity": "2026-01-11", "customer": "2026-01-31"})
    a_lead("2026-01-01", {"opportunity": "2026-01-02", "recycled": "2026-02-01"})
    a_lead("2026-01-01", {"opportunity": "2026-01-02", "disqualified": "2026-02-02"})
    third = a_lead("2025-11-01", {"opportunity": "2025-11-02", "customer": "2025-11-30"})
    a_lead("2026-01-01", {"opportunity": "2026-03-02"}, source="Fair")
    # Back to SQL by an import: neither won nor lost. It is open again.
    a_lead(
        "2026-01-01", [("opportunity", "2026-01-02"), ("sql", "2026-01-10"), ("opportunity", "2026-03-20")]
    )
    a_won_deal(first, "2026-01-12", "1000")
    a_won_deal(second, "2026-01-31", "2000")
    a_won_deal(second, "2026-02-10", None)
    a_won_deal(third, "2025-11-30", "9000")
    refresh()


@pytest.mark.parametrize("as_of", [None, date(2026, 6, 30)])
def test_sales_velocity_multiplies_its_four_factors(opportunities, as_of):
    found = sales_velocity(scope(as_of))

    assert (found.open_now, found.won, found.lost) == (2, 2, 2)
    # Mean of 1000 and 2000, one unknown; mean of 10 and 20 days.
    assert (found.win_rate, found.amounts.mean, found.cycle) == (0.5, Decimal(1500), 15 * 24)
    # 2 x 0.5 x 1500 / 15 = 100 a day.
    assert found.a_day == Decimal(100)


def test_sales_velocity_of_a_choice_and_of_a_day_in_the_middle(opportunities):
    # Fair: one open, one won in 10 days of 1000, none lost: 1 x 1 x 1000 / 10.
    assert sales_velocity(scope(source="fair")).a_day == Decimal(100)
    # By the end of 20 January one was won; open were the second, the two that were lost later: 3.
    middle = sales_velocity(scope(date(2026, 1, 20)))
    assert (middle.open_now, middle.won, middle.lost, middle.amounts.mean) == (3, 1, 0, Decimal(1000))


def test_sales_velocity_without_a_factor_is_no_data(opportunities, a_lead, refresh):
    april = Period(date(2026, 4, 1), date(2026, 5, 1))
    assert sales_velocity(scope(period=april)).win_rate is None
    assert sales_velocity(scope(period=april)).a_day is None

    # Won in the very second in which it was opened: a cycle of nothing gives no number a day.
    lead = a_lead("2026-04-01", {"opportunity": "2026-04-02", "customer": "2026-04-02"})
    a_won_deal(lead, "2026-04-02", "500")
    refresh()

    found = sales_velocity(scope(period=april))
    assert (found.win_rate, found.amounts.mean, found.cycle, found.a_day) == (1, Decimal(500), 0, None)


def test_sales_velocity_says_what_amounts_it_leaves_out(opportunities, a_lead, refresh):
    lead = a_lead("2026-02-01", {"opportunity": "2026-02-02", "customer": "2026-02-22"})
    a_won_deal(lead, "2026-02-22", "7000", currency="USD")
    refresh()

    found = sales_velocity(scope())

    assert (found.won, found.amounts.mean) == (3, Decimal(1500))
    assert (found.amounts.unknown, found.amounts.foreign["USD"].total) == (1, Decimal(7000))


def test_lists_behind_the_factors_are_what_was_counted(opportunities):
    asked = scope()

    assert standing(asked).filter(position=3).count() == 2
    assert opportunities_ended(asked, (4,)).count() == 2
    assert opportunities_ended(asked, (5, 6)).count() == 2


@pytest.mark.parametrize("as_of", [None, date(2026, 6, 30)])
def test_lead_velocity_compares_distinct_leads_of_whole_months(a_lead, refresh, as_of):
    # December: one. January: two leads, one of them twice. February: three, one of them known from January.
    a_lead("2025-12-01", {"mql": "2025-12-31 23:59:59"})
    a_lead("2026-01-01", [("mql", "2026-01-02"), ("lead", "2026-01-05"), ("mql", "2026-01-31 23:59:59")])
    a_lead("2026-01-01", [("mql", "2026-01-20"), ("lead", "2026-01-25"), ("mql", "2026-02-01")])
    a_lead("2026-02-01", {"mql": "2026-02-28"})
    a_lead("2026-02-01", {"mql": "2026-02-10"})
    refresh()

    months = lead_velocity(scope(as_of))

    assert [(month.entrants, month.before, month.growth) for month in months] == [
        (2, 1, 1.0),
        (3, 2, 0.5),
        (0, 3, -1.0),
    ]


def test_lead_velocity_of_nobody_before_is_no_data(a_lead, refresh):
    a_lead("2026-01-01", {"mql": "2026-01-02"})
    refresh()

    months = lead_velocity(scope(period=Period(date(2026, 1, 1), date(2026, 2, 1))))

    assert [(month.entrants, month.growth) for month in months] == [(1, None)]
    # Half a month is not compared with a whole one.
    assert lead_velocity(scope(period=Period(date(2026, 1, 1), date(2026, 1, 31)))) == ()
    assert lead_velocity(scope(date(2026, 1, 30))) == ()
