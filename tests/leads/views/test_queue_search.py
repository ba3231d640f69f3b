from __future__ import annotations

import pytest
from django.urls import reverse

from leads.models import Stage
from tests.factories import HandoffFactory, LeadFactory
from tests.leads.views.conftest import signed_in
from tests.leads.views.test_queue import shown

QUEUE = reverse("leads:queue")


@pytest.mark.parametrize("text", ["ann", "schmidt", "Anna Schm", "acme", "a@acme.example"])
def test_a_waiting_lead_is_found_by_name_mail_or_company(alice, team, text):
    anna = LeadFactory(
        first_name="Anna",
        last_name="Schmidt",
        company_name="Acme",
        email="a@acme.example",
        stage=Stage.MQL,
    )
    HandoffFactory(lead=anna, team=team)
    HandoffFactory(lead=LeadFactory(first_name="Bela", stage=Stage.MQL), team=team)
    LeadFactory(first_name="Annika")  # waits for nobody

    assert shown(signed_in(alice).get(QUEUE, {"text": text})) == ["Anna Schmidt"]


def test_what_cannot_be_found_is_said_and_never_everything(alice, team):
    HandoffFactory(lead=LeadFactory(first_name="Bela", stage=Stage.MQL), team=team)

    nobody = signed_in(alice).get(QUEUE, {"text": "zzz"})
    too_long = signed_in(alice).get(QUEUE, {"text": "z" * 255})

    assert "Nothing fits" in nobody.content.decode()
    assert shown(too_long) == []
    assert "at most 254" in too_long.content.decode()
