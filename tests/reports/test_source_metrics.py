from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from leads.models import Campaign, CampaignCost, Lead
from reports.metrics.costs import Costs, costs_by
from reports.metrics.sources import Line, economics
from reports.models import ExchangeRate
from reports.period import Period
from reports.scope import Scope
from tests.factories import ActivityFactory
from tests.reports.conftest import instant
from tests.reports.selling import deal

JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
LATER = date(2026, 12, 31)


def scope(period: Period = JANUARY, as_of: date = LATER, **chosen: str) -> Scope:
    return Scope(period, as_of, chosen=chosen)


def cost(
    amount: str, first: str, last: str, *, campaign=None, source: str = "", currency: str = "EUR"
) -> None:
    CampaignCost.objects.create(
        campaign=campaign,
        source=source,
        starts_on=date.fromisoformat(first),
        ends_on=date.fromisoformat(last),
        amount=Decimal(amount),
        currency=currency,
    )


@pytest.fixture
def fair(db) -> Campaign:
    return Campaign.objects.create(name="Fair 2026", source="Event", channel="Offline")


# --- Costs ------------------------------------------------------------------------------------------------------


def test_a_cost_is_spread_evenly_over_its_days(fair):
    # 100 over 10 days, 27 January to 5 February: five of them in January. A leap day is a day: 29 in February 2024.
    cost("100", "2026-01-27", "2026-02-05", campaign=fair)
    cost("290", "2024-02-01", "2024-02-29", source="Webinar")

    assert costs_by(scope(), by="source").by_value == {"event": Decimal("50.00")}
    leap = Period(date(2024, 2, 29), date(2024, 3, 31))
    assert costs_by(scope(leap), by="source").by_value == {"webinar": Decimal("10.00")}


def test_a_campaigns_cost_is_its_sources_and_channels_too(fair):
    cost("31", "2026-01-01", "2026-01-31", campaign=fair)
    cost("62", "2026-01-01", "2026-01-31", source="EVENT")

    # 31 of the campaign, 62 of the source as a whole.
    assert costs_by(scope(), by="source").by_value == {"event": Decimal(93)}
    assert costs_by(scope(), by="channel").by_value == {"offline": Decimal(31), "": Decimal(62)}
    assert costs_by(scope(), by="campaign").by_value == {str(fair.pk): Decimal(31), "": Decimal(62)}
    assert costs_by(scope(campaign=str(fair.pk)), by="source").by_value == {"event": Decimal(31)}
    assert costs_by(scope(source="nowhere"), by="source").total is None


def test_costs_as_of_a_day_are_those_of_the_days_by_then(fair):
    cost("31", "2026-01-01", "2026-01-31", campaign=fair)

    assert costs_by(scope(as_of=date(2026, 1, 10)), by="source").total == Decimal("10.00")
    assert costs_by(scope(as_of=date(2025, 12, 31)), by="source").total is None


def test_each_days_part_is_converted_at_the_rate_of_that_day(fair):
    # 30 USD on 30 and 31 January: 15 a day, at 0.8 and then at 1: 12 + 15. GBP has no rate before the 31st: 5 of 10.
    ExchangeRate.objects.create(currency="USD", day=date(2026, 1, 1), rate=Decimal("0.8"))
    ExchangeRate.objects.create(currency="USD", day=date(2026, 1, 31), rate=Decimal(1))
    ExchangeRate.objects.create(currency="GBP", day=date(2026, 1, 31), rate=Decimal(2))
    cost("30", "2026-01-30", "2026-01-31", campaign=fair, currency="USD")
    cost("10", "2026-01-30", "2026-01-31", campaign=fair, currency="GBP")

    assert costs_by(scope(), by="source") == Costs({"event": Decimal("37.00")}, {"GBP": Decimal("5.00")})


def test_costs_are_not_known_by_facts_that_they_do_not_have(fair):
    cost("31", "2026-01-01", "2026-01-31", campaign=fair)

    found = costs_by(scope(country="DE"), by="source")

    assert (found.total, found.unknown_by) == (None, ("country",))


def test_no_cost_is_unknown_and_a_cost_of_nought_is_nought(fair):
    assert costs_by(scope(), by="source").total is None

    cost("0", "2026-01-01", "2026-01-31", campaign=fair)

    assert costs_by(scope(), by="source").total == 0


# --- Economics --------------------------------------------------------------------------------------------------


@pytest.fixture
def spent(a_lead, fair, refresh) -> dict[str, Lead]:
    """Five leads.

    |   | source  | campaign | what happened | deals won |
    |---|---------|----------|---|---|
    | a | Event   | Fair     | mql 5 Jan, sql 6 Jan, customer 20 Jan | 100 and 300, Jan |
    | b | Event   | none     | mql 5 Jan, recycled 6 Jan, mql 25 Jan (twice in January: one entrant) | |
    | c | unknown |          | customer 9 Jan (skipped the rest) | one, no amount |
    | d | (blank) |          | of December; mql 2 Jan, sql 3 Jan | 50, 1 February |
    | e | Webinar |          | of December, nothing in January | |
    """
    a = a_lead(
        "2026-01-02",
        {"mql": "2026-01-05", "sql": "2026-01-06", "customer": "2026-01-20"},
        source="Event",
        channel="Offline",
        campaign="Fair 2026",
    )
    b = a_lead(
        "2026-01-03",
        [("mql", "2026-01-05"), ("recycled", "2026-01-06"), ("mql", "2026-01-25")],
        source="Event",
    )
    c = a_lead("2026-01-04", {"customer": "2026-01-09"}, source="unknown")
    d = a_lead("2025-12-20", {"mql": "2026-01-02", "sql": "2026-01-03"})
    e = a_lead("2025-12-20", source="Webinar")
    deal(a, "2026-01-06", won="2026-01-20", amount="100")
    deal(a, "2026-01-06", won="2026-01-31 23:59:59", amount="300")
    deal(c, "2026-01-06", won="2026-01-09")
    deal(d, "2026-01-06", won="2026-02-01", amount="50")
    cost("80", "2026-01-01", "2026-01-31", campaign=fair)
    refresh()
    return {"a": a, "b": b, "c": c, "d": d, "e": e}


def counted(line: Line) -> tuple[int, ...]:
    return (line.leads, line.mqls, line.sqls, line.customers, line.accepted, line.decided)


def test_economics_by_source(spent):
    # Event: a b created; a b entered MQL, a SQL and customer; of MQL visits a accepted, b rejected, b again waits.
    found = economics(scope(), by="source")
    event = found.lines["event"]

    assert {value: counted(line) for value, line in found.lines.items()} == {
        "event": (2, 2, 1, 1, 1, 2),
        "unknown": (1, 0, 0, 1, 0, 0),
        "": (0, 1, 1, 0, 1, 1),
    }
    assert (event.cost, event.revenue) == (Decimal("80.00"), Decimal("400.00"))
    # 80 / 2 leads, / 1 customer; (400 - 80) / 80 = 4.
    assert (event.cost_per(event.leads), event.cost_per(event.customers)) == (Decimal(40), Decimal(80))
    assert event.return_on_cost == 4
    assert (event.deals.mean, event.deals.median) == (Decimal(200), Decimal(200))


def test_unknown_is_not_nought(spent):
    found = economics(scope(), by="source")
    unknown, blank = found.lines["unknown"], found.lines[""]

    # One deal without an amount; no deal in January.
    assert (unknown.revenue, unknown.cost, unknown.return_on_cost) == (None, None, None)
    assert (blank.revenue, blank.cost_per(blank.mqls)) == (Decimal(0), None)
    assert found.total.deals.unknown == 1
    assert (found.total.revenue, found.with_cost.revenue) == (Decimal("400.00"), Decimal("400.00"))


def test_economics_by_campaign_and_channel(spent, fair):
    by_campaign = economics(scope(), by="campaign").lines
    by_channel = economics(scope(), by="channel").lines

    assert counted(by_campaign[str(fair.pk)]) == counted(by_channel["offline"]) == (1, 1, 1, 1, 1, 1)
    assert counted(by_campaign[""]) == counted(by_channel[""]) == (2, 2, 1, 1, 1, 2)


def test_last_touch_is_the_latest_campaign_up_to_the_mql_visit(spent, fair):
    # a: Fair on 4 January, then an activity without a campaign; Spring comes after the MQL visit. b: Spring at the very
    # instant of the first visit. d: nothing. c was never an MQL, so no touch counts.
    spring = Campaign.objects.create(name="Spring", source="Webinar")
    ActivityFactory(lead=spent["a"], campaign=fair, occurred_at=instant("2026-01-04"))
    ActivityFactory(lead=spent["a"], occurred_at=instant("2026-01-04 12:00:00"))
    ActivityFactory(lead=spent["a"], campaign=spring, occurred_at=instant("2026-01-05 00:00:01"))
    ActivityFactory(lead=spent["b"], campaign=spring, occurred_at=instant("2026-01-05"))
    ActivityFactory(lead=spent["c"], campaign=spring, occurred_at=instant("2026-01-05"))

    found = economics(scope(), by="campaign", last_touch=True).lines

    mqls = {value: (line.mqls, line.sqls, line.customers) for value, line in found.items()}
    assert mqls == {str(fair.pk): (1, 1, 1), str(spring.pk): (1, 0, 0), "": (1, 1, 1)}
    assert found[str(fair.pk)].revenue == Decimal("400.00")
    by_source = economics(scope(), by="source", last_touch=True).lines
    assert {value: line.mqls for value, line in by_source.items() if line.mqls} == {
        "event": 1,
        "webinar": 1,
        "": 1,
    }


def test_economics_as_of_a_day(spent):
    # By the end of 9 January: a is an SQL, c a customer, no deal of a is won.
    event = economics(scope(as_of=date(2026, 1, 9)), by="source").lines["event"]

    assert counted(event) == (2, 2, 1, 0, 1, 2)
    assert event.revenue == 0
    # 80 / 31 days x 9.
    assert event.cost == Decimal("23.23")


def test_economics_respect_filters(spent, fair):
    found = economics(scope(campaign=str(fair.pk)), by="source")

    assert set(found.lines) == {"event"}
    assert counted(found.total) == (1, 1, 1, 1, 1, 1)
    assert economics(scope(source="nowhere"), by="source").lines == {}


def test_economics_of_nothing(refresh):
    refresh()

    found = economics(scope(), by="source")

    assert found.lines == {}
    assert (found.total.revenue, found.total.cost, found.total.return_on_cost) == (0, None, None)
