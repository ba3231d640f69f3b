"""What is kept between folds: read as of one of them, and never longer than it is true."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache

from leads.models import Deal, Stage
from reports.answering import read_up_to_date
from reports.deals import won_amounts
from reports.metrics import maturity
from reports.metrics.sales import sales_record
from reports.metrics.velocity import standing, standing_by_stage
from reports.models import ExchangeRate, StoreState
from reports.period import Period
from reports.scope import Scope
from reports.store import kept
from reports.store.folding import fold
from tests.factories import LeadFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 31)
SCOPE = Scope(Period(date(2026, 3, 1), date(2026, 4, 1)), TODAY)
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


def a_won_deal(amount: str, currency: str = "EUR") -> Deal:
    return Deal.objects.create(
        lead=LeadFactory(),
        state=Deal.State.WON,
        amount=Decimal(amount),
        currency=currency,
        opened_at=AT,
        closed_at=AT,
    )


def revenue() -> Decimal | None:
    found, _ = read_up_to_date(lambda: won_amounts(SCOPE))
    return found.total


def test_revenue_follows_each_change_of_a_deal():
    deal = a_won_deal("100")
    fold()
    assert revenue() == 100

    Deal.objects.filter(pk=deal.pk).update(amount=Decimal("250"))
    assert revenue() == 250
    Deal.objects.filter(pk=deal.pk).update(closed_at=AT + timedelta(days=60))
    assert revenue() == 0
    a_won_deal("30")
    assert revenue() == 30


def test_revenue_follows_each_change_of_a_rate():
    a_won_deal("100", "USD")
    fold()
    assert revenue() is None

    rate = ExchangeRate.objects.create(currency="USD", day=date(2026, 1, 1), rate=Decimal("0.5"))
    assert revenue() == 50
    ExchangeRate.objects.filter(pk=rate.pk).update(rate=Decimal("0.8"))
    assert revenue() == 80
    ExchangeRate.objects.filter(pk=rate.pk).update(day=date(2026, 3, 11))
    assert revenue() is None


def test_won_deals_of_sales_follow_each_change_of_a_deal():
    def won() -> int:
        return read_up_to_date(lambda: sales_record(SCOPE, at=AT))[0].won

    deal = a_won_deal("100")
    fold()
    assert won() == 1

    Deal.objects.filter(pk=deal.pk).update(state=Deal.State.LOST)
    assert won() == 0


def test_an_answer_asks_once_as_of_when_it_is(django_assert_max_num_queries):
    fold()
    counted: list[int] = []

    def count() -> int:
        counted.append(1)
        return len(counted)

    def build() -> list[int]:
        return [kept.until_next_fold(f"number {number % 3}", count) for number in range(12)]

    with django_assert_max_num_queries(1):
        assert kept.of_one_fold(build) == [1, 2, 3] * 4
    StoreState.objects.update(folded_at=AT)
    assert kept.of_one_fold(build) == [4, 5, 6] * 4


def test_nothing_is_kept_while_nothing_was_ever_built():
    found = [kept.until_next_fold("number", lambda number=number: number) for number in range(2)]

    assert found == [0, 1]


def test_what_lasts_outlives_a_fold_and_what_does_not_does_not():
    StoreState.objects.create(pk=1, built_at=AT, folded_at=AT)

    def asked(number: int) -> int:
        return kept.for_an_hour("number", lambda: number, lasts=lambda found: found >= 10)

    assert asked(1) == 1
    StoreState.objects.update(folded_at=AT + timedelta(minutes=1))
    assert asked(20) == 20
    StoreState.objects.update(folded_at=AT + timedelta(minutes=2))
    assert asked(30) == 20
    cache.clear()
    assert asked(30) == 30


def test_how_long_conversions_take_is_read_again_after_a_fold_while_they_are_few(a_lead, monkeypatch):
    def known() -> int:
        return maturity.maturity_of_winning(TODAY)[Stage.MQL].of

    for day in range(1, 4):
        a_lead("2026-01-01", {"mql": "2026-02-01", "customer": f"2026-03-0{day}"})
    fold()
    assert known() == 3
    a_lead("2026-01-01", {"mql": "2026-02-01", "customer": "2026-03-05"})
    fold()
    assert known() == 4

    monkeypatch.setattr(maturity, "MANY", 4)
    assert known() == 4
    a_lead("2026-01-01", {"mql": "2026-02-01", "customer": "2026-03-06"})
    fold()
    assert known() == 4
    cache.clear()
    assert known() == 5


@pytest.mark.parametrize("as_of", ["2026-02-10", "2026-03-05", "2026-03-31"])
def test_leads_that_stand_in_a_stage_are_those_that_are_listed(a_lead, as_of):
    a_lead("2026-02-01", {"mql": "2026-02-05", "sql": "2026-03-01", "lead": "2026-03-05"})
    a_lead("2026-02-01", {"mql": "2026-02-10"})
    a_lead("2026-03-05")
    fold()
    scope = Scope(SCOPE.period, date.fromisoformat(as_of))

    listed = {stage: standing(scope).filter(position=stage.position).count() for stage in Stage}

    assert standing_by_stage(scope) == listed
    assert sum(listed.values()) == (2 if as_of == "2026-02-10" else 3)


def test_what_the_clock_changes_is_asked_for_once_an_answer_and_again_for_the_next():
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        return len(asked)

    def build() -> list[int]:
        return [kept.once_an_answer("number", ask) for _ in range(3)]

    assert kept.of_one_fold(build) == [1, 1, 1]
    assert kept.of_one_fold(build) == [2, 2, 2]
    assert build() == [3, 4, 5]
