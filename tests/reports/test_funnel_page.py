from __future__ import annotations

import html
import json
import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import UserFactory

pytestmark = pytest.mark.anydatabase

URL = "/reports/funnel/"
ROWS = "/reports/funnel/rows/"
JANUARY = "first_day=2026-01-01&last_day=2026-01-31"


@pytest.fixture(autouse=True)
def on_15_march_2026():
    with time_machine.travel(datetime(2026, 3, 15, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def signed_in(signed_in, refresh, monkeypatch):
    """What was made until then is folded in before each page."""
    get = signed_in.get
    monkeypatch.setattr(signed_in, "get", lambda *args, **kwargs: (refresh(), get(*args, **kwargs))[1])
    return signed_in


def text_of(response) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def rows_of(response, table: str) -> list[list[str]]:
    """The cells of a table's body, as text."""
    part = re.search(rf'id="table-{table}".*?</table>', response.content.decode(), re.S).group()
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", re.search(r"<tbody>(.*?)</tbody>", part, re.S).group(), re.S)
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S) for row in rows]
    return [[re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip() for cell in row] for row in cells]


def links_of(response) -> list[tuple[str, int]]:
    """Each link to a list of leads, with the number that it stands behind."""
    found = re.findall(rf'href="({ROWS}[^"]*)"[^>]*>([\d,]+)', response.content.decode())
    return [(html.unescape(address), int(number.replace(",", ""))) for address, number in found]


def test_funnel_page_shows_steps_with_conversions_and_counts(signed_in, eight_leads):
    response = signed_in.get(f"{URL}?{JANUARY}")

    assert rows_of(response, "steps") == [
        ["Lead", "7", "", ""],
        ["MQL", "6", "85.7 % 6 of 7", "85.7 % 6 of 7"],
        ["SQL", "3", "50.0 % 3 of 6", "42.9 % 3 of 7"],
        ["Opportunity", "2", "66.7 % 2 of 3", "28.6 % 2 of 7"],
        ["Customer", "2", "100.0 % 2 of 2", "28.6 % 2 of 7"],
    ]
    assert "Conversion from the step before" in text_of(response)


def test_period_funnel_is_labelled_ratio(signed_in, eight_leads):
    text = text_of(signed_in.get(f"{URL}?{JANUARY}&mode=period"))

    assert "Ratio from the step before" in text
    assert "Conversion from the step before" not in text


def test_by_source_table_keeps_not_recorded_apart_from_unknown(signed_in, eight_leads):
    rows = rows_of(signed_in.get(f"{URL}?{JANUARY}"), "by")

    assert [[row[0], row[1], row[2], row[6], row[7]] for row in rows] == [
        ["Webinar", "4", "4", "25.0 % 1 of 4", "25.0 % 1 of 4"],
        ["unknown", "2", "1", "0.0 % 0 of 2", "0.0 % 0 of 1"],
        ["Event", "0", "0", "– 0 of 0", "100.0 % 1 of 1"],
        ["Not recorded", "1", "1", "100.0 % 1 of 1", "– 0 of 0"],
        ["All", "7", "6", "28.6 % 2 of 7", "33.3 % 2 of 6"],
    ]


def test_mql_to_sql_shows_all_outcomes(signed_in, eight_leads):
    response = signed_in.get(f"{URL}?{JANUARY}")

    assert rows_of(response, "outcomes") == [
        ["Accepted", "2", "33.3 % 2 of 6"],
        ["Rejected", "2", "33.3 % 2 of 6"],
        ["Withdrawn", "1", "16.7 % 1 of 6"],
        ["Waiting", "1", "16.7 % 1 of 6"],
        ["All", "6", ""],
    ]
    assert rows_of(response, "rates")[1] == ["Accepted of the decided", "50.0 % 2 of 4"]


def test_figure_has_the_numbers_of_the_table(signed_in, eight_leads):
    page = signed_in.get(f"{URL}?{JANUARY}").content.decode()
    figure = json.loads(re.search(r'<script id="figure-steps-figure"[^>]*>(.*?)</script>', page).group(1))

    assert figure["data"][0]["type"] == "funnel"
    assert figure["data"][0]["x"] == [7, 6, 3, 2, 2]
    assert figure["data"][0]["marker"]["color"][1] == "var(--lf-stage-mql)"


@pytest.mark.parametrize(
    "query", [JANUARY, f"{JANUARY}&mode=period", f"{JANUARY}&source=webinar&as_of=2026-01-10"]
)
def test_every_number_leads_to_a_list_of_that_length(signed_in, eight_leads, query):
    links = links_of(signed_in.get(f"{URL}?{query}"))

    assert len(links) > 15
    for address, number in links:
        page = signed_in.get(address)
        assert page.context["page"].total == len(page.context["page"].rows) == number, address


@pytest.mark.parametrize("mode", ["cohort", "period"])
@pytest.mark.parametrize("chosen", ["", "source=-", "country=DE", "campaign=Webinar January"])
def test_screen_command_and_lists_agree(signed_in, eight_leads, capsys, mode, chosen):
    page = signed_in.get(f"{URL}?{JANUARY}&mode={mode}&{chosen}&as_of=2026-02-28")
    option = [f"--{chosen}"] if chosen else []
    call_command(
        "report", "funnel", "--start=2026-01-01", "--end=2026-02-01", "--as-of=2026-02-28", f"--mode={mode}",
        "--by=source", "--json", *option,
    )  # fmt: skip
    printed = json.loads(capsys.readouterr().out)

    rows = {"cohort": "rows=leads&reached={}", "period": "rows=visits&stage={}&entry=first"}
    shown = [int(row[1]) for row in rows_of(page, "steps")]
    listed = [
        signed_in.get(f"{ROWS}?{JANUARY}&{chosen}&as_of=2026-02-28&{rows[mode].format(stage)}")
        .context["page"]
        .total
        for stage in ("lead", "mql", "sql", "opportunity", "customer")
    ]

    assert shown == [step["leads"] for step in printed["tables"]["steps"]] == listed
    assert sum(shown) > 0
    sources = {row[0]: int(row[1]) for row in rows_of(page, "by")}
    assert sources == {line["label"]: line["lead"] for line in printed["tables"]["by"]}


def test_default_is_the_cohort_of_the_last_twelve_months(signed_in, a_lead):
    a_lead("2025-04-01")  # the first day of the twelve months that end with 15 March 2026
    a_lead("2025-03-31 23:59:59")

    response = signed_in.get(URL)

    assert rows_of(response, "steps")[0][1] == "1"
    assert response.context["form"]["first_day"].value() == "2025-04-01"
    assert response.context["form"]["last_day"].value() == "2026-03-15"


def test_days_that_were_changed_win_over_the_preset_of_the_form(signed_in, db):
    response = signed_in.get(f"{URL}?period=last_30_days&first_day=2026-01-01&last_day=2026-01-31")

    assert response.context["asked"].preset == ""
    assert str(response.context["asked"].scope.period) == "2026-01-01 to 2026-01-31"


def test_part_only_for_htmx_with_the_shortest_address(signed_in, eight_leads):
    days = "period=last_90_days&first_day=2025-12-16&last_day=2026-03-15"
    response = signed_in.get(
        f"{URL}?{days}&mode=cohort&source=Webinar&as_of=", headers={"HX-Request": "true"}
    )

    assert response.content.decode().strip().startswith('<div id="report"')
    assert "<html" not in response.content.decode()
    assert response.headers["HX-Push-Url"] == f"{URL}?period=last_90_days&source=Webinar"


def test_part_is_what_a_reload_of_the_pushed_address_shows(signed_in, eight_leads):
    part = signed_in.get(f"{URL}?{JANUARY}&mode=period&country=DE", headers={"HX-Request": "true"})
    reloaded = signed_in.get(part.headers["HX-Push-Url"])

    assert without_tokens(part).strip() in without_tokens(reloaded)


def without_tokens(response) -> str:
    """They are masked anew in every answer."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "first_day=2026-02-01&last_day=2026-01-01",
            "The first day, 2026-02-01, is after the last day, 2026-01-01.",
        ),
        ("first_day=2026-02-30&last_day=2026-03-01", "First day is not a date: write it as YYYY-MM-DD."),
        ("first_day=2026-02-01", "Last day is missing."),
        ("as_of=yesterday", "As of is not a date: write it as YYYY-MM-DD."),
        ("period=last_decade", "There is no period “last_decade”."),
        (
            "mode=sideways",
            "“sideways” is no choice of “Counted as”. Choose one of: cohort, period, windowed.",
        ),
        (
            "source=Nowhere",
            "“Nowhere” is not the source of any lead: choose one of Event, unknown, Webinar, or “-”,",
        ),
        ("compare=decade", "“decade” is nothing to compare with. Choose one of: none, previous, year."),
        ("band=60", "“60” is not the score band of any handoff: there is none yet; choose “-”,"),
        ("first_day=1969-12-31&last_day=2026-01-01", "First day must lie between 1970-01-01 and 2199-12-31."),
        ("as_of=9999-12-31", "As of must lie between 1970-01-01 and 2199-12-31."),
        ("source=%00", "is not the source of any lead"),
    ],
)
def test_invalid_question_shows_its_error_and_no_numbers(signed_in, eight_leads, query, message):
    for address in (URL, ROWS):
        response = signed_in.get(f"{address}?{query}")

        assert response.status_code == 200
        assert message in text_of(response)
        assert "table-steps" not in response.content.decode()


@pytest.mark.parametrize(
    "extreme", ["first_day=0001-01-01&last_day=9999-12-30", "as_of=9999-12-31", "as_of=0001-01-01"]
)
def test_extreme_days_are_answered(signed_in, eight_leads, extreme):
    assert signed_in.get(f"{URL}?{extreme}").status_code == 200


def test_choice_without_leads_shows_an_empty_state(signed_in, eight_leads):
    text = text_of(signed_in.get(f"{URL}?first_day=2020-01-01&last_day=2020-01-31"))

    assert "Nothing to count here" in text


def test_anonymous_is_sent_to_the_login(client, db):
    for address in (URL, ROWS):
        response = client.get(address)
        assert response.status_code == 302
        assert response.url.startswith("/login/")


def test_only_get_is_allowed(signed_in):
    for address in (URL, ROWS):
        assert signed_in.post(address).status_code == 405


def test_number_of_queries_does_not_grow(client, a_lead, refresh):
    client.force_login(UserFactory())
    few = []
    for number in range(30):
        a_lead("2026-01-02", {"mql": "2026-01-03"}, source=f"Source {number}")
        if number in (0, 29):
            refresh()
            cache.clear()  # the clock stands still, so that this fold is as old as the one before
            few.append(queries_of(client, f"{URL}?{JANUARY}"))
            few.append(queries_of(client, f"{ROWS}?{JANUARY}&rows=visits&stage=mql"))

    page, rows, page_of_many, rows_of_many = few
    assert (page_of_many, rows_of_many) == (page, rows)


def queries_of(client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)


# --- The list behind a number ------------------------------------------------------------------------------------


def test_list_pages_hold_each_lead_once(signed_in, a_lead):
    for _ in range(120):  # many of the same instant: the place in the list is (created, id)
        a_lead("2026-01-02")

    address, found = f"{ROWS}?{JANUARY}&rows=leads&reached=lead", []
    while address:
        response = signed_in.get(address)
        found.append([row.lead.pk for row in response.context["page"].rows])
        following = re.search(rf'href="({ROWS}[^"]*after=[^"]*)"', response.content.decode())
        address = html.unescape(following.group(1)) if following else ""

    assert [len(page) for page in found] == [50, 50, 20]
    assert len({pk for page in found for pk in page}) == 120


def test_list_of_visits_says_what_became_of_them(signed_in, eight_leads):
    response = signed_in.get(f"{ROWS}?{JANUARY}&rows=visits&stage=mql&outcome=rejected")

    assert {row.lead for row in response.context["page"].rows} == {eight_leads["b"], eight_leads["g"]}
    assert {row.at for row in response.context["page"].rows} == {date(2026, 1, 7), date(2026, 1, 9)}
    assert "MQL visits: rejected" in text_of(response)


@pytest.mark.parametrize("after", ["x", "1~", "-99999999999999999~1", "1~9999999999999999999"])
def test_place_that_cannot_be_is_refused(signed_in, eight_leads, after):
    text = text_of(signed_in.get(f"{ROWS}?{JANUARY}&rows=leads&after={after}"))

    assert "no place in this list" in text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("rows=moons", "“moons” is no list. There are: visits, leads, deals."),
        ("rows=visits&stage=moon", "“moon” is no stage. There are: lead, mql, sql,"),
        ("rows=visits&outcome=lost", "“lost” is no outcome. There are: accepted, rejected,"),
        ("rows=visits&when=never", "“never” is no way of choosing by time. There are: entered, left,"),
        ("rows=visits&colour=red", "There is no condition “colour” for visits. There are: "),
        ("rows=visits&hours_from=-1", "“-1” is no number of hours: give a whole number up to"),
        ("rows=visits&ripe=91", "“91” is no number of days: give a whole number up to 90."),
        ("rows=visits&reason=9999999999999999999999", "is no reason: give a whole number"),
        ("rows=leads&reached=recycled", "“recycled” is no stage to reach. There are: lead,"),
        ("rows=leads&reached=mql&reached_month=2026-13", "“2026-13” is no month: write it as YYYY-MM."),
        ("rows=deals&state=sold", "“sold” is no state. There are: open, won,"),
    ],
)
def test_list_of_something_unknown_is_refused(signed_in, eight_leads, query, sentence):
    response = signed_in.get(f"{ROWS}?{JANUARY}&{query}")

    assert sentence in text_of(response)
    assert response.context["page"] is None
