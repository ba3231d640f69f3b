from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from leads.models import Deal
from reports.models import ExchangeRate
from reports.money import Amounts, Foreign, Rates, amounts_of
from tests.factories import LeadFactory

CLOSED = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def a_deal(db) -> Callable[..., Deal]:
    def make(amount: str | None, currency: str = "EUR", *, closed_at: datetime = CLOSED) -> Deal:
        return Deal.objects.create(
            lead=LeadFactory(),
            state=Deal.State.WON,
            amount=None if amount is None else Decimal(amount),
            currency=currency,
            opened_at=CLOSED,
            closed_at=closed_at,
        )

    return make


def amounts() -> Amounts:
    return amounts_of(Deal.objects.all()).get("", Amounts())


@pytest.mark.django_db
def test_amounts_of_nothing_come_to_nothing():
    found = amounts()

    assert found.total == 0
    assert found.mean is None
    assert found.median is None
    assert found.left_out == []


def test_amounts_add_up_with_nought_and_without_unknown(a_deal):
    # 100 + 0 + 50.50 = 150.50 of three known ones: mean 50.17, the middle one is 50.50.
    for amount in ("100", "0", "50.50", None):
        a_deal(amount, "" if amount is None else "EUR")

    found = amounts()

    assert found.total == Decimal("150.50")
    assert found.mean == Decimal("50.17")
    assert found.median == Decimal("50.50")
    assert (found.known, found.unknown, found.count) == (3, 1, 4)
    assert found.left_out == ["1 deal has no amount: unknown is not 0."]


def test_amounts_that_are_all_unknown_come_to_no_number(a_deal):
    a_deal(None, "")

    assert amounts().total is None


def test_amounts_of_other_currencies_are_converted_at_the_rate_of_their_day(a_deal):
    # USD: 0.90 from 1 March, 0.95 from 10 March. On the 9th 100 x 0.90 = 90, on the 10th 95.
    ExchangeRate.objects.create(currency="USD", day=date(2026, 3, 1), rate=Decimal("0.9"))
    ExchangeRate.objects.create(currency="USD", day=date(2026, 3, 10), rate=Decimal("0.95"))
    a_deal("100", "USD", closed_at=datetime(2026, 3, 9, 23, 59, 59, tzinfo=UTC))
    a_deal("100", "USD", closed_at=datetime(2026, 3, 10, 0, 0, tzinfo=UTC))

    assert amounts().values == {Decimal("90.00"): 1, Decimal("95.00"): 1}


def test_amounts_without_a_rate_for_their_day_are_listed_and_not_summed(a_deal):
    ExchangeRate.objects.create(currency="USD", day=date(2026, 3, 11), rate=Decimal("0.9"))
    a_deal("100", "USD")
    a_deal("200", "USD")
    a_deal("70")

    found = amounts()

    assert found.total == Decimal("70.00")
    assert found.foreign == {"USD": Foreign(2, Decimal("300.00"))}
    assert found.left_out == [
        "2 amounts in USD, 300.00 in all, are not summed: there is no exchange rate for the day."
    ]


def test_amount_without_a_currency_is_in_that_of_the_organisation(a_deal):
    a_deal("12.34", "")

    assert amounts().total == Decimal("12.34")


def test_amounts_can_be_added():
    some = Amounts({Decimal(1): 2}, 1, {"USD": Foreign(1, Decimal(5))})
    more = Amounts(
        {Decimal(1): 1, Decimal(9): 1}, 0, {"USD": Foreign(2, Decimal(5)), "GBP": Foreign(1, Decimal(7))}
    )

    both = some + more

    # 1, 1, 1, 9: half way between the second and the third is 1.
    assert both.values == {Decimal(1): 3, Decimal(9): 1}
    assert both.median == 1
    assert both.unknown == 1
    assert both.foreign == {"GBP": Foreign(1, Decimal(7)), "USD": Foreign(3, Decimal(10))}


def test_rates_hold_from_their_day_until_the_next():
    rates = Rates.of([("USD", date(2026, 3, 10), Decimal(2)), ("USD", date(2026, 3, 1), Decimal(1))])

    assert rates.at("USD", date(2026, 2, 28)) is None
    assert rates.at("USD", date(2026, 3, 9)) == 1
    assert rates.at("USD", date(2026, 3, 10)) == 2
    assert rates.at("EUR", date(2000, 1, 1)) == 1
    assert rates.changes("USD") == (date(2026, 3, 1), date(2026, 3, 10))


@pytest.mark.django_db
def test_a_rate_is_above_nought_and_one_a_day():
    ExchangeRate.objects.create(currency="USD", day=date(2026, 3, 1), rate=Decimal(1))

    for rate, day in ((Decimal(0), date(2026, 3, 2)), (Decimal(2), date(2026, 3, 1))):
        with pytest.raises(IntegrityError), transaction.atomic():
            ExchangeRate.objects.create(currency="USD", day=day, rate=rate)
