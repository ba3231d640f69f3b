"""What differs is found and said, both ways; a lead that is known to be stale is no difference."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from leads.models import Lead
from reports.models import Cell, Journey, SeenValue, Visit
from reports.store import verifying
from reports.store.rebuilding import rebuild
from reports.store.verifying import differences

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(a_lead):
    lead = a_lead("2026-01-05", {"mql": "2026-01-06"}, source="Web")
    rebuild()
    return lead


def test_nothing_differs_after_a_rebuild(lead):
    assert differences() == []


def test_what_was_never_built_is_said(a_lead):
    a_lead("2026-01-05")

    assert differences() == ["Nothing was ever built."]


def test_a_visit_that_is_wrong_is_said_with_what_is_and_should_be(lead):
    Visit.objects.filter(position=0).update(hours=25, left_day="2026-01-07")

    found = differences()
    assert found[0].startswith(f"visit of lead_id {lead.pk}, entered_at 2026-01-05 00:00:00")
    assert "left_day is 2026-01-07, should be 2026-01-06" in found[0]
    assert "hours is 25, should be 24" in found[0]
    # Cells are compared with what the visits come to.
    assert any(line.startswith("cell of") for line in found[1:])


def test_a_row_that_is_missing_or_too_much_is_said(lead):
    Journey.objects.all().delete()
    visit = Visit.objects.get(position=1)
    visit.pk = None
    visit.save()

    found = differences()
    assert f"journey of lead_id {lead.pk}: missing" in found
    assert any(line.startswith("visit") and line.endswith("but should not be") for line in found)


def test_a_wrong_count_is_said(lead):
    Cell.objects.filter(measure=1, dimension=1, position=1).update(count=7)

    assert differences() == [
        "cell of measure 1, dimension 1, value 'web', day 2026-01-06, position 1, a -1, b -1: count is 7, should be 1"
    ]


def test_a_value_that_is_offered_or_not_against_the_cells_is_said(lead):
    SeenValue.objects.update(value="fair")

    assert differences() == ["source: 'fair' is offered, but no lead has it", "source: 'web' is not offered"]


def test_a_stale_lead_is_no_difference(lead):
    Lead.objects.update(country="DE")

    assert differences() == []


def test_only_the_first_differences_are_told(a_lead, monkeypatch):
    monkeypatch.setattr(verifying, "TOLD", 2)
    for day in range(1, 8):
        a_lead(f"2026-01-0{day}")
    rebuild()
    Journey.objects.update(country="XX")

    found = [line for line in differences() if "journey" in line]
    assert len(found) == 3
    # Seven leads, each as it is and as it should be.
    assert found[-1] == "… 14 rows of reports_journey differ in all."


def test_the_command_verifies_rebuilds_and_folds(lead, capsys):
    call_command("rollups", "--verify")
    assert capsys.readouterr().out == "The rollups are right.\n"

    Cell.objects.update(count=7)
    with pytest.raises(CommandError, match="--rebuild mends them"):
        call_command("rollups", "--verify")
    call_command("rollups", "--rebuild", "--verify")

    Lead.objects.update(country="DE")
    call_command("rollups", "--fold", "--verify")
    assert Journey.objects.get().country == "DE"
