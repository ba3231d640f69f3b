"""Real leads of 2018, imported by the commands: the figures are those that are known of the data set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from leads.models import Handoff
from reports.store.folding import fold
from tests.reports.test_funnel_page import URL, rows_of

DATA = Path(__file__).parents[3] / "shared" / "data"
LEADS, DEALS = DATA / "olist_2018Q1_mql.csv", DATA / "olist_2018Q1_closed_deals.csv"
SYSTEM = "--source-system=olist"
# MQLs and customers by origin; blank is not the same as "unknown".
BY_SOURCE = {
    "organic_search": (1043, 154),
    "paid_search": (644, 102),
    "unknown": (493, 107),
    "social": (457, 39),
    "direct_traffic": (227, 34),
    "email": (203, 9),
    "referral": (113, 8),
    "other": (77, 2),
    "display": (45, 2),
    "": (21, 8),
    "other_publicities": (20, 3),
}
BY_MONTH = {("2018-01-01", "2018-02-01"): (1141, 152), ("2018-02-01", "2018-03-01"): (1028, 149)} | {
    ("2018-03-01", "2018-04-01"): (1174, 167)
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not LEADS.exists(), reason=f"{LEADS} is not there"),
]


@pytest.fixture
def olist(db, capsys) -> None:
    call_command(
        "import_leads", str(LEADS), SYSTEM,
        "--map=mql_id=external_id", "--map=first_contact_date=created_at",
        "--map=origin=source", "--map=landing_page_id=landing_page",
    )  # fmt: skip
    call_command(
        "import_history", str(LEADS), SYSTEM,
        "--map=mql_id=lead", "--map=first_contact_date=entered_at", "--set=stage=mql",
        "--map=origin=ignore", "--map=landing_page_id=ignore",
    )  # fmt: skip
    call_command(
        "import_history", str(DEALS), SYSTEM,
        "--map=mql_id=lead", "--map=won_date=entered_at", "--set=stage=customer",
        "--map=sr_id=actor", "--map=declared_monthly_revenue=amount",
    )  # fmt: skip
    with connection.cursor() as cursor:
        # As autovacuum does soon after; without it PostgreSQL plans for empty tables.
        cursor.execute("ANALYZE")
    fold()
    capsys.readouterr()


def funnel(capsys, start: str, end: str, *options: str) -> dict:
    call_command("report", "funnel", f"--start={start}", f"--end={end}", "--json", *options)
    return json.loads(capsys.readouterr().out)


def mqls_and_customers(part: dict) -> tuple[int, int]:
    leads = {step["key"]: step["leads"] for step in part["tables"]["steps"]}
    return leads["mql"], leads["customer"]


def test_olist_funnel_is_the_one_that_is_known(olist, capsys, signed_in):
    quarter = funnel(capsys, "2018-01-01", "2018-04-01", "--by=source")

    tables = quarter["tables"]
    assert [step["leads"] for step in tables["steps"]] == [3343, 3343, 468, 468, 468]
    assert f"{tables['steps'][-1]['of_first'] * 100:.4f}" == "13.9994"
    *sources, everything = tables["by"]
    assert {line["key"]: (line["mql"], line["customer"]) for line in sources} == BY_SOURCE
    assert sources[-1]["key"] == ""
    assert (everything["mql"], everything["customer"]) == (3343, 468)
    for (start, end), expected in BY_MONTH.items():
        assert mqls_and_customers(funnel(capsys, start, end)) == expected

    # By visits: one lead was won two days before it came, so nothing follows its MQL visit, the last thing in
    # its history. Nobody is asked to decide it: the queue has one waiting handoff less.
    outcomes = {line["key"]: line["visits"] for line in tables["outcomes"]}
    assert outcomes["accepted"] == 468 - 1
    assert outcomes["waiting"] == 2875 + 1
    assert Handoff.objects.waiting().filter(origin="import", decide_due_at=None).count() == 2875

    page = signed_in.get(f"{URL}?first_day=2018-01-01&last_day=2018-03-31")
    assert [row[1] for row in rows_of(page, "steps")] == ["3,343", "3,343", "468", "468", "468"]
    shown = {row[0]: (row[2].split()[0], row[5].split()[0]) for row in rows_of(page, "by")}
    assert shown["organic_search"] == ("1,043", "154")
    assert shown["Not recorded"] == ("21", "8")


def test_olist_time_to_win_and_cohorts_are_those_that_are_known(olist, capsys):
    def report(name: str, *options: str) -> dict:
        call_command("report", name, "--start=2018-01-01", "--json", *options)
        return json.loads(capsys.readouterr().out)["tables"]

    # All of them were won by the end of 2018. Days from first contact, which is here both creation and MQL.
    for start in ("lead", "mql"):
        (days,) = report("velocity", "--end=2019-01-01", f"--start-stage={start}")["win"]
        assert {name: days[name] for name in ("customers", "median", "p90", "shortest", "negative", "without")} == {
            "customers": 468, "median": 15, "p90": 126, "shortest": -2, "negative": 1, "without": 0,
        }  # fmt: skip
        assert f"{days['mean']:.4f}" == "41.0598"

    # By month of first contact, to this day.
    months = report("cohorts", "--end=2018-04-01", "--goal=customer", "--show=count")["cohorts"]
    assert [(month["key"], month["leads"], month["reached"]) for month in months] == [
        ("2018-01", 1141, 152), ("2018-02", 1028, 149), ("2018-03", 1174, 167),
    ]  # fmt: skip
