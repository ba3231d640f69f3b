"""Rules, their conditions and the values that leads have."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scoring.models import Rule, Rulebook, RulebookEvent
from scoring.rulebook.rows import form_of
from tests.factories import ActivityFactory, AssetFactory, LeadFactory
from tests.scoring.views.editor.conftest import Send, points

pytestmark = pytest.mark.django_db


# Rules and groups -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "key", "rules"),
    [
        ("copy", "pricing", ["vp", "pricing", "pricing-page-copy", "demo", "quiet"]),
        ("up", "demo", ["vp", "demo", "pricing", "quiet"]),
        ("down", "demo", ["vp", "pricing", "demo", "quiet"]),
        ("add-fit", "person", ["vp", "new-rule", "pricing", "demo", "quiet"]),
        ("add-engagement", "intent", ["vp", "pricing", "demo", "new-activity-rule", "quiet"]),
        ("add-silence", "silence", ["vp", "pricing", "demo", "quiet", "new-silence-rule"]),
    ],
)
def test_buttons_add_copy_and_move(
    send: Send, draft: Rulebook, action: str, key: str, rules: list[str]
) -> None:
    response = send("arrange", action=action, key=key)

    assert response.status_code == 200
    assert [rule.key for rule in form_of(Rulebook.objects.get(pk=draft.pk)).rules] == rules


def test_past_the_end_of_its_group_a_rule_moves_into_the_next(send: Send) -> None:
    send("arrange", action="down", key="demo")

    assert Rule.objects.get(key="demo").group.key == "silence"


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("fly", "vp"),
        ("copy", "x"),
        ("up", "vp"),
        ("add-fit", "x"),
        ("add-group", "x"),
        ("group-up", "person"),
        ("add-fit", "intent"),
    ],
)
def test_what_cannot_be_done_is_said(send: Send, action: str, key: str) -> None:
    assert send("arrange", action=action, key=key).status_code in (409, 422)


def test_a_deletion_offers_its_undo(send: Send, draft: Rulebook) -> None:
    response = send(path="rules.pricing")

    event = RulebookEvent.objects.get(kind="edited")
    assert f'name="event" value="{event.pk}"' in response.content.decode()
    send("take_back", event=event.pk)
    assert points("pricing") == 20
    assert "There is nothing to take back" not in send("take_back", step="redo").content.decode()
    assert not Rule.objects.filter(key="pricing").exists()


def test_the_last_step_is_taken_back(send: Send) -> None:
    send(path="rules.vp.points", value="7")

    send("take_back", step="undo")

    assert points("vp") == 20
    assert "There is nothing to take back" in send("take_back", step="undo").content.decode()


# Conditions -------------------------------------------------------------------------------------------


def conditions(send: Send, **data: Any) -> Any:
    return send("edit_conditions", path="rules.vp.conditions", open="vp", **data)


def test_a_condition_without_its_value_waits_and_loses_nothing(send: Send) -> None:
    first = {"c0-field": "country", "c0-operator": "in", "c0-value": ["DE"]}

    response = conditions(send, **first, add="1")

    text = response.content.decode()
    assert response.status_code == 200
    assert "Not saved yet: a condition lacks its value." in text and 'value="DE"' in text
    assert Rulebook.objects.get().revision == 0


def test_complete_conditions_are_saved_as_typed(send: Send) -> None:
    conditions(
        send,
        **{
            "c0-field": "country",
            "c0-operator": "in",
            "c0-value": ["DE"],
            "c0-new": "fr; AT",
            "c1-field": "employees",
            "c1-operator": "between",
            "c1-value": ["10", "99.5"],
        },
    )

    assert list(Rule.objects.get(key="vp").conditions.values_list("field", "operator", "values")) == [
        ("country", "in", ["DE", "fr", "AT"]),
        ("employees", "between", [10, 99.5]),
    ]


def test_another_field_brings_its_own_operators_and_no_values(send: Send) -> None:
    response = conditions(
        send,
        **{"c0-was": "country", "c0-field": "employees", "c0-operator": "in", "c0-value": ["DE"]},
    )

    text = response.content.decode()
    assert '<option value="gte" selected' in text and 'value="DE"' not in text


def test_a_wrong_value_is_said_at_its_condition(send: Send) -> None:
    response = conditions(send, **{"c0-field": "employees", "c0-operator": "gt", "c0-value": "lots"})

    assert response.status_code == 422
    assert "“lots” is no value for employees; write a number" in response.content.decode()


def test_values_and_conditions_are_dropped_by_their_buttons(send: Send) -> None:
    both = {
        "c0-field": "country",
        "c0-operator": "in",
        "c0-value": ["DE", "FR"],
        "c1-field": "city",
        "c1-operator": "is_known",
    }

    conditions(send, **both, drop="0-0", remove="1")

    (condition,) = Rule.objects.get(key="vp").conditions.all()
    assert (condition.field, condition.values) == ("country", ["FR"])


# Known values -----------------------------------------------------------------------------------------


def test_known_values_are_counted_among_leads(client: Client, draft: Rulebook) -> None:
    for country in ("DE", "DE", "FR"):
        LeadFactory(country=country, employees=10)
    url = reverse("scoring:known_values", args=[draft.pk])

    text = client.get(url, {"kind": "fit", "field": "country", "list": "l"}).content.decode()
    numbers = client.get(url, {"kind": "fit", "field": "employees", "list": "l"}).content.decode()

    assert "DE: 2 leads" in text and "FR: 1 lead<" in text and "all 3 leads" in text
    assert "10 to 10, half at most 10" in numbers


def test_known_assets_are_counted_by_leads_not_by_visits(client: Client, draft: Rulebook) -> None:
    lead, asset = LeadFactory(), AssetFactory(name="/Pricing")
    ActivityFactory.create_batch(3, lead=lead, asset=asset)

    url = reverse("scoring:known_values", args=[draft.pk])
    text = client.get(url, {"kind": "engagement", "field": "asset", "list": "l"}).content.decode()

    assert "/Pricing: 1 lead<" in text


@pytest.mark.parametrize(
    "field",
    [
        "email",
        "created_at",
        "email_opt_out",
        "campaign",
        "company.employees",
        "annual_revenue",
        "nothing",
        "",
    ],
)
def test_every_kind_of_field_has_an_answer(client: Client, draft: Rulebook, field: str) -> None:
    LeadFactory(email_opt_out=True, annual_revenue=1000)
    url = reverse("scoring:known_values", args=[draft.pk])

    assert client.get(url, {"kind": "fit", "field": field, "list": "l"}).status_code == 200
