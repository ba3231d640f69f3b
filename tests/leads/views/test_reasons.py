from __future__ import annotations

import pytest
from django.urls import reverse

from leads.models import Reason
from tests.leads.views.conftest import HTMX, query_count, signed_in

LIST, NEW = reverse("leads:reasons"), reverse("leads:reason_add")
SHEET = {"label": "Went silent", "leads_to": "recycled", "cooldown_days": "45", "is_active": "on"}


def edit_url(key: str = "too_small") -> str:
    return reverse("leads:reason_edit", args=[Reason.objects.get(key=key).pk])


def test_everybody_reads_reasons_and_only_managers_are_offered_to_edit(manager, marketer):
    for user, is_offered in ((manager, True), (marketer, False)):
        page = signed_in(user).get(LIST).content.decode()
        assert "Too small" in page
        assert ("Edit Too small" in page) is is_offered


def test_a_manager_adds_and_edits(manager):
    client = signed_in(manager)

    assert client.post(NEW, SHEET).url == LIST
    reason = Reason.objects.get(label="Went silent")
    client.post(edit_url(reason.key), {**SHEET, "cooldown_days": "60", "note_required": "on"})

    reason.refresh_from_db()
    assert (reason.cooldown_days, reason.note_required) == (60, True)
    assert "From recycled for 45 days to recycled for 60 days" in client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"label": " "}, "Give the reason a name."),
        ({"label": "x" * 101}, "longer than 100 characters"),
        ({"label": "a\x00b"}, "Null characters are not allowed"),
        ({"label": "Competitor"}, "in use already"),
        ({"leads_to": "sql"}, "Choose recycled or disqualified."),
        ({"cooldown_days": ""}, "Say for how many days"),
        ({"cooldown_days": "-1"}, "0 days or more"),
        ({"cooldown_days": "99999999999999999999"}, "at most 3650 days"),
        ({"cooldown_days": "soon"}, "whole number of days"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(manager, fields, sentence):
    response = signed_in(manager).post(NEW, SHEET | fields)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Reason.objects.count() == 14


def test_order_is_changed_by_a_button(manager):
    address = reverse("leads:reason_move", args=[Reason.objects.get(key="no_budget").pk])

    part = signed_in(manager).post(address, {"to": "up"}, headers=HTMX).content.decode()

    assert part.lstrip().startswith('<div class="lf-reasons" id="reasons">')
    assert part.index("No budget") < part.index("Not now")
    assert signed_in(manager).post(address, {"to": "down"}).url == LIST


def test_unknown_reasons_and_wrong_methods(manager):
    client = signed_in(manager)

    assert client.get(reverse("leads:reason_edit", args=[999_999_999_999])).status_code == 404
    assert client.post(LIST).status_code == 405


def test_the_list_costs_the_same_queries_for_more_reasons(manager):
    client = signed_in(manager)
    before = query_count(client, LIST)
    for number in range(5):
        client.post(NEW, SHEET | {"label": f"Reason {number}"})

    client.get(LIST)  # shows the messages
    assert query_count(client, LIST) == before
