"""What is asked of every report, whatever it is about: all its forms agree."""

from __future__ import annotations

import csv
import html
import json
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from leads.models import Role
from reports.asking import Asked
from reports.catalogue import Report
from reports.dimensions import DIMENSIONS
from reports.document import MARKS, Document, Number, Table, title_in
from reports.drilling.conditions import conditions_of
from reports.drilling.listing import LISTED
from reports.filterbar import COMMON
from reports.templatetags.reportpage import figure_of
from reports.wording import value_words
from tests.factories import UserFactory
from tests.repo.test_structure import ROOT
from tests.reports.every_report import CHOICES, address_of, asked_of, each_report, every_option

# --- The page ---------------------------------------------------------------------------------------------------


@pytest.mark.anydatabase
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


@pytest.mark.anydatabase
@each_report
def test_page_with_each_option_is_shown(reader, report):
    for chosen in every_option(report):
        assert reader.get(address_of(report, asked_of(report, chosen))).status_code == 200


@pytest.mark.anydatabase
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


@pytest.mark.anydatabase
@each_report
def test_bad_option_is_a_sentence(reader, report):
    for option in report.options:
        page = reader.get(f"/reports/{report.key}/?{option.key}=sideways").content.decode()

        assert f"“sideways” is no choice of “{option.label}”." in html.unescape(page)


# --- All forms say the same -------------------------------------------------------------------------------------


@pytest.mark.anydatabase
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
