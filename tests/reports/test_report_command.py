from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command

JANUARY = ("--start=2026-01-01", "--end=2026-02-01")


@pytest.fixture(autouse=True)
def on_the_last_day_of_2026():
    with time_machine.travel(datetime(2026, 12, 31, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture(autouse=True)
def folded(request, db, on_the_last_day_of_2026, refresh):
    """What the other fixtures made is folded in before the command."""
    if "eight_leads" in request.fixturenames:
        request.getfixturevalue("eight_leads")
    refresh()


def funnel(capsys, *options) -> str:
    call_command("report", "funnel", *options)
    return capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")


def test_funnel_as_text(eight_leads, capsys):
    assert funnel(capsys, *JANUARY, "--as-of=2026-12-31", "--by=source") == (
        """\
Funnel of 2026-01-01 to 2026-01-31, as of 2026-12-31
Counted as: Cohort, Window: 14 days, Broken down by: Source

Lead         7
MQL          6  85.7 % of the cohort’s leads
SQL          3  42.9 % of the cohort’s leads
Opportunity  2  28.6 % of the cohort’s leads
Customer     2  28.6 % of the cohort’s leads

Leads created in the period, by the furthest stage they ever reached
Stage        Leads  Conversion from the step before          Overall
Lead             7
MQL              6                  85.7 % (6 of 7)  85.7 % (6 of 7)
SQL              3                  50.0 % (3 of 6)  42.9 % (3 of 7)
Opportunity      2                  66.7 % (2 of 3)  28.6 % (2 of 7)
Customer         2                 100.0 % (2 of 2)  28.6 % (2 of 7)

MQL to SQL
33.3 % of the 6 MQL visits that began in the period were accepted: 50.0 % of the 4 decided.

MQL to SQL: What became of the MQL visits
Outcome    Visits     Share of all
Accepted        2  33.3 % (2 of 6)
Rejected        2  33.3 % (2 of 6)
Withdrawn       1  16.7 % (1 of 6)
Waiting         1  16.7 % (1 of 6)
All             6

MQL to SQL: Rates
Rate                                                       Share
Accepted of all visits                           33.3 % (2 of 6)
Accepted of the decided                          50.0 % (2 of 4)
Accepted within 14 days, of those that had them  33.3 % (2 of 6)

By source
Source        Lead  MQL  SQL  Opportunity  Customer                Overall             MQL to SQL             Of decided
Webinar          4    4    2            1         1   25.0 % (1 of 4; few)   25.0 % (1 of 4; few)   33.3 % (1 of 3; few)
unknown          2    1    0            0         0    0.0 % (0 of 2; few)    0.0 % (0 of 1; few)             – (0 of 0)
Event            0    0    0            0         0             – (0 of 0)  100.0 % (1 of 1; few)  100.0 % (1 of 1; few)
Not recorded     1    1    1            1         1  100.0 % (1 of 1; few)             – (0 of 0)             – (0 of 0)
All              7    6    3            2         2   28.6 % (2 of 7; few)   33.3 % (2 of 6; few)   50.0 % (2 of 4; few)

few: Too few to be judged: chance alone moves this number.
"""
    )


def test_funnel_as_json(eight_leads, capsys):
    found = json.loads(funnel(capsys, *JANUARY, "--as-of=2026-12-31", "--by=source", "--json"))
    tables = found["tables"]

    assert tables["steps"][2] == {
        "key": "sql",
        "label": "SQL",
        "leads": 3,
        "of_previous": 3 / 6,
        "of_first": 3 / 7,
        "_of": {"of_previous": [3, 6], "of_first": [3, 7]},
    }
    assert {row["key"]: row["visits"] for row in tables["outcomes"]} == {
        "accepted": 2,
        "rejected": 2,
        "withdrawn": 1,
        "waiting": 1,
        "all": 6,
    }
    assert [(row["key"], row["share"]) for row in tables["rates"]] == [
        ("of_visits", 2 / 6),
        ("of_decided", 2 / 4),
        ("within", 2 / 6),
    ]
    assert [line["key"] for line in tables["by"]] == ["webinar", "unknown", "event", "", "all"]
    assert found["filters"] == {}
    assert (found["start"], found["end"], found["as_of"]) == ("2026-01-01", "2026-02-01", "2026-12-31")


def test_one_table_as_csv(eight_leads, capsys):
    written = funnel(capsys, *JANUARY, "--as-of=2026-12-31", "--csv", "--table=outcomes")

    assert written.splitlines() == [
        "key,outcome,visits,share,share_part,share_whole",
        f"accepted,Accepted,2,{2 / 6},2,6",
        f"rejected,Rejected,2,{2 / 6},2,6",
        f"withdrawn,Withdrawn,1,{1 / 6},1,6",
        f"waiting,Waiting,1,{1 / 6},1,6",
        "all,All,6,,,",
    ]


def test_all_tables_as_csv_stand_below_their_names(eight_leads, capsys):
    blocks = funnel(capsys, *JANUARY, "--csv").replace("\r\n", "\n").split("\n\n")

    assert [block.split("\n")[0] for block in blocks] == ["steps", "outcomes", "rates", "by"]


def test_comparison_stands_beside_the_numbers(eight_leads, capsys):
    # December: h alone, who reached sql.
    found = json.loads(funnel(capsys, *JANUARY, "--compare=previous", "--json"))

    assert found["before"] == {"start": "2025-12-01", "end": "2026-01-01"}
    assert found["tiles"]["sql"] == {"value": 3, "before": 1}


def test_period_by_its_name(a_lead, capsys, refresh):
    with time_machine.travel("2026-03-15 12:00 +0000", tick=False):
        a_lead("2026-02-10")
        refresh()
        found = json.loads(funnel(capsys, "--period=last_month", "--json"))

    assert (found["start"], found["end"]) == ("2026-02-01", "2026-03-01")
    assert found["tables"]["steps"][0]["leads"] == 1


def test_end_is_exclusive(a_lead, capsys, refresh):
    a_lead("2026-01-31 23:59:59")
    a_lead("2026-02-01")
    refresh()

    assert json.loads(funnel(capsys, *JANUARY, "--json"))["tables"]["steps"][0]["leads"] == 1


def test_the_widest_period_is_counted(a_lead, capsys, refresh):
    a_lead("2026-01-31")
    refresh()

    found = json.loads(funnel(capsys, "--start=1970-01-01", "--end=2200-01-01", "--json"))

    assert found["tables"]["steps"][0]["leads"] == 1


def test_leads_whose_source_is_not_recorded(eight_leads, capsys):
    found = json.loads(funnel(capsys, *JANUARY, "--source=-", "--json"))

    assert [step["leads"] for step in found["tables"]["steps"]] == [1, 1, 1, 1, 1]
    assert found["filters"]["source"] == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--start=2026-02-01", "--end=2026-01-01"], "--end must be after --start: 2026-01-01 is not after 2026-02-01"),
        (["--start=2026-01-01", "--end=2026-01-01"], "--end must be after --start"),
        (["--start=soon", "--end=2026-01-01"], "--start “soon” is not a date: write it as YYYY-MM-DD."),
        (["--start=2026-02-29", "--end=2026-03-01"], "--start “2026-02-29” is not a date"),
        (["--start=2026-01-01", "--end="], "--end is missing: write it as YYYY-MM-DD."),
        ([*JANUARY, "--as-of=2027-01-01"], "--as-of must lie between 1970-01-01 and 2026-12-31, not on 2027-01-01."),
        ([*JANUARY, "--as-of=31.12.2026"], "--as-of “31.12.2026” is not a date"),
        (["--start=0001-01-01", "--end=9999-12-31"], "--start must lie between 1970-01-01 and 2199-12-31, not on 0"),
        (["--start=2026-01-01", "--end=9999-12-31"], "--end must lie between 1970-01-02 and 2200-01-01, not on 9"),
        (["--start=2026-01-01", "--end=2200-01-02"], "--end must lie between"),
        ([*JANUARY, "--as-of=9999-12-31"], "--as-of must lie between 1970-01-01 and 2026-12-31, not on 9999-12-31."),
        ([*JANUARY, "--source=Nowhere"], "--source “Nowhere” is not the source of any lead: choose one of Event,"),
        ([*JANUARY, "--source=Nowhere"], "Webinar, or “-”, which stands for “not recorded”."),
        ([*JANUARY, "--campaign=X"], "--campaign “X” is not the campaign of any lead: "),
        ([*JANUARY, "--country=Germany"], "any lead: choose one of DE, FR, or “-”, which stands for “not recorded”."),
        ([*JANUARY, "--mode=sideways"], "invalid choice: 'sideways'"),
        ([*JANUARY, "--by=moon"], "invalid choice: 'moon'"),
        (["--start=2026-01-01"], "--end is missing: write it as YYYY-MM-DD."),
        (["--end=2026-01-01"], "--start is missing: write it as YYYY-MM-DD."),
        ([*JANUARY, "--period=last_month"], "Give either --period, or --start and --end."),
        ([*JANUARY, "--grade=A9"], "--grade “A9” is not the grade of any handoff: there is none yet; choose “-”,"),
        ([*JANUARY, "--table=moon", "--csv"], "--table “moon” is no table of this report: choose one of steps,"),
        ([*JANUARY, "--table=steps"], "--table goes with --csv."),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_sentence(eight_leads, options, sentence):
    with pytest.raises(CommandError) as refusal:
        call_command("report", "funnel", *options)

    assert sentence in str(refusal.value)
    assert "_" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_unknown_preset_is_refused():
    with pytest.raises(CommandError, match="invalid choice: 'last_decade'"):
        call_command("report", "funnel", "--period=last_decade")


def test_unknown_report_is_refused():
    with pytest.raises(CommandError, match="invalid choice: 'tunnel'"):
        call_command("report", "tunnel")
