from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError

from leads.models import AttributeKey, Campaign, Lead, Reason, Role, Stage, StageChange
from leads.tasks import retype_attribute
from tests.factories import CampaignFactory, CompanyFactory, HandoffFactory, LeadFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.anydatabase]
READ_ONLY = ["stagechange", "handoff", "handoffdecision", "leadscore", "activity", "asset", "changelogentry"]
REGISTERED = sorted(
    (model._meta.app_label, model._meta.model_name)
    for model in admin.site._registry
    if model._meta.app_label in ("leads", "scoring")
)


def client_of(role: Role | None) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def test_every_model_has_an_admin_page() -> None:
    inline = {"workinghours", "leadidentifier", "rule", "condition", "rulegroup"}
    models = {
        (model._meta.app_label, model._meta.model_name)
        for app in ("leads", "scoring")
        for model in apps.get_app_config(app).get_models()
    }

    assert {key for key in models - set(REGISTERED) if key[1] not in inline} == set()


@pytest.mark.parametrize(("app", "model"), REGISTERED)
@pytest.mark.parametrize("role", [Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR])
def test_list_opens_for_those_who_keep_something_there(role: Role, app: str, model: str) -> None:
    HandoffFactory()

    response = client_of(role).get(reverse(f"admin:{app}_{model}_changelist"))

    assert response.status_code == 200


@pytest.mark.parametrize("role", [Role.REP, None])
def test_admin_is_closed_to_others(role: Role | None) -> None:
    response = client_of(role).get(reverse("admin:index"), follow=True)

    assert response.status_code == 403


def test_admin_asks_a_stranger_to_sign_in_on_the_one_page_for_that() -> None:
    response = Client().get(reverse("admin:index"), follow=True)

    assert response.redirect_chain[-1][0].startswith(reverse("login"))


@pytest.mark.parametrize("model", READ_ONLY)
@pytest.mark.parametrize("role", [Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR])
def test_history_is_neither_added_nor_deleted(role: Role, model: str) -> None:
    handoff = HandoffFactory()
    client = client_of(role)

    assert client.get(reverse(f"admin:leads_{model}_add")).status_code == 403
    if model == "handoff":
        assert client.post(reverse("admin:leads_handoff_delete", args=[handoff.pk])).status_code == 403
        assert (
            client.post(reverse("admin:leads_handoff_change", args=[handoff.pk]), {"fit": 1}).status_code
            == 403
        )


def add(model: str, **values: str) -> HttpResponse:
    """Post the form that the page for a new row shows, filled in."""
    url, client = reverse(f"admin:leads_{model}_add"), client_of(Role.MARKETER)
    context = client.get(url).context
    data = dict.fromkeys(context["adminform"].form.fields, "")
    for inline in context["inline_admin_formsets"]:
        data |= {f"{inline.formset.prefix}-TOTAL_FORMS": "0", f"{inline.formset.prefix}-INITIAL_FORMS": "0"}
    return client.post(url, {**data, **values})


def add_lead(email: str, **values: str) -> HttpResponse:
    when = {"created_at_0": "2026-03-02", "created_at_1": "10:00:00"}
    given = {"email": email, "attributes": "{}", "unparsed": "{}", "email_opt_out": "unknown"}
    return add("lead", **{**given, **when, **values})


def test_a_lead_added_by_hand_begins_its_history_and_has_its_derived_facts() -> None:
    response = add_lead("New@Gmail.com", job_title="VP Sales")

    assert response.status_code == 302, response.context["errors"]
    lead = Lead.objects.get(email_folded="new@gmail.com")
    assert (lead.email_domain_type, lead.seniority) == ("free", "vp")
    assert StageChange.objects.get(lead=lead).to_stage == Stage.LEAD


@pytest.mark.parametrize("day", ["1969-12-31", "9999-12-31"])
def test_a_lead_from_another_age_is_refused_in_words(day: str) -> None:
    response = add_lead("new@company.example", created_at_0=day)

    assert "between 1970 and tomorrow" in response.content.decode()


def test_a_second_lead_with_the_same_address_is_refused_in_words() -> None:
    LeadFactory(email="ann@company.example")

    response = add_lead("Ann@Company.example")

    assert "Another lead has this e-mail address." in response.content.decode()
    assert Lead.objects.count() == 1


def test_a_second_company_with_the_same_name_is_refused_in_words() -> None:
    CompanyFactory(name="Acme", name_key="acme", domain="")

    response = add("company", name="ACME Inc.", created_at_0="2026-03-02", created_at_1="10:00:00")

    assert "has this name" in response.content.decode()


def test_a_second_campaign_with_the_same_name_is_refused_in_words() -> None:
    CampaignFactory(name="Spring")

    response = add("campaign", name="SPRING")

    assert "already exists" in response.content.decode()
    assert Campaign.objects.count() == 1


def test_the_stage_of_a_lead_is_not_edited() -> None:
    lead = LeadFactory()
    url = reverse("admin:leads_lead_change", args=[lead.pk])

    assert "stage" not in client_of(Role.MARKETER).get(url).context["adminform"].form.fields
    assert Lead.objects.get(pk=lead.pk).stage == Stage.LEAD


def test_reasons_are_read_here_and_edited_on_their_own_page() -> None:
    url = reverse("admin:leads_reason_change", args=[Reason.objects.get(key="no_budget").pk])

    assert client_of(Role.MANAGER).get(url).status_code == 200
    assert client_of(Role.MANAGER).post(url, {"label": "No money"}).status_code == 403


def test_a_broken_constraint_is_a_sentence_in_the_form() -> None:
    data = {"scope": "lead", "key": "seats", "label": "Seats", "type": "text"}
    AttributeKey.objects.create(**data)

    response = client_of(Role.MARKETER).post(reverse("admin:leads_attributekey_add"), data)

    assert response.status_code == 200
    assert "This key is declared already." in response.content.decode()


def test_edit_of_a_type_survives_a_broker_that_is_down(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(pk: int) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(retype_attribute, "delay", refuse)
    key = AttributeKey.objects.create(scope="lead", key="seats", label="Seats", type="text")

    with django_capture_on_commit_callbacks(execute=True):
        response = client_of(Role.MARKETER).post(
            reverse("admin:leads_attributekey_change", args=[key.pk]), {"label": "Seats", "type": "number"}
        )

    assert response.status_code == 302
    assert AttributeKey.objects.get(pk=key.pk).type == "number"
