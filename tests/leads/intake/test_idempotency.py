"""The same input twice changes nothing, whatever the input; and its order does not matter where it should not."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.intake.report import Report
from tests.leads.intake.snapshots import facts_of_leads, rows_of_all

HEADER = [
    "external_id",
    "email",
    "company",
    "company_domain",
    "title",
    "city",
    "employees",
    "created_at",
    "plan",
]
ids = st.sampled_from(["", "x1", "x2", "x3", "X1"])
emails = st.sampled_from(
    ["", "ann@a.com", "ANN@a.com", "bo@b.com", "cy@gmail.com", "dé@b.com", "not an address"]
)
rows = st.tuples(
    ids,
    emails,
    st.sampled_from(["", "Acme", "ACME Inc.", "Bolt GmbH", "-"]),
    st.sampled_from(["", "acme.com", "https://www.bolt.de/x", "gmail.com", "no domain"]),
    st.sampled_from(["", "CEO", "Head of Sales", "Student"]),
    st.sampled_from(["", "Berlin", "berlin", "Łódź"]),
    st.sampled_from(["", "10", "1,200", "11-50"]),
    st.sampled_from(["", "2025-01-01", "2024-06-30 12:00", "2025-02-30"]),
    st.sampled_from(["", "Gold", "n/a", "null", "ünknown"]),
)


def as_csv(header: Sequence[str], table: Sequence[Sequence[str]]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerows([header, *table])
    return stream.getvalue()


@contextmanager
def fresh_database() -> Iterator[None]:
    """What happens within is undone: hypothesis tries many examples in one test."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.slow
@pytest.mark.django_db
@settings(max_examples=15)
@given(files=st.lists(st.lists(rows, min_size=1, max_size=7), min_size=1, max_size=3), erase=st.booleans())
def test_a_file_of_leads_changes_nothing_the_second_time(
    leads: Callable[..., Report], files: list[list[tuple[str, ...]]], erase: bool
) -> None:
    with fresh_database():
        for table in files:
            # Blank rows are no rows; one that holds anything keeps the file from being empty.
            text = as_csv(HEADER, [*table, ("keep", *[""] * 8)])
            dry = leads(text, dry_run=True, erase_blanks=erase)
            first = leads(text, erase_blanks=erase)
            before = rows_of_all()
            second = leads(text, erase_blanks=erase)

            assert (dry.new, dry.updated, dry.unchanged, dry.repeated, dry.refused) == (
                first.new,
                first.updated,
                first.unchanged,
                first.repeated,
                first.refused,
            )
            assert (second.new, second.updated) == (0, 0)
            assert second.refused == first.refused
            assert second.unchanged == first.new + first.updated + first.unchanged
            assert rows_of_all() == before
            assert first.rows == first.new + first.updated + first.unchanged + first.repeated + first.refused


@pytest.mark.slow
@pytest.mark.django_db
@settings(max_examples=15)
@given(data=st.data())
def test_the_order_of_rows_about_different_leads_does_not_matter(
    leads: Callable[..., Report], data: st.DataObject
) -> None:
    table = [
        (f"x{number}", *data.draw(rows)[2:])
        for number in range(data.draw(st.integers(min_value=2, max_value=6)))
    ]
    shuffled = data.draw(st.permutations(table))
    header = ["external_id", *HEADER[2:]]

    with fresh_database():
        leads(as_csv(header, table))
        in_order = facts_of_leads()
    with fresh_database():
        leads(as_csv(header, shuffled))
        in_another_order = facts_of_leads()

    assert _without_company(in_another_order) == _without_company(in_order)


def _without_company(facts: list[dict[str, object]]) -> list[dict[str, object]]:
    """Which of two rows founds a company decides its domain; the facts of the leads are the same."""
    return sorted(
        ({key: value for key, value in lead.items() if key != "company"} for lead in facts), key=repr
    )


moves = st.tuples(
    st.sampled_from(["x1", "x2"]),
    st.sampled_from(["lead", "mql", "sql", "opportunity", "customer", "recycled", "disqualified"]),
    st.sampled_from([f"2025-01-0{day} 10:00" for day in range(1, 8)]),
    st.sampled_from(["", "Ann", "Bo"]),
    st.sampled_from(["", "No budget", "too far away"]),
    st.just(""),
)
HISTORY_HEADER = ["lead", "stage", "entered_at", "actor", "reason", "amount"]


def distinct_moves(table: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """One row for each key: of two with the same key but another actor the first counts, which is an order."""
    return list({row[:3]: row for row in table}.values())


@pytest.mark.slow
@pytest.mark.django_db
@settings(max_examples=15)
@given(table=st.lists(moves, min_size=1, max_size=8).map(distinct_moves), data=st.data())
def test_history_comes_to_the_same_in_any_order_and_in_several_files(
    leads: Callable[..., Report],
    history: Callable[..., Report],
    table: list[tuple[str, ...]],
    data: st.DataObject,
) -> None:
    shuffled = data.draw(st.permutations(table))
    cut = data.draw(st.integers(min_value=0, max_value=len(table)))
    people = "external_id,created_at\nx1,2025-01-01\nx2,2025-01-03\n"

    with fresh_database():
        leads(people)
        history(as_csv(HISTORY_HEADER, table))
        whole = facts_of_leads()
        before = rows_of_all()
        again = history(as_csv(HISTORY_HEADER, table))
        assert (again.new, again.updated) == (0, 0)
        assert rows_of_all() == before
    with fresh_database():
        leads(people)
        for part in (shuffled[:cut], shuffled[cut:]):
            if part:
                history(as_csv(HISTORY_HEADER, part))
        in_parts = facts_of_leads()

    assert in_parts == whole
