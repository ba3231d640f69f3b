"""The pages on which exchange rates and costs are kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from leads.models import Campaign, CampaignCost, Role
from reports.models import ExchangeRate
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

RATE = {"currency": "USD", "day": "2026-03-01", "rate": "0.92"}
COST = {
    "source": "Webinar",
    "starts_on": "2026-03-01",
    "ends_on": "2026-03-31",
    "amount": "1200.50",
    "currency": "EUR",
}


@pytest.fixture
def keeper(client):
    client.force_login(UserFactory(role=Role.MARKETER))
    return client


def address(name: str, what: str, *args) -> str:
    return reverse(f"reports:money_{name}", args=[what, *args])


def test_a_rate_is_added_changed_and_removed(keeper):
    keeper.post(address("add", "rates"), {**RATE, "currency": "usd"})
    rate = ExchangeRate.objects.get()
    assert (rate.currency, rate.day, rate.rate) == ("USD", date(2026, 3, 1), Decimal("0.92"))

    keeper.post(address("change", "rates", rate.pk), {**RATE, "rate": "0.95"})
    assert "0.95" in keeper.get(address("list", "rates")).content.decode()

    answer = keeper.post(address("remove", "rates", rate.pk), follow=True)
    assert not ExchangeRate.objects.exists()
    assert "is gone" in answer.content.decode()


def test_a_cost_is_added_changed_and_removed(keeper):
    keeper.post(address("add", "costs"), COST)
    cost = CampaignCost.objects.get()
    assert (cost.source_folded, cost.starts_on, cost.amount) == (
        "webinar",
        date(2026, 3, 1),
        Decimal("1200.50"),
    )

    spring = Campaign.objects.create(name="Spring")
    keeper.post(address("change", "costs", cost.pk), {**COST, "source": "", "campaign": spring.pk})
    assert "Spring" in keeper.get(address("list", "costs")).content.decode()

    keeper.post(address("remove", "costs", cost.pk))
    assert not CampaignCost.objects.exists()


def test_a_form_shows_what_is_kept(keeper):
    rate = ExchangeRate.objects.create(currency="USD", day=date(2026, 3, 1), rate=Decimal("0.92"))
    CampaignCost.objects.create(
        source="Webinar", starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 2), amount=5, currency="EUR"
    )

    assert 'value="2026-03-01"' in keeper.get(address("change", "rates", rate.pk)).content.decode()
    page = keeper.get(address("change", "costs", CampaignCost.objects.get().pk)).content.decode()
    assert 'value="2026-03-02"' in page
    assert 'value="EUR"' in keeper.get(address("add", "costs")).content.decode()


@pytest.mark.parametrize(
    ("what", "mistake", "sentence"),
    [
        ("rates", {"currency": "US"}, "A currency has three capital letters"),
        ("rates", {"currency": "DOLLAR"}, "A currency has three capital letters"),
        ("rates", {"currency": ""}, "The currency is missing"),
        ("rates", {"currency": "eur"}, "own currency: its rate is always 1"),
        ("rates", {"currency": "G\0P"}, "Null characters are not allowed."),
        ("rates", {"day": "2026-02-29"}, "From is not a date"),
        ("rates", {"day": "9999-12-31"}, "From must lie between 1970-01-01 and 2199-12-31"),
        ("rates", {"day": ""}, "From is missing."),
        ("rates", {"rate": "0"}, "A rate must be above 0."),
        ("rates", {"rate": "-1"}, "A rate must be above 0."),
        ("rates", {"rate": "much"}, "The rate must be a number such as 0.92."),
        ("rates", {"rate": "NaN"}, "The rate must be a number such as 0.92."),
        ("rates", {"rate": "99999999999"}, "more than 10 digits before the point"),
        ("rates", {"rate": "0.123456789"}, "more than eight digits after the point"),
        ("rates", {"currency": "GBP"}, "This currency has a rate from that day on already."),
        ("costs", {"source": ""}, "A cost belongs to a campaign or to a source: fill exactly one."),
        ("costs", {"campaign": "1000000"}, "There is no such campaign"),
        ("costs", {"campaign": "x"}, "There is no such campaign"),
        ("costs", {"source": "x" * 201}, "longer than 200 characters"),
        ("costs", {"ends_on": "2026-02-28"}, "A cost must start before it ends."),
        ("costs", {"starts_on": "0001-01-01"}, "First day must lie between"),
        ("costs", {"amount": "-1"}, "An amount cannot be negative."),
        ("costs", {"amount": ""}, "The amount is missing."),
        ("costs", {"amount": "1e99"}, "more than"),
        ("costs", {"currency": "€"}, "A currency has three capital letters"),
    ],
)
def test_a_mistake_is_a_sentence_and_nothing_is_saved(keeper, what, mistake, sentence):
    ExchangeRate.objects.create(currency="GBP", day=date(2026, 3, 1), rate=1)

    answer = keeper.post(address("add", what), {**(RATE if what == "rates" else COST), **mistake})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert (ExchangeRate.objects.count(), CampaignCost.objects.count()) == (1, 0)


def test_reps_read_and_enter_nothing(client):
    client.force_login(UserFactory(role=Role.REP))

    page = client.get(address("list", "rates"))

    assert page.status_code == 200
    assert "New rate" not in page.content.decode()
    assert client.post(address("add", "rates"), RATE).status_code == 403


@pytest.mark.parametrize("name", ["change", "remove"])
def test_what_is_not_there_is_not_found(keeper, name):
    assert keeper.post(address(name, "rates", 1), RATE).status_code == 404


def test_wrong_methods_are_refused(keeper):
    assert keeper.post(address("list", "costs")).status_code == 405
    assert keeper.get(address("remove", "costs", 1)).status_code == 405


def test_the_admin_keeps_rates_and_only_shows_snapshots(client):
    client.force_login(UserFactory(role=Role.MANAGER))

    assert client.get(reverse("admin:reports_exchangerate_add")).status_code == 200
    assert client.get(reverse("admin:reports_scoresnapshot_changelist")).status_code == 200
    assert client.get(reverse("admin:reports_scoresnapshot_add")).status_code == 403
