from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leads.models import Lead
from tests.factories import LeadFactory
from tests.leads.intake.conftest import Importer, counts

pytestmark = pytest.mark.django_db


def test_rows_about_one_lead_are_taken_together_and_the_later_wins(leads: Importer) -> None:
    text = (
        "external_id,email,city,industry,created_at,plan\nx1,ann@acme.com,Berlin,IT,2025-02-01,a\n"
        "x1,,Bonn,,2025-01-01,\n,ANN@acme.com,,Steel,2025-03-01,b\nx1,ann@new.com,,,,\n"
    )

    report = leads(text)

    lead = Lead.objects.get()
    assert counts(report) == (1, 0, 0, 3, 0)
    assert (lead.city, lead.industry, lead.email, lead.attributes) == (
        "Bonn",
        "Steel",
        "ann@new.com",
        {"plan": "b"},
    )
    assert lead.created_at == datetime(2025, 1, 1, tzinfo=UTC)
    assert set(lead.identifiers.values_list("kind", "value")) == {
        ("external_id", "x1"),
        ("alias_email", "ann@acme.com"),
    }
    assert counts(leads(text)) == (0, 0, 1, 3, 0)


def test_leads_match_by_external_id_within_its_system_then_by_email(leads: Importer) -> None:
    leads("external_id,email,city\n1,ann@acme.com,Berlin\n", source_system="crm")

    by_email = leads("external_id,email,city\n9,ANN@acme.com,Bonn\n", source_system="mautic")
    by_id = leads("external_id,city\n9,Ulm\n", source_system="mautic")
    other_system = leads("external_id,city\n1,Köln\n", source_system="shop")

    assert (counts(by_email), counts(by_id)) == ((0, 1, 0, 0, 0), (0, 1, 0, 0, 0))
    assert counts(other_system) == (1, 0, 0, 0, 0)
    assert sorted(Lead.objects.values_list("city", flat=True)) == ["Köln", "Ulm"]


def test_a_row_whose_id_and_email_point_to_two_leads_is_refused_with_both_named(leads: Importer) -> None:
    leads("external_id,email\n1,ann@acme.com\n2,bo@acme.com\n")
    ann, bo = Lead.objects.order_by("external_id")

    report = leads("external_id,email\n1,bo@acme.com\n")

    reason = report.refusals[0].reason
    assert f"“1” belongs to lead {ann.pk} (ann@acme.com)" in reason
    assert f"“bo@acme.com” to lead {bo.pk} (2)" in reason


def test_an_email_of_a_lead_with_another_id_is_refused_also_within_the_file(leads: Importer) -> None:
    leads("external_id,email\n1,ann@acme.com\n")

    known = leads("external_id,email\n7,Ann@acme.com\n")
    within = leads("external_id,email\n3,cy@acme.com\n4,cy@acme.com\n")

    assert "with the external id “1”, the row has “7”" in known.refusals[0].reason
    assert "belongs to the external id “3” of line 2, the row has “4”" in within.refusals[0].reason
    assert counts(within) == (1, 0, 0, 0, 1)


def test_a_changed_email_stays_known_as_another_address_of_the_lead(leads: Importer) -> None:
    leads("external_id,email\n1,ann@acme.com\n")
    leads("external_id,email\n1,ann@new.com\n")

    report = leads("email,city\nann@acme.com,Berlin\n")

    assert counts(report) == (0, 1, 0, 0, 0)
    assert Lead.objects.values_list("email", "city").get() == ("ann@acme.com", "Berlin")


def test_a_lead_created_by_hand_is_found_by_its_email(leads: Importer) -> None:
    lead = LeadFactory(email="Ann@Acme.com")

    report = leads("email,city\nann@acme.com,Berlin\n")

    lead.refresh_from_db()
    assert (counts(report), lead.city) == ((0, 1, 0, 0, 0), "Berlin")
