"""What is asked of every report, whatever it is about: all its forms agree, and every number has its list."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from leads.models import Role
from reports.asking import Asked, ask
from reports.catalogue import Report, all_reports
from reports.dimensions import DIMENSIONS
from reports.document import MARKS, Chart, Document, Drill, Kind, Number, Table, title_in
from reports.drilling.conditions import conditions_of
from reports.drilling.listing import LISTED, rows_behind
from reports.drilling.totals import kept_total
from reports.filterbar import COMMON
from reports.period import today
from reports.templatetags.reportpage import figure_of
from reports.wording import value_words
from tests.factories import UserFactory
from tests.repo.test_structure import ROOT
from tests.reports.world import NOW, make_world

REPORTS = all_reports()
SHORT_QUARTER = {"first_day": "2026-01-01", "last_day": "2026-03-31"}
CHOICES: dict[str, dict[str, str]] = {
    "all": {},
    "a source": {"source": "webinar"},
    "no source": {"source": "-"},
    "a source like a formula": {"source": "=sum(a1:a9)"},
    "a country and a source": {"source": "unknown", "country": "DE"},
    "a grade": {"grade": "A2"},
    "a rep": {"rep": "Ann Arctic"},
    "a team": {"team": "=South"},
    "nobody who decided": {"rep": "-"},
    "a campaign": {"campaign": "webinar JANUARY"},
    "a past day": {"as_of": "2026-01-31"},
    "a day within, and a filter": {"as_of": "2026-01-09", "country": "DE"},
    "before anything": {"as_of": "2025-01-01"},
    "against the period before": {"compare": "previous"},
    "against the year before": {"compare": "year", "source": "Event"},
    "another period": {"first_day": "2026-02-01", "last_day": "2026-02-28"},
}

each_report = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.key)
each_choice = pytest.mark.parametrize("chosen", CHOICES.values(), ids=CHOICES)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic(), time_machine.travel(NOW, tick=False):
        make_world()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def reader(world, db) -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.MANAGER))
    return client


def asked_of(report: Report, chosen: dict[str, str]) -> Asked:
    asked = ask(report, SHORT_QUARTER | chosen, today=today()).asked
    assert asked is not None, chosen
    return asked


def address_of(report: Report, asked: Asked) -> str:
    return f"/reports/{report.key}/?{asked.query()}"


def every_option(report: Report) -> list[dict[str, str]]:
    """The defaults, and each other choice of an option once."""
    return [{}, *({option.key: value} for option in report.options for value, _ in option.choices[1:])]


# --- The page ---------------------------------------------------------------------------------------------------


@each_report
@pytest.mark.parametrize("role", [None, *Role])
def test_every_role_reads_the_page(world, db, report, role):
    client = Client()
    client.force_login(UserFactory(role=role))

    response = client.get(f"/reports/{report.key}/")

    assert response.status_code == 200
    assert report.title in response.content.decode()


@each_report
@pytest.mark.parametrize("name", ["a country and a source", "nobody who decided", "before anything"])
def test_page_is_shown_whatever_is_chosen(reader, report, name):
    asked = asked_of(report, CHOICES[name])

    response = reader.get(address_of(report, asked))

    assert response.status_code == 200
    assert response.context["asked"].parameters == asked.parameters


@each_report
def test_page_with_each_option_is_shown(reader, report):
    for chosen in every_option(report):
        assert reader.get(address_of(report, asked_of(report, chosen))).status_code == 200


@each_report
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("source=Nowhere", "“Nowhere” is not the source of any lead: choose one of"),
        ("grade=Z9", "“Z9” is not the grade of any handoff: choose one of A1, "),
        ("band=x'); DROP TABLE", "is not the score band of any handoff"),
        ("period=never", "There is no period “never”."),
        ("as_of=2026-03-16", "As of must be no later than today, 2026-03-15."),
        ("as_of=0000-13-45", "As of is not a date: write it as YYYY-MM-DD."),
        ("compare=moon", "“moon” is nothing to compare with."),
        ("as_of=soon", "As of is not a date: write it as YYYY-MM-DD."),
        ("first_day=2026-02-30&last_day=2026-03-01", "First day is not a date"),
        ("first_day=2026-03-01&last_day=2026-02-01", "is after the last day"),
    ],
)
def test_bad_parameter_is_a_sentence(reader, report, query, sentence):
    for address in ("", "rows/"):
        response = reader.get(f"/reports/{report.key}/{address}?{query}")

        assert response.status_code == 200
        assert sentence in html.unescape(response.content.decode())
        assert response.context["asked"] is None


@each_report
def test_bad_option_is_a_sentence(reader, report):
    for option in report.options:
        page = reader.get(f"/reports/{report.key}/?{option.key}=sideways").content.decode()

        assert f"“sideways” is no choice of “{option.label}”." in html.unescape(page)


# --- All forms say the same -------------------------------------------------------------------------------------


@each_report
@pytest.mark.parametrize("name", ["all", "no source", "a past day", "against the period before"])
def test_page_json_csv_and_text_have_the_same_numbers(reader, report, name, capsys):
    asked = asked_of(report, CHOICES[name])
    page = reader.get(f"/reports/{report.key}/sections/-/?{asked.query()}")
    document: Document = page.context["document"]
    printed = json.loads(command(capsys, report, CHOICES[name], "--json"))
    text = command(capsys, report, CHOICES[name])

    assert printed["tables"].keys() == {table.key for table in document.tables}
    for section, table in [(one, table) for one in document.sections for table in one.tables]:
        rows = printed["tables"][table.key]
        if document.empty:
            continue
        expected = [[row["label"], *words_of(table, row)] for row in rows]
        assert cells_of_page(page, table) == expected, table.key
        assert cells_of_text(text, title_in(section, table), expected), table.key
        assert rows_of_csv(reader, report, asked, table) == [bare_row(table, row) for row in rows], table.key
    assert {tile.key for tile in document.tiles} == printed["tiles"].keys()


def words_of(table: Table, row: dict[str, Any]) -> list[str]:
    """The values of a JSON row as pages write them; "" where there is none."""
    kinds = {row.key: row.numbers for row in table.rows}
    numbers = next(one.numbers for one in table.rows if (one.key, one.label) == (row["key"], row["label"]))
    assert kinds
    found = []
    for column in table.columns:
        number = numbers.get(column.key)
        assert (number is None) == (column.key not in row)
        found.append("" if number is None else words_of_value(number, row[column.key]))
    return found


def words_of_value(number: Number, bare: Any) -> str:
    value = number.value if bare is not None and str(number.value) == str(bare) else bare
    return value_words(value, number.kind).replace("\N{NO-BREAK SPACE}", " ")


def cells_of_page(page: Any, table: Table) -> list[list[str]]:
    """The label and the bare number of each cell, without what stands beside it."""
    if not table.rows:
        return []
    part = re.search(rf'<table[^>]*id="table-{table.key}".*?</table>', page.content.decode(), re.S)
    assert part, table.key
    body = re.search(r"<tbody>(.*?)</tbody>", part.group(), re.S).group(1)
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.S)
    return [[bare_cell(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)] for row in rows]


def bare_cell(cell: str) -> str:
    without = re.sub(r'<span class="lf-sub">.*?</span>', "", cell, flags=re.S)
    text = html.unescape(re.sub(r"<[^>]+>", "", without))
    return re.sub(r"\s+", " ", text).strip()


def cells_of_text(text: str, title: str, expected: list[list[str]]) -> bool:
    """Whether a table stands in the text with these words in the order of its cells."""
    block = next(block for block in text.split("\n\n") if block.startswith(title + "\n"))
    lines = block.split("\n")[2:]
    return not expected or all(
        line.startswith(cells[0]) and in_order(cells[1:], line[len(cells[0]) :])
        for line, cells in zip(lines, expected, strict=False)
    )


def in_order(words: list[str], line: str) -> bool:
    for word in words:
        place = line.find(word)
        if place < 0:
            return False
        line = line[place + len(word) :]
    return True


def rows_of_csv(reader: Client, report: Report, asked: Asked, table: Table) -> list[dict[str, str]]:
    response = reader.get(asked.files_of(table))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))
    for row in rows:
        for name, cell in row.items():
            is_number = bool(re.fullmatch(r"-?[\d.e-]+", cell))
            assert is_number or cell.strip()[:1] not in ("=", "+", "-", "@"), (name, cell)
    names = ["key", *(column.key for column in table.columns)]
    return [{name: row[name].removeprefix("'") for name in names} for row in rows]


def bare_row(table: Table, row: dict[str, Any]) -> dict[str, str]:
    return {
        name: "" if row.get(name) is None else str(row[name])
        for name in ("key", *(column.key for column in table.columns))
    }


def command(capsys: Any, report: Report, chosen: dict[str, str], *more: str) -> str:
    days = {"start": "2026-01-01", "end": "2026-04-01"}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in (days | chosen).items()]
    call_command("report", report.key, *options, *more)
    return capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")


@each_report
def test_command_refuses_with_the_sentence_of_the_page(world, db, report):
    with pytest.raises(CommandError, match="--source “Nowhere” is not the source of any lead"):
        call_command("report", report.key, "--source=Nowhere")


# --- Every number has its list ----------------------------------------------------------------------------------


@each_report
@each_choice
def test_list_is_as_long_as_its_number(world, db, report, chosen):
    asked = asked_of(report, chosen)

    assert disagreements(report.build(asked.question)) == []


@each_report
def test_list_is_as_long_as_its_number_with_each_option(world, db, report):
    for chosen in every_option(report):
        assert disagreements(report.build(asked_of(report, chosen).question)) == [], chosen


def disagreements(document: Document) -> list[Any]:
    return [
        (where, said, found, drill)
        for where, said, drill in counted(document)
        if (found := rows_behind(drill, document.scope).rows.count()) != said
    ]


@each_report
@pytest.mark.parametrize("name", ["all", "a source", "another period"])
def test_length_of_a_list_that_daily_counts_tell_is_that_of_its_rows(world, db, report, name):
    asked = asked_of(report, CHOICES[name])
    document = report.build(asked.question)
    drills = [drill for _, _, drill in counted(document)]

    kept = [(drill, total) for drill in drills if (total := kept_total(drill, document.scope)) is not None]

    assert [
        (drill, total) for drill, total in kept if rows_behind(drill, document.scope).rows.count() != total
    ] == []


def numbers_of(document: Document) -> Iterator[tuple[str, Number]]:
    for tile in document.tiles:
        yield f"tile {tile.key}", tile.number
    for table in document.tables:
        for row in table.rows:
            for key, number in row.numbers.items():
                yield f"{table.key} {row.label} {key}", number


def counted(document: Document) -> Iterator[tuple[str, int, Drill]]:
    """All that counts rows: numbers, the parts of shares, and the points of charts."""
    for where, number in numbers_of(document):
        said = number.of[0] if number.of else number.value if number.kind is Kind.COUNT else None
        if number.drill and isinstance(said, int):
            yield where, said, number.drill
    for section in document.sections:
        if section.chart:
            yield from points_of(section.chart)


def points_of(chart: Chart) -> Iterator[tuple[str, int, Drill]]:
    """Those that stand for whole numbers."""
    for trace, drills in zip(chart.figure["data"], chart.drills, strict=False):
        is_sideways = trace["type"] == "funnel" or trace.get("orientation") == "h"
        values = trace["x" if is_sideways else "y"]
        for value, drill in zip(values, drills, strict=True):
            if drill and isinstance(value, int):
                # What leaves is drawn below the line.
                yield f"chart {chart.key}", abs(value), drill


@each_report
def test_address_behind_a_number_shows_that_many_leads(reader, report):
    asked = asked_of(report, {"country": "DE"})
    document = report.build(asked.question)
    some = {asked.address_of(drill): said for _, said, drill in counted(document) if said}

    for address, said in list(some.items())[:25]:
        response = reader.get(address)
        page = response.context["page"]
        assert page is not None, (address, response.context["problems"])
        assert (page.total, len(page.rows)) == (said, min(said, 50)), address
        assert all(reader.get(f"/leads/{row.lead.pk}/").status_code == 200 for row in page.rows[:1])


@each_report
def test_list_as_a_file_has_the_same_rows(reader, report):
    asked = asked_of(report, {})
    drills = {drill.rows: (said, drill) for _, said, drill in counted(report.build(asked.question)) if said}

    for said, drill in drills.values():
        response = reader.get(asked.address_of(drill, "reports:rows_file"))
        rows = list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))
        assert len(rows) == said
        assert all(cell[:1] not in ("=", "@", "+", "-") for row in rows for cell in row.values())


# --- What a report is made of -----------------------------------------------------------------------------------


@each_report
def test_keys_are_unique_and_known(world, db, report):
    for chosen in every_option(report):
        document = report.build(asked_of(report, chosen).question)
        tables, sections = [table.key for table in document.tables], [one.key for one in document.sections]
        charts = [section.chart.key for section in document.sections if section.chart]
        titles = [title_in(one, table) for one in document.sections for table in one.tables]

        assert document.report == report.key
        for keys in (tables, sections, charts, [tile.key for tile in document.tiles]):
            assert len(keys) == len(set(keys)), keys
            assert all(re.fullmatch(r"[a-z0-9_-]+", key) for key in keys), keys
        assert len(titles) == len(set(titles)), titles
        assert set(document.marks) <= MARKS.keys()
        assert all(section.definition for section in document.sections)
        assert document.tables


@each_report
def test_options_are_no_filters_and_no_conditions(report):
    taken = {*COMMON, *DIMENSIONS, "rows", "after", "when", "start", "end", "json", "csv", "table"}
    taken |= {name for kind in LISTED for name in conditions_of(kind)}

    assert {option.key for option in report.options} & taken == set()


@each_report
def test_icon_is_in_the_sprite(report):
    sprite = (ROOT / "static/vendor/icons-3.51.0.svg").read_text()

    assert f'id="{report.icon}"' in sprite


@each_report
def test_figures_know_no_more_points_than_they_have_lists(world, db, report):
    asked = asked_of(report, {})

    for section in report.build(asked.question).sections:
        if section.chart:
            json.dumps(figure_of(section.chart, asked))


@each_report
def test_what_the_page_leaves_for_later_is_then_shown(reader, report):
    asked = asked_of(report, {"source": "webinar"})
    page = reader.get(address_of(report, asked))
    full = report.build(asked.question)

    assert [one.key for one in page.context["document"].sections] == [one.key for one in full.sections]
    for shown, whole in zip(page.context["document"].sections, full.sections, strict=True):
        if not shown.is_deferred:
            assert shown == whole
            continue
        part = reader.get(asked.section_address(shown), headers={"HX-Request": "true"})
        assert part.context["section"] == whole
