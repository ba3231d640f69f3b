"""A draft as a file."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from scoring.models import Rule, Rulebook
from scoring.rulebook.rows import form_of
from tests.scoring.rulebook.test_document import EXAMPLE
from tests.scoring.views.editor.conftest import Send

pytestmark = pytest.mark.django_db


def test_what_is_exported_is_imported_as_the_same_draft(client: Client, draft: Rulebook) -> None:
    exported = client.get(reverse("scoring:export", args=[draft.pk]))
    assert "attachment" in exported.headers["Content-Disposition"]
    file = SimpleUploadedFile("rules.json", exported.content)

    response = client.post(reverse("scoring:draft_import"), {"file": file})

    made = Rulebook.objects.exclude(pk=draft.pk).get()
    assert response.url == reverse("scoring:editor", args=[made.pk])
    assert form_of(made) == form_of(draft)


def test_a_pasted_file_replaces_the_draft_and_is_undone(client: Client, draft: Rulebook, send: Send) -> None:
    text = json.dumps({**EXAMPLE, "rules": []})

    client.post(reverse("scoring:draft_replace", args=[draft.pk]), {"text": text})
    assert not Rule.objects.exists()
    send("take_back", step="undo")
    assert Rule.objects.count() == 4


@pytest.mark.parametrize("name", ["draft_import", "draft_replace"])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Choose a file, or paste"),
        ("{", "not JSON"),
        ("[]", "$: a list is not an object"),
        (json.dumps({**EXAMPLE, "rules": [{"key": "x", "kind": "fit"}]}), "$.rules[0].points: is missing"),
    ],
)
def test_a_wrong_file_is_refused_with_paths_and_changes_nothing(
    client: Client, draft: Rulebook, name: str, text: str, says: str
) -> None:
    url = reverse(f"scoring:{name}", args=[draft.pk] if name == "draft_replace" else [])

    response = client.post(url, {"text": text})

    assert response.status_code == 422
    assert says in response.content.decode()
    assert Rulebook.objects.count() == 1
