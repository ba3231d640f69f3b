"""What is asked of every report: behind each number stands a list, with as many rows."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from reports.document import Document, Drill
from reports.drilling.listing import rows_behind
from reports.drilling.totals import kept_total
from tests.reports.every_report import CHOICES, asked_of, counted, each_choice, each_report, every_option


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
    length = lengths(document)
    return [
        (where, said, length(drill), drill)
        for where, said, drill in counted(document)
        if length(drill) != said
    ]


def lengths(document: Document) -> Callable[[Drill], int]:
    """Counts the rows of each list once: a number stands in tables and charts, often."""
    known: dict[Any, int] = {}

    def length(drill: Drill) -> int:
        key = drill.rows, frozenset(drill.where.items())
        if key not in known:
            known[key] = rows_behind(drill, document.scope).rows.count()
        return known[key]

    return length


@each_report
@pytest.mark.parametrize("name", ["all", "a source", "another period"])
def test_length_of_a_list_that_daily_counts_tell_is_that_of_its_rows(world, db, report, name):
    asked = asked_of(report, CHOICES[name])
    document = report.build(asked.question)
    drills, length = [drill for _, _, drill in counted(document)], lengths(document)

    kept = [(drill, total) for drill in drills if (total := kept_total(drill, document.scope)) is not None]

    assert [(drill, total) for drill, total in kept if length(drill) != total] == []


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
