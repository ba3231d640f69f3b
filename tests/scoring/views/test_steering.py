from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from leads.models import Organisation, Role, User
from scoring.models import ScoringRun
from scoring.runs import request_run
from scoring.tasks import work_on_run
from tests.factories import UserFactory
from tests.scoring.conftest import Publish, german
from tests.scoring.views.conftest import HTMX, RESCORE, URL, ended, text_of

pytestmark = pytest.mark.django_db
Kind, State = ScoringRun.Kind, ScoringRun.State


@pytest.fixture
def handed_out(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    given: list[int] = []
    monkeypatch.setattr(work_on_run, "delay", given.append)
    return given


def test_rescore_asks_for_a_run_and_hands_it_out_after_the_commit(
    signed_in: Client,
    marketer: User,
    publish_rules: Publish,
    handed_out: list[int],
    django_capture_on_commit_callbacks: Any,
) -> None:
    publish_rules(german(5))
    with django_capture_on_commit_callbacks(execute=True):
        response = signed_in.post(RESCORE)
        assert handed_out == []

    run = ScoringRun.objects.get()
    assert (run.kind, run.requested_by) == (Kind.MANUAL, marketer)
    assert handed_out == [run.pk]
    assert response["Location"] == URL
    assert not run.full
    assert "Leads whose score can have changed are being rescored." in text_of(signed_in)


def test_rescore_of_all_leads_is_a_full_run(
    signed_in: Client, publish_rules: Publish, handed_out: list[int]
) -> None:
    publish_rules(german(5))

    page = signed_in.post(RESCORE, {"leads": "all"}, follow=True).content.decode()

    assert ScoringRun.objects.get().full
    assert "All leads are being rescored." in page


def test_rescore_twice_is_one_run_and_says_so(
    signed_in: Client, publish_rules: Publish, handed_out: list[int]
) -> None:
    publish_rules(german(5))
    for _ in range(2):
        page = " ".join(signed_in.post(RESCORE, follow=True).content.decode().split())

    assert ScoringRun.objects.count() == 1
    assert "asked for already by mara" in page


def test_rescore_with_the_broker_down_leaves_the_run_to_the_tick(
    signed_in: Client,
    publish_rules: Publish,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def refuse(run_id: int) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(work_on_run, "delay", refuse)
    publish_rules(german(5))

    with django_capture_on_commit_callbacks(execute=True):
        assert signed_in.post(RESCORE).status_code == 302

    assert ScoringRun.objects.get().state == State.PENDING


def test_rescore_without_a_rulebook_is_refused_in_words(signed_in: Client) -> None:
    page = signed_in.post(RESCORE, follow=True).content.decode()

    assert "rulebook import FILE --publish" in page
    assert not ScoringRun.objects.exists()


def test_cancel_is_recorded_and_leads_to_the_run(
    signed_in: Client, marketer: User, publish_rules: Publish
) -> None:
    publish_rules(german(5))
    run = request_run(kind=Kind.MANUAL, at=timezone.now())
    address = reverse("scoring:run", args=[run.pk])

    response = signed_in.post(f"{address}cancel/", **HTMX)

    run.refresh_from_db()
    assert (run.state, run.cancelled_by) == (State.CANCELLED, marketer)
    assert response["HX-Redirect"] == address
    assert "is cancelled." in text_of(signed_in, address)


def test_cancel_of_an_ended_run_says_that_it_is_over(signed_in: Client, publish_rules: Publish) -> None:
    run = ended(publish_rules(german(5)))

    response = signed_in.post(reverse("scoring:run_cancel", args=[run.pk]), follow=True)

    assert "has ended already: done." in response.content.decode()


@pytest.mark.parametrize(
    ("role", "buttons"),
    [
        (Role.REP, set()),
        (Role.MANAGER, set()),
        (Role.MARKETER, {"rescore", "cancel"}),
        (Role.ADMINISTRATOR, {"rescore", "cancel", "hour"}),
    ],
)
def test_role_sees_the_buttons_that_it_may_press(
    role: Role, buttons: set[str], client: Client, publish_rules: Publish
) -> None:
    publish_rules(german(5))
    request_run(kind=Kind.MANUAL, at=timezone.now())
    client.force_login(UserFactory(role=role))

    page = text_of(client)

    shown = {name for name in ("rescore", "cancel", "hour") if f'/{name}/"' in page}
    assert shown == buttons


def test_hour_is_set_by_an_administrator(client: Client) -> None:
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))

    page = client.post(reverse("scoring:nightly_hour"), {"hour": "5"}, follow=True).content.decode()

    assert Organisation.current().nightly_hour == 5
    assert "The nightly run begins at 05:00 (UTC)." in page


@pytest.mark.parametrize(
    ("hour", "words"),
    [("24", "“24” is not an hour of the day; choose 0 to 23."), ("", "Choose an hour"), ("x", "“x” is not")],
)
def test_hour_that_is_none_is_refused_in_words(hour: str, words: str, client: Client) -> None:
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    before = Organisation.current().nightly_hour

    response = client.post(reverse("scoring:nightly_hour"), {"hour": hour})

    assert response.status_code == 422
    assert words in response.content.decode()
    assert Organisation.current().nightly_hour == before
