"""The editor's page, and each of its fields."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import Role
from scoring.models import Rule, Rulebook
from scoring.rulebook.rows import form_of
from tests.factories import UserFactory
from tests.scoring.views.editor.conftest import Send, points

pytestmark = pytest.mark.django_db


# The page ---------------------------------------------------------------------------------------------


def test_the_page_has_a_field_for_each_number_and_a_sentence_for_each_rule(
    client: Client, draft: Rulebook
) -> None:
    page = client.get(reverse("scoring:editor", args=[draft.pk])).content.decode()

    for label in ("Points of Pricing page", "Cap of Person", "MQL threshold", "Floor of fit"):
        assert f'aria-label="{label}' in page
    assert "Page viewed in the last 90 days, where asset contains “/pricing”." in page
    assert "Add a condition" not in page  # in the details


def test_details_of_a_rule_are_shown_where_it_is_open(client: Client, draft: Rulebook) -> None:
    page = client.get(reverse("scoring:editor", args=[draft.pk]), {"open": "pricing"}).content.decode()

    assert page.count("Add a condition") == 1
    assert 'value="/pricing"' in page


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_others_look_and_cannot_edit(draft: Rulebook, role: Role) -> None:
    client = Client()
    client.force_login(UserFactory(role=role))

    page = client.get(reverse("scoring:editor", args=[draft.pk])).content.decode()

    assert '<fieldset class="lf-editor__main" disabled' in page.replace("\n", " ")
    assert client.post(reverse("scoring:edit", args=[draft.pk]), {"path": "name"}).status_code == 403


def test_a_version_has_no_editor(client: Client, draft: Rulebook) -> None:
    Rulebook.objects.filter(pk=draft.pk).update(state="published", number=1, published_at=timezone.now())

    response = client.get(reverse("scoring:editor", args=[draft.pk]))

    assert response.url == reverse("scoring:version", args=[draft.pk])


def test_a_draft_that_speaks_of_what_is_gone_says_so_and_can_be_mended(
    client: Client, draft: Rulebook, send: Send
) -> None:
    rule = Rule.objects.get(key="vp")
    rule.conditions.update(field="attributes.gone")

    page = client.get(reverse("scoring:editor", args=[draft.pk])).content.decode()
    assert "This draft cannot score yet" in page and "attributes.gone" in page

    assert send(path="rules.vp").status_code == 200
    form_of(Rulebook.objects.get(pk=draft.pk))


# One field --------------------------------------------------------------------------------------------


def test_a_saved_field_answers_with_its_rule_and_tells_panels(send: Send, draft: Rulebook) -> None:
    response = send(path="rules.pricing.points", value="−10")

    assert points("pricing") == -10
    assert json.loads(response.headers["HX-Trigger"]) == {"draft-changed": {"revision": 1}}
    text = response.content.decode()
    assert 'id="rule-pricing"' in text and 'id="rule-demo"' not in text and 'id="draft-sheet"' not in text


@pytest.mark.parametrize("value", ["0", "many", "12.5", "", "9" * 30, "１２"])
def test_a_refused_value_stays_in_its_field_with_the_sentence(send: Send, value: str) -> None:
    response = send(path="rules.pricing.points", value=value)

    assert response.status_code == 422
    assert "HX-Trigger" not in response.headers
    text = response.content.decode()
    assert "data-lf-answer" in text and 'aria-invalid="true"' in text
    assert f'value="{value}"' in text
    assert "write a whole number from -1000 to 1000" in text
    assert points("pricing") == 20


@pytest.mark.parametrize(
    ("path", "data", "stored"),
    [
        ("rules.vp.name", {"value": " Boss "}, ("name", "Boss")),
        ("rules.vp.enabled", {}, ("enabled", False)),
        ("rules.vp.fast_track", {"value": "on"}, ("fast_track", True)),
        ("rules.pricing.max_points", {"value": ""}, ("max_points", None)),
        ("rules.pricing.decay", {"kind": "none", "percent": "25", "days": "30"}, ("decay_days", None)),
        ("rules.demo.decay", {"kind": "linear"}, ("decay_percent", 25)),
        ("rules.pricing.count+max_per_day", {"count": "each", "max_per_day": "3"}, ("max_per_day", 3)),
        ("rules.pricing.count+max_per_day", {"count": "once"}, ("max_per_day", None)),
        (
            "rules.pricing.activity_types",
            {"value": ["page_view", "form_submit"]},
            ("activity_types", ["page_view", "form_submit"]),
        ),
        ("rules.quiet.every_days", {"value": "45"}, ("every_days", 45)),
        ("rules.pricing.place", {"group": "silence"}, ("group__key", "silence")),
    ],
)
def test_each_kind_of_field_is_read(
    send: Send, path: str, data: dict[str, Any], stored: tuple[str, Any]
) -> None:
    assert send(path=path, **data).status_code == 200

    name, value = stored
    assert Rule.objects.values_list(name, flat=True).get(key=path.split(".")[1]) == value


@pytest.mark.parametrize(
    "path", ["", "mql", "rules.x.points", "rules.vp.key", "rules.vp.place.x", "\0", "document"]
)
def test_a_path_of_nobody_is_refused_in_words(send: Send, path: str) -> None:
    response = send(path=path, value="1")

    assert response.status_code in (409, 422)
    assert "lf-toast--warning" in response.content.decode()


def test_without_javascript_a_field_saves_and_the_page_comes_back(client: Client, draft: Rulebook) -> None:
    url = reverse("scoring:edit", args=[draft.pk])

    saved = client.post(url, {"path": "rules.vp.points", "seen": "0", "value": "7"})
    refused = client.post(url, {"path": "rules.vp.points", "seen": "1", "value": "0"})

    assert saved.url == f"{reverse('scoring:editor', args=[draft.pk])}?open=vp#rule-vp"
    assert refused.status_code == 422
    assert "0 gives nothing" in refused.content.decode()
