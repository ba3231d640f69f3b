from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

JANUARY = ("--start=2026-01-01", "--end=2026-02-01")


def funnel(capsys, *options) -> str:
    call_command("report", "funnel", *options)
    return capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")


def test_funnel_as_text(eight_leads, capsys):
    assert funnel(capsys, *JANUARY, "--as-of=2026-12-31", "--by=source") == (
        """\
Funnel of 2026-01-01 to 2026-01-31 (leads created in the period), as of 2026-12-31

Stage        Leads  Conversion  Overall
Lead             7           –   100.0 %
MQL              6      85.7 %   85.7 %
SQL              3      50.0 %   42.9 %
Opportunity      2      66.7 %   28.6 %
Customer         2     100.0 %   28.6 %

MQL to SQL: 2 of 6 visits accepted (33.3 %), 50.0 % of 4 decided; 2 rejected, 1 withdrawn, 1 waiting.

Source        Lead  MQL  SQL  Opportunity  Customer  Overall        MQL to SQL
Webinar          4    4    2            1         1   25.0 %   25.0 % (1 of 4)
unknown          2    1    0            0         0    0.0 %    0.0 % (0 of 1)
Event            0    0    0            0         0        –  100.0 % (1 of 1)
not recorded     1    1    1            1         1  100.0 %        – (0 of 0)
""".replace(
            "Overall\nLead             7           –   100.0 %",
            "Overall\nLead             7           –  100.0 %",
        )
    )


def test_funnel_as_json(eight_leads, capsys):
    found = json.loads(funnel(capsys, *JANUARY, "--as-of=2026-12-31", "--by=source", "--json"))

    assert found["steps"][2] == {"stage": "sql", "leads": 3, "of_previous": 3 / 6, "of_first": 3 / 7}
    assert found["mql_to_sql"] == {
        "accepted": 2,
        "rejected": 2,
        "withdrawn": 1,
        "waiting": 1,
        "visits": 6,
        "decided": 4,
        "accepted_of_visits": 2 / 6,
        "accepted_of_decided": 2 / 4,
    }
    assert [line["source"] for line in found["by_source"]] == ["Webinar", "unknown", "Event", ""]
    assert found["filters"] == {"source": None, "campaign": None, "country": None}


def test_end_is_exclusive(a_lead, capsys):
    a_lead("2026-01-31 23:59:59")
    a_lead("2026-02-01")

    assert json.loads(funnel(capsys, *JANUARY, "--json"))["steps"][0]["leads"] == 1


def test_the_widest_period_is_counted(a_lead, capsys):
    a_lead("2026-01-31")

    found = json.loads(funnel(capsys, "--start=1970-01-01", "--end=2200-01-01", "--json"))

    assert found["steps"][0]["leads"] == 1


def test_leads_whose_source_is_not_recorded(eight_leads, capsys):
    found = json.loads(funnel(capsys, *JANUARY, "--source=-", "--json"))

    assert [step["leads"] for step in found["steps"]] == [1, 1, 1, 1, 1]
    assert found["filters"]["source"] == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--start=2026-02-01", "--end=2026-01-01"], "--end must be after --start: 2026-01-01 is not after 2026-02-01"),
        (["--start=2026-01-01", "--end=2026-01-01"], "--end must be after --start"),
        (["--start=soon", "--end=2026-01-01"], "--start “soon” is not a date: write it as YYYY-MM-DD."),
        (["--start=2026-02-29", "--end=2026-03-01"], "--start “2026-02-29” is not a date"),
        (["--start=2026-01-01", "--end="], "--end is missing: write it as YYYY-MM-DD."),
        ([*JANUARY, "--as-of=31.12.2026"], "--as-of “31.12.2026” is not a date"),
        (["--start=0001-01-01", "--end=9999-12-31"], "--start must lie between 1970-01-01 and 2199-12-31, not on 0"),
        (["--start=2026-01-01", "--end=9999-12-31"], "--end must lie between 1970-01-02 and 2200-01-01, not on 9"),
        (["--start=2026-01-01", "--end=2200-01-02"], "--end must lie between"),
        ([*JANUARY, "--as-of=9999-12-31"], "--as-of must lie between 1970-01-01 and 2199-12-31, not on 9999-12-31."),
        ([*JANUARY, "--source=Nowhere"], "--source “Nowhere” is not the source of any lead: choose one of Event,"),
        ([*JANUARY, "--source=Nowhere"], "Webinar, or “-”, which stands for “not recorded”."),
        ([*JANUARY, "--campaign=X"], "--campaign “X” is not the campaign of any lead: "),
        ([*JANUARY, "--country=Germany"], "any lead: choose one of DE, FR, or “-”, which stands for “not recorded”."),
        ([*JANUARY, "--mode=sideways"], "invalid choice: 'sideways'"),
        ([*JANUARY, "--by=moon"], "invalid choice: 'moon'"),
        (["--start=2026-01-01"], "the following arguments are required: --end"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_sentence(eight_leads, options, sentence):
    with pytest.raises(CommandError) as refusal:
        call_command("report", "funnel", *options)

    assert sentence in str(refusal.value)
    assert "_" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_unknown_report_is_refused():
    with pytest.raises(CommandError, match="invalid choice: 'tunnel'"):
        call_command("report", "tunnel")
