"""Made anew, in the tables that are there or in new ones: the same rows, in tables of the same form."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection, transaction

from leads.models import Lead
from reports.models import Cell, Journey, SeenValue, Visit
from reports.store import rebuilding, swapping
from reports.store.dialect import fetch
from reports.store.folding import fold
from reports.store.rebuilding import rebuild
from reports.store.verifying import differences
from tests.factories import LeadFactory
from tests.reports.store.test_at_once import Beside

pytestmark = pytest.mark.django_db
FORM = (
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'reports%%'",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE conrelid::regclass::text LIKE 'reports%%'",
    "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, is_identity, collation_name"
    " FROM information_schema.columns WHERE table_name LIKE 'reports%%'",
    "SELECT relname FROM pg_class WHERE relname LIKE 'reports%%'",
    "SELECT pg_get_serial_sequence('reports_visit', 'id')",
)


def rows(model) -> list[tuple]:
    names = [
        field.attname for field in model._meta.local_concrete_fields if field.attname not in ("id", "pk")
    ]
    return sorted(model.objects.values_list(*names), key=repr)


def all_rows() -> list[list[tuple]]:
    return [rows(model) for model in (Visit, Journey, Cell, SeenValue)]


@pytest.fixture
def swapped(monkeypatch) -> None:
    monkeypatch.setattr(rebuilding, "MANY", 0)


def test_made_anew_is_what_it_was(eight_leads):
    rebuild()
    first = all_rows()

    rebuild()

    assert all_rows() == first
    assert len(first[1]) == 8


@pytest.mark.postgres
def test_new_tables_hold_the_same_and_have_the_same_form(eight_leads, swapped, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "MANY", 20_000)
        rebuild()
    before, form = all_rows(), [sorted(fetch(query)) for query in FORM]

    # Twice: what was swapped can be swapped again.
    rebuild()
    rebuild()

    assert all_rows() == before
    assert [sorted(fetch(query)) for query in FORM] == form
    assert differences() == []


@pytest.mark.postgres
def test_new_tables_can_be_written_to(a_lead, swapped):
    lead = a_lead("2026-01-05", {"mql": "2026-01-06"})
    rebuild()

    Lead.objects.filter(pk=lead.pk).update(country="DE")
    a_lead("2026-01-07")
    fold()

    assert differences() == []
    copy = Visit.objects.get(position=1)
    copy.pk = None
    copy.save()
    assert Visit.objects.filter(entered_day=date(2026, 1, 6)).count() == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_readers_see_what_was_there_until_all_is_new(swapped, monkeypatch):
    LeadFactory()
    rebuild()
    LeadFactory()
    filled, may_go = threading.Event(), threading.Event()
    swap = swapping.swap

    def swap_slowly() -> None:
        filled.set()
        may_go.wait(60)
        swap()

    monkeypatch.setattr(swapping, "swap", swap_slowly)
    builder = Beside(rebuild)
    assert filled.wait(60)
    assert (Journey.objects.count(), Visit.objects.count()) == (1, 1)
    assert {cell.count for cell in Cell.objects.filter(dimension=0)} == {1}
    may_go.set()
    builder.join()

    assert (Journey.objects.count(), Visit.objects.count()) == (2, 2)
    assert differences() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_long_query_is_waited_for(swapped, monkeypatch):
    monkeypatch.setattr(swapping, "PATIENCE", 50)
    LeadFactory()
    rebuild()
    with transaction.atomic():
        assert Visit.objects.count() == 1
        builder = Beside(rebuild)
        builder._thread.join(1)
        assert builder._thread.is_alive()
        # Somebody else reads on meanwhile.
        assert Beside(Visit.objects.count).join() == 1
    builder.join()

    assert differences() == []


def test_nothing_is_left_of_a_rebuild_that_failed(eight_leads, monkeypatch):
    rebuild()
    before = all_rows()

    def fail(**given: object) -> None:
        raise OSError("The disk is full.")

    monkeypatch.setattr(rebuilding.values, "rebuild", fail)
    with pytest.raises(OSError, match="full"):
        rebuild()

    assert all_rows() == before
    assert connection.introspection.table_names().count("reports_visit_new") == 0
