from __future__ import annotations

import pytest

from leads.intake.byhand import derive_company_facts, derive_lead_facts, retype
from leads.models import Activity, AttributeKey, ChangeLogEntry, Company, Lead
from tests.factories import ActivityFactory, LeadFactory

pytestmark = pytest.mark.django_db


def test_derive_lead_facts_reads_domain_seniority_and_typed_attributes() -> None:
    AttributeKey.objects.create(scope="lead", key="seats", label="Seats", type="number")
    lead = Lead(email="Ann@GMail.com", job_title="VP Sales", attributes={"seats": "12.5", "Plan": "Pro"})

    derive_lead_facts(lead)

    assert (lead.email_domain, lead.email_domain_type, lead.seniority) == ("gmail.com", "free", "vp")
    assert lead.attributes_typed == {"seats": 125_000, "Plan": "pro"}


def test_derive_company_facts_gives_the_key_that_imports_match_by() -> None:
    company = Company(name="Müller GmbH", domain="Mueller.DE ")

    derive_company_facts(company)

    assert company.domain == "mueller.de"
    assert "gmbh" not in company.name_key and company.name_key


def test_retype_converts_what_is_there_and_keeps_what_it_cannot_read() -> None:
    key = AttributeKey.objects.create(scope="lead", key="seats", label="Seats")
    good = LeadFactory(attributes={"seats": "12"}, attributes_typed={"seats": "12", "plan": "pro"})
    bad = LeadFactory(attributes={"seats": "many"}, attributes_typed={"seats": "many"})
    LeadFactory()
    ChangeLogEntry.objects.all().delete()
    key.type = AttributeKey.Type.NUMBER
    key.save()

    assert retype(key) == 2

    typed = dict(Lead.objects.values_list("pk", "attributes_typed"))
    assert (typed[good.pk], typed[bad.pk]) == ({"seats": 120_000, "plan": "pro"}, {})
    assert Lead.objects.get(pk=bad.pk).attributes == {"seats": "many"}
    assert set(ChangeLogEntry.objects.values_list("lead_id", flat=True)) == {good.pk, bad.pk}


def test_retype_converts_properties_of_activities() -> None:
    key = AttributeKey.objects.create(scope="activity", key="minutes", label="Minutes", type="number")
    ActivityFactory(properties={"minutes": "45"}, properties_typed={"minutes": "45"})

    assert retype(key) == 1

    assert Activity.objects.get().properties_typed == {"minutes": 450_000}
