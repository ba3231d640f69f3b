from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from leads.models import Role, User
from scoring.models import Rulebook, Study
from scoring.rulebook.rows import form_of, save_draft
from scoring.studies.kinds import KINDS, KindOfStudy
from scoring.studies.ledger import cancel, fail, finish, request_study, take
from scoring.tasks import hand_out, tick, work_on_study
from tests.factories import UserFactory
from tests.scoring.conftest import Publish, german

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
State = Study.State


@pytest.fixture
def marketer() -> User:
    return UserFactory(username="mara", role=Role.MARKETER)


@pytest.fixture
def signed_in(client: Client, marketer: User) -> Client:
    client.force_login(marketer)
    return client


@pytest.fixture
def book(publish_rules: Publish) -> Rulebook:
    return publish_rules(german(20))


@pytest.fixture
def study(book: Rulebook, marketer: User) -> Study:
    return request_study(kind=Study.Kind.BACKTEST, book=book, asked={}, by=marketer, at=timezone.now())


def text_of(client: Client, study: Study, **extra: str) -> str:
    return " ".join(client.get(f"/rulebook/studies/{study.pk}/", **extra).content.decode().split())


def test_page_shows_how_far_it_is_and_asks_again(signed_in: Client, study: Study) -> None:
    take(study.pk, at=timezone.now())
    Study.objects.update(steps=8, steps_done=2)

    text = text_of(signed_in, study)

    assert 'value="25"' in text
    assert f'hx-get="/rulebook/studies/{study.pk}/" hx-trigger="every 1s"' in text


def test_htmx_gets_the_part_alone(signed_in: Client, study: Study) -> None:
    text = text_of(signed_in, study, **HTMX)

    assert text.startswith("<section id=") or "<html" not in text
    assert "Waits for a worker" in text


def test_study_that_waits_for_minutes_asks_for_a_worker(signed_in: Client, study: Study) -> None:
    Study.objects.update(requested_at=timezone.now() - timedelta(minutes=5))

    assert "Is a worker running?" in text_of(signed_in, study)


def test_failed_study_says_why_and_asks_no_more(signed_in: Client, study: Study) -> None:
    fail(take(study.pk, at=timezone.now()), error="There is nothing to count.", at=timezone.now())

    text = text_of(signed_in, study, **HTMX)

    assert "There is nothing to count." in text
    assert "hx-trigger" not in text


def test_done_study_sends_to_its_result(
    signed_in: Client, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "backtest", KindOfStudy(lambda *_: {}, "scoring:run"))
    finish(take(study.pk, at=timezone.now()), result={}, at=timezone.now())

    response = signed_in.get(f"/rulebook/studies/{study.pk}/", **HTMX)

    assert response["Location"] == f"/rulebook/runs/{study.pk}/"


def test_cancelled_study_names_who_cancelled_it(signed_in: Client, study: Study, marketer: User) -> None:
    response = signed_in.post(f"/rulebook/studies/{study.pk}/cancel/", follow=True)

    assert b"Cancelled by mara" in response.content
    assert Study.objects.get().cancelled_by == marketer


def test_cancelling_what_has_ended_says_so(signed_in: Client, study: Study, marketer: User) -> None:
    cancel(study=study, by=marketer, at=timezone.now())

    response = signed_in.post(f"/rulebook/studies/{study.pk}/cancel/", follow=True)

    assert b"has ended already: cancelled" in response.content


def test_reps_see_no_study_of_a_draft(client: Client, book: Rulebook, study: Study) -> None:
    draft = save_draft(form=form_of(book), by=None)
    Study.objects.update(rulebook=draft)
    client.force_login(UserFactory(role=Role.REP))

    assert client.get(f"/rulebook/studies/{study.pk}/").status_code == 403


def test_unknown_study_is_not_found(signed_in: Client) -> None:
    assert signed_in.get("/rulebook/studies/999/").status_code == 404


def test_wrong_methods_are_refused(signed_in: Client, study: Study) -> None:
    assert signed_in.post(f"/rulebook/studies/{study.pk}/").status_code == 405
    assert signed_in.get(f"/rulebook/studies/{study.pk}/cancel/").status_code == 405


def test_study_is_asked_for_even_where_the_broker_is_down(
    study: Study, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    def no_broker(study_id: int) -> None:
        raise OperationalError("down")

    monkeypatch.setattr(work_on_study, "delay", no_broker)
    with django_capture_on_commit_callbacks(execute=True):
        hand_out(study)

    handed_out: list[int] = []
    monkeypatch.setattr(work_on_study, "delay", handed_out.append)
    tick()
    assert handed_out == [study.pk]
