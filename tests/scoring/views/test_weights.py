from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from leads.models import Role
from scoring.models import Study
from scoring.rulebook.editing import Edit, apply_edit
from scoring.studies.working import work_on
from scoring.tasks import work_on_study
from tests.factories import UserFactory
from tests.scoring.conftest import german
from tests.scoring.evidence.conftest import DECIDED_AT
from tests.scoring.weights.conftest import draft, marketer, requested  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_june(monkeypatch):
    monkeypatch.setattr(work_on_study, "delay", lambda study_id: None)
    with time_machine.travel(datetime(2026, 6, 30, 12, tzinfo=UTC), tick=False):
        yield


def signed_in(user=None, *, role: Role = Role.MARKETER, **options) -> Client:
    client = Client(**options)
    client.force_login(user or UserFactory(role=role))
    return client


def page_of(client: Client, book) -> str:
    response = client.get(reverse("scoring:weights", args=[book.pk]))
    assert response.status_code == 200
    return html.unescape(response.content.decode())


ASKED = {"days": "365", "low": "1", "high": "40"}


def asked(client: Client, book, **data):
    return client.post(reverse("scoring:weights", args=[book.pk]), {**ASKED, **data}, follow=True)


@pytest.fixture(scope="module")
def learnt() -> dict[str, Any]:
    """What the study of `done` came to, once one of these tests has worked on it."""
    return {}


@pytest.fixture
def done(draft, marketer, learnt) -> Study:  # noqa: F811
    study = requested(draft, marketer)
    if learnt:
        Study.objects.filter(pk=study.pk).update(**learnt)
    else:
        work_on(study.pk)
    study.refresh_from_db()
    assert study.state == "done"
    learnt |= {name: getattr(study, name) for name in ("state", "result", "steps", "steps_done", "ended_at")}
    return study


def test_asking_writes_what_is_wanted_and_shows_progress(draft):  # noqa: F811
    response = asked(signed_in(), draft, **{"keep-r2": "on", "turn-r0": "on", "low-r1": "3"})

    study = Study.objects.get()
    assert study.asked == {
        "first": "2025-07-01",
        "last": "2026-06-30",
        "low": 1,
        "high": 40,
        "rules": {"r0": {"may_turn": True}, "r1": {"low": 3}, "r2": {"keep": True}},
    }
    assert "Waits for a worker" in response.content.decode()


def test_form_carries_its_token(draft):  # noqa: F811
    client = signed_in(enforce_csrf_checks=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page_of(client, draft)).group(1)

    assert asked(client, draft, csrfmiddlewaretoken=token).status_code == 200
    assert Study.objects.exists()


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"low": "0"}, "Least points: write a whole number from 1 to 1000."),
        ({"high": "much"}, "Most points: write a whole number from 1 to 1000."),
        ({"low": "9", "high": "8"}, "The most points, 8, are below the least, 9."),
        (
            {"low-r0": "9", "high-r0": "8"},
            "The most points of Content downloaded, 8, are below the least, 9.",
        ),
        ({"high-r0": "1001"}, "Most points of Content downloaded: write a whole number from 1 to 1000."),
        ({"days": "14"}, "Choose a period: 90, 180, 365 days."),
    ],
)
def test_bad_limits_are_named_and_nothing_is_asked(draft, data, complaint):  # noqa: F811
    response = asked(signed_in(), draft, **data)

    assert response.status_code == 422
    assert complaint in html.unescape(response.content.decode())
    assert not Study.objects.exists()


def test_result_shows_the_test_and_each_rule(done):
    page = page_of(signed_in(), done.rulebook)

    for words in (
        "Tested on the newer decisions",
        "Learnt from the older 84 of 120 handoffs",
        "Apply to the draft",
    ):
        assert words in page, words
    assert "Too few handoffs with it, or without" in page  # Germany
    assert re.search(r"odds of acceptance × [\d.]+", page)


def test_result_takes_the_place_of_the_progress(done):
    response = signed_in().get(
        reverse("scoring:study", args=[done.pk]), headers={"HX-Request": "true"}, follow=True
    )

    assert response.content.decode().lstrip().startswith(f'<div id="study-{done.pk}"')


def test_applying_makes_one_edit_for_each_chosen_rule(done):
    suggested = {rule["key"]: rule["to"] for rule in done.result["rules"]}

    signed_in().post(reverse("scoring:weights_apply", args=[done.pk]), {"rule": ["r0", "r1"]})

    rules = dict(done.rulebook.rules.values_list("key", "points"))
    assert rules == {"r0": suggested["r0"], "r1": suggested["r1"], "r2": 5}
    assert done.rulebook.events.filter(kind="edited").count() == 2


def test_what_another_has_changed_since_is_not_overwritten_and_nothing_is_applied(done):
    edit = Edit("rules.r1.points", 11, seen=0)
    apply_edit(draft=done.rulebook_id, edit=edit, by=UserFactory(role=Role.MARKETER), at=DECIDED_AT)

    response = signed_in().post(
        reverse("scoring:weights_apply", args=[done.pk]), {"rule": ["r0", "r1"]}, follow=True
    )

    assert "Nothing was changed." in response.content.decode()
    assert dict(done.rulebook.rules.values_list("key", "points")) == {"r0": 20, "r1": 11, "r2": 5}


@pytest.mark.parametrize(("rules", "words"), [([], "No rule was chosen"), (["r9"], "is not about r9")])
def test_applying_nothing_or_nonsense_changes_nothing(done, rules, words):
    response = signed_in().post(
        reverse("scoring:weights_apply", args=[done.pk]), {"rule": rules}, follow=True
    )

    assert words in response.content.decode()
    assert not done.rulebook.events.filter(kind="edited").exists()


@pytest.mark.parametrize(
    ("role", "page", "ask", "apply"),
    [(Role.REP, 403, 403, 403), (Role.MANAGER, 200, 302, 403), (Role.ADMINISTRATOR, 200, 302, 403)],
)
def test_roles(done, role, page, ask, apply):
    client, pk = signed_in(role=role), done.rulebook_id

    assert client.get(reverse("scoring:weights", args=[pk])).status_code == page
    assert client.get(reverse("scoring:weights_result", args=[done.pk])).status_code == page
    assert client.post(reverse("scoring:weights", args=[pk]), ASKED).status_code == ask
    assert client.post(reverse("scoring:weights_apply", args=[done.pk]), {"rule": "r0"}).status_code == apply


def test_published_version_gets_no_suggestion(publish_rules):
    book = publish_rules(german(5))

    assert "Only a draft gets suggestions" in page_of(signed_in(), book)
    assert asked(signed_in(), book).status_code == 422
    assert not Study.objects.exists()
