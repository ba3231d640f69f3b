"""Several at once: workers that fold, pages that read, writers that are late."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from leads.models import Lead, Stage
from reports.models import Cell, Journey, StaleLead
from reports.store import folding, rebuilding, state
from reports.store.folding import fold, fold_some
from reports.store.rebuilding import rebuild
from reports.store.verifying import differences
from tests.factories import CREATED_AT, LeadFactory, change_of

pytestmark = pytest.mark.django_db(transaction=True)


class Beside:
    """Runs something in a thread with a connection of its own; what it raises is raised by `join`."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self.result: object = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:
            self._error = error
        finally:
            connection.close()

    def join(self) -> object:
        self._thread.join(120)
        assert not self._thread.is_alive()
        if self._error:
            raise self._error
        return self.result


def test_two_folds_at_once_do_it_once(monkeypatch):
    leads = [LeadFactory() for _ in range(12)]
    rebuild()
    monkeypatch.setattr(folding, "AT_ONCE", 2)
    for number, lead in enumerate(leads):
        Lead.objects.filter(pk=lead.pk).update(country=["DE", "FR"][number % 2])
        change_of(lead, Stage.MQL, at=CREATED_AT)

    for beside in [Beside(fold) for _ in range(3)]:
        beside.join()

    assert not StaleLead.objects.exists()
    assert differences() == []
    assert Journey.objects.filter(country="DE").count() == 6


def test_two_that_find_nothing_built_build_it_once():
    LeadFactory()

    for beside in [Beside(fold) for _ in range(3)]:
        beside.join()

    assert Journey.objects.count() == 1
    assert differences() == []


@pytest.mark.postgres
def test_what_is_committed_late_is_folded_later():
    early, late = LeadFactory(), LeadFactory()
    rebuild()
    changed, may_commit = threading.Event(), threading.Event()

    def change_slowly() -> None:
        with transaction.atomic():
            Lead.objects.filter(pk=late.pk).update(country="FR")
            changed.set()
            may_commit.wait(60)

    writer = Beside(change_slowly)
    assert changed.wait(60)
    # Its row of stale leads has the lower number, and cannot be seen yet.
    Lead.objects.filter(pk=early.pk).update(country="DE")
    fold()
    assert set(Journey.objects.values_list("lead", "country")) == {(early.pk, "DE"), (late.pk, "")}
    may_commit.set()
    writer.join()
    fold()

    assert set(Journey.objects.values_list("lead", "country")) == {(early.pk, "DE"), (late.pk, "FR")}
    assert differences() == []


@pytest.mark.postgres
def test_a_lead_that_changes_during_a_rebuild_is_folded_after_it(monkeypatch):
    lead = LeadFactory()
    rebuild()
    counting, may_count = threading.Event(), threading.Event()
    count = rebuilding.insert_cells

    def count_slowly(**given: str) -> None:
        counting.set()
        may_count.wait(60)
        count(**given)

    monkeypatch.setattr(rebuilding, "insert_cells", count_slowly)
    builder = Beside(rebuild)
    assert counting.wait(60)
    # Nobody who changes a lead waits, and readers see what was there.
    Lead.objects.filter(pk=lead.pk).update(country="DE")
    assert Journey.objects.get().country == ""
    assert Cell.objects.filter(dimension=0).exists()
    assert fold_some() is False
    may_count.set()
    builder.join()
    assert Journey.objects.get().country == ""
    fold()

    assert Journey.objects.get().country == "DE"
    assert differences() == []


def test_a_page_does_not_wait_for_somebody_who_folds():
    LeadFactory()
    rebuild()
    LeadFactory()
    locked, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            state.locked(wait=True)
            locked.set()
            may_go.wait(60)

    holder = Beside(hold)
    assert locked.wait(60)
    started = time.monotonic()
    assert fold_some() is False
    took = time.monotonic() - started
    may_go.set()
    holder.join()

    assert took < 30
    assert fold_some() is True
    assert Journey.objects.count() == 2


def test_a_page_folds_little_itself_and_leaves_much_to_a_worker():
    LeadFactory()
    rebuild()
    assert fold_some() is True

    leads = [LeadFactory() for _ in range(2)]
    # Two rows each, of the lead and of its history.
    assert fold_some(most=3) is False
    assert Journey.objects.count() == 1
    assert fold_some(most=4) is True

    assert Journey.objects.filter(pk__in=[lead.pk for lead in leads]).count() == 2
    assert differences() == []


def test_a_page_builds_what_is_small_and_was_never_built():
    for _ in range(3):
        LeadFactory()

    assert fold_some(most=2) is False
    assert not state.is_built()
    assert fold_some(most=3) is True
    assert Journey.objects.count() == 3


def test_cells_that_do_not_add_up_are_made_anew(caplog):
    lead = LeadFactory(source="Web")
    rebuild()
    Cell.objects.filter(value="web").delete()
    Lead.objects.filter(pk=lead.pk).update(country="DE", source="", source_folded="")

    assert fold_some() is False
    assert StaleLead.objects.exists()
    fold()

    assert differences() == []
    assert "do not add up" in caplog.text
