"""What changes is folded in: then everything is as if it were built anew."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from leads.models import Lead, StageChange
from leads.triggers import erasing
from reports.models import Cell, Journey, SeenValue, StaleLead, Visit
from reports.store import folding
from reports.store.folding import fold
from reports.store.rebuilding import rebuild
from reports.store.verifying import differences
from tests.reports.store.stories import HAPPENINGS, people_and_leads

pytestmark = pytest.mark.django_db

FOLD = len(HAPPENINGS)
numbers = st.integers(0, 200)
happenings = st.lists(st.tuples(st.integers(0, FOLD), numbers, numbers), min_size=1, max_size=12)


@given(happenings)
def test_whatever_happens_folding_it_in_is_building_anew(story):
    with transaction.atomic():
        people_and_leads()
        rebuild()
        for what, which, number in (*story, (FOLD, 0, 0)):
            if what < FOLD:
                HAPPENINGS[what](which, number)
            else:
                fold()
                assert not StaleLead.objects.exists()
                assert differences() == []
        transaction.set_rollback(True)


def test_an_edited_source_re_attributes_the_past(eight_leads):
    rebuild()
    lead = eight_leads["a"]

    lead.source = "Fair"
    lead.save()
    fold()

    assert differences() == []
    assert Visit.objects.filter(source="fair").count() == 5
    assert sorted(SeenValue.objects.filter(dimension=1).values_list("value", "spelling")) == [
        ("event", "Event"),
        ("fair", "Fair"),
        ("unknown", "unknown"),
        ("webinar", "Webinar"),
    ]


def test_a_value_that_no_lead_has_any_more_is_not_offered(eight_leads):
    rebuild()

    Lead.objects.filter(pk=eight_leads["h"].pk).update(source="", source_folded="")
    fold()

    assert not SeenValue.objects.filter(dimension=1, value="event").exists()


def test_a_value_is_spelt_as_its_first_lead_spells_it_now(a_lead):
    first, second = (a_lead("2026-01-05", source="web site", industry="it") for _ in range(2))
    fold()

    def spelt() -> list[str]:
        return list(SeenValue.objects.filter(value__in=("web site", "it")).values_list("spelling", flat=True))

    second.source, second.industry = "WEB site", "iT"
    second.save()
    fold()
    assert sorted(spelt()) == ["it", "web site"]

    first.source, first.industry = "Web Site", "IT"
    first.save()
    fold()
    assert sorted(spelt()) == ["IT", "Web Site"]


def test_nothing_is_left_of_a_lead_that_was_erased(a_lead):
    lead = a_lead("2026-01-05", {"mql": "2026-01-06"}, source="Web")
    rebuild()

    with erasing():
        StageChange.objects.all().delete()
        lead.delete()
    fold()

    for model in (Visit, Journey, Cell, SeenValue, StaleLead):
        assert not model.objects.exists()


def test_more_than_one_batch_of_stale_leads_is_folded(eight_leads, monkeypatch):
    monkeypatch.setattr(folding, "AT_ONCE", 3)
    rebuild()

    Lead.objects.update(country="GB")
    fold()

    assert not StaleLead.objects.exists()
    assert set(Journey.objects.values_list("country", flat=True)) == {"GB"}
    assert differences() == []


def test_what_was_never_built_is_built(eight_leads):
    fold()

    assert Journey.objects.count() == 8
    assert differences() == []
    assert not StaleLead.objects.exists()


@pytest.mark.postgres
def test_a_flood_of_stale_leads_has_everything_made_anew(eight_leads, monkeypatch):
    rebuild()
    monkeypatch.setattr(folding, "FLOOD", 5)
    monkeypatch.setattr(folding, "_fold_chosen", lambda: pytest.fail("It folded."))

    Lead.objects.update(country="GB")
    fold()

    assert not StaleLead.objects.exists()
    assert differences() == []
