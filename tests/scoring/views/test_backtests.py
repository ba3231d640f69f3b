from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.models import Role, User
from scoring.backtest.asked import Asked
from scoring.models import BacktestHandoff, Rulebook, Study
from scoring.studies.working import work_on
from scoring.tasks import work_on_study
from tests.factories import UserFactory
from tests.scoring.backtest.conftest import backtest_of, draft_of, handed_over, lead_of, views
from tests.scoring.conftest import activity

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
VIEWS = activity("page_view", 20)


@pytest.fixture
def marketer() -> User:
    return UserFactory(username="mara", role=Role.MARKETER)


@pytest.fixture
def signed_in(client: Client, marketer: User) -> Client:
    client.force_login(marketer)
    return client


@pytest.fixture
def draft(db: None) -> Rulebook:
    return draft_of(VIEWS)


@pytest.fixture
def done(marketer: User, draft: Rulebook) -> Study:
    new, missed = lead_of(), lead_of(email="missed@company.example")
    views(new, 3)
    handed_over(missed, 5, decided=6, state="rejected", reason="student")
    return backtest_of(draft, marketer)


def text_of(client: Client, url: str, **extra: str) -> str:
    return " ".join(client.get(url, **extra).content.decode().split())


def asked(**fields: str) -> dict[str, str]:
    return {"period": "own", "first": "2026-03-01", "last": "2026-03-31", "within": "14", **fields}


def test_marketer_asks_for_a_backtest_and_sees_how_far_it_is(
    signed_in: Client,
    draft: Rulebook,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: object,
) -> None:
    handed_out: list[int] = []
    monkeypatch.setattr(work_on_study, "delay", handed_out.append)

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        response = signed_in.post(f"/rulebook/{draft.pk}/backtests/", asked(), follow=True)

    study = Study.objects.get()
    assert study.asked == {"first": "2026-03-01", "last": "2026-03-31", "within": 14}
    assert handed_out == [study.pk]
    assert b"Waits for a worker" in response.content


def test_preset_is_the_days_before_today(signed_in: Client, draft: Rulebook) -> None:
    signed_in.post(f"/rulebook/{draft.pk}/backtests/", asked(period="30"))

    today = timezone.localdate()
    found = Asked.from_json(Study.objects.get().asked)
    assert (found.first, found.last) == (today - timedelta(days=30), today - timedelta(days=1))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"first": "2026-03-31", "last": "2026-03-01"}, "begins on 2026-03-31, after its end on 2026-03-01"),
        ({"last": "2199-01-01"}, "only days that are over can be tested"),
        ({"first": "2020-03-01"}, "a backtest takes at most 731"),
        ({"first": ""}, "Choose the first and the last day of the period."),
        ({"first": "tomorrow"}, "The first day is not a date: write it as YYYY-MM-DD."),
        ({"within": "61"}, "less than or equal to 60"),
        ({"period": "7"}, "There is no period “7”"),
    ],
)
def test_what_cannot_be_tested_is_told(
    signed_in: Client, draft: Rulebook, fields: dict[str, str], sentence: str
) -> None:
    response = signed_in.post(f"/rulebook/{draft.pk}/backtests/", asked(**fields))

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Study.objects.exists()


def test_reps_ask_for_none(client: Client, draft: Rulebook) -> None:
    Rulebook.objects.filter(pk=draft.pk).update(state="published", number=1, published_at=timezone.now())
    client.force_login(UserFactory(role=Role.REP))

    assert client.get(f"/rulebook/{draft.pk}/backtests/").status_code == 200
    assert client.post(f"/rulebook/{draft.pk}/backtests/", asked()).status_code == 403


def test_list_shows_what_each_found_and_which_are_out_of_date(signed_in: Client, done: Study) -> None:
    assert "Out of date" not in text_of(signed_in, f"/rulebook/{done.rulebook_id}/backtests/")
    Rulebook.objects.update(revision=2)

    text = text_of(signed_in, f"/rulebook/{done.rulebook_id}/backtests/")

    assert "sales had rejected 1" in text
    assert "The draft was changed 2 times since." in text


def test_result_says_it_in_words_numbers_and_what_is_not_known(signed_in: Client, done: Study) -> None:
    text = text_of(signed_in, f"/rulebook/backtests/{done.pk}/")

    assert "Of the one it would have skipped, sales had rejected 1." in text
    assert "Student or job seeker" in text
    assert "Facts are today&#x27;s" in text or "Facts are today's" in text
    assert "No version was published, so there is none to compare with." in text
    assert 'data-lf-chart="weekly-figure"' in text


def test_part_takes_the_place_of_the_progress(signed_in: Client, done: Study) -> None:
    response = signed_in.get(f"/rulebook/studies/{done.pk}/", follow=True, **HTMX)

    assert response.redirect_chain == [(f"/rulebook/backtests/{done.pk}/", 302)]
    text = signed_in.get(f"/rulebook/backtests/{done.pk}/", **HTMX).content.decode().strip()
    assert text.startswith(f'<div class="lf-backtest" id="backtest-{done.pk}">')


def test_changed_draft_marks_the_result(signed_in: Client, done: Study) -> None:
    Rulebook.objects.update(revision=1)

    assert "The draft was changed 1 time since" in text_of(signed_in, f"/rulebook/backtests/{done.pk}/")


def test_numbers_open_their_leads(signed_in: Client, done: Study) -> None:
    text = text_of(signed_in, f"/rulebook/backtests/{done.pk}/leads/?side=draft&kind=missed&outcome=rejected")

    assert "1 handoff, by Small (draft" in text
    assert "missed@company.example" in text
    assert "Handoffs that it would not have made: rejected" in text


def test_list_of_many_goes_on_by_keyset(signed_in: Client, done: Study) -> None:
    lead = lead_of()
    BacktestHandoff.objects.bulk_create(
        BacktestHandoff(study=done, side="draft", kind="new", lead=lead, day=done.day) for _ in range(60)
    )
    url = f"/rulebook/backtests/{done.pk}/leads/?side=draft&kind=new"
    text = text_of(signed_in, url)
    last = BacktestHandoff.objects.filter(kind="new").order_by("pk")[49].pk

    assert f"kind=new&amp;after={last}" in text
    assert text_of(signed_in, f"{url}&after={last}", **HTMX).count("<tr>") == 12


@pytest.mark.parametrize("query", ["side=x", "side=draft&days=x", "side=draft&after=x", "side=draft&week=x"])
def test_nonsense_in_the_address_is_told(signed_in: Client, done: Study, query: str) -> None:
    response = signed_in.get(f"/rulebook/backtests/{done.pk}/leads/?{query}")

    assert response.status_code == 200
    assert b"alert-danger" in response.content


def test_failed_backtest_says_why(signed_in: Client, draft: Rulebook) -> None:
    signed_in.post(f"/rulebook/{draft.pk}/backtests/", asked())
    Rulebook.objects.filter(pk=draft.pk).update(revision=1)
    work_on(Study.objects.get().pk)

    text = text_of(signed_in, f"/rulebook/backtests/{Study.objects.get().pk}/")

    assert "The draft was changed before the backtest began. Ask for it again." in text


def test_another_kind_of_study_is_no_backtest(signed_in: Client, draft: Rulebook) -> None:
    study = Study.objects.create(kind="weights", rulebook=draft, revision=0, day=timezone.localdate())

    assert signed_in.get(f"/rulebook/backtests/{study.pk}/").status_code == 404


def test_wrong_methods_are_refused(signed_in: Client, done: Study) -> None:
    assert signed_in.post(f"/rulebook/backtests/{done.pk}/").status_code == 405
    assert signed_in.post(f"/rulebook/backtests/{done.pk}/leads/").status_code == 405


def test_queries_do_not_grow_with_the_lines(signed_in: Client, done: Study) -> None:
    url = f"/rulebook/backtests/{done.pk}/leads/?side=draft&kind=new"
    with CaptureQueriesContext(
        connection,
    ) as few:
        signed_in.get(url)
    BacktestHandoff.objects.bulk_create(
        BacktestHandoff(study=done, side="draft", kind="new", lead=lead_of(), day=done.day) for _ in range(20)
    )

    with CaptureQueriesContext(connection) as many:
        signed_in.get(url)

    assert len(many) == len(few)
