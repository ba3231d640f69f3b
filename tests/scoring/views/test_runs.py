from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.models import Organisation, Role, User
from scoring.models import ScoreChange, ScoringRun
from scoring.runs import LEASE, request_run
from tests.factories import LeadFactory, UserFactory
from tests.scoring.conftest import Publish, german
from tests.scoring.views.conftest import HTMX, RESCORE, URL, ended, text_of

pytestmark = pytest.mark.django_db
Kind, State = ScoringRun.Kind, ScoringRun.State


# The list ------------------------------------------------------------------------------------------------------------


def test_page_without_runs_says_what_will_stand_there(signed_in: Client) -> None:
    page = text_of(signed_in)

    assert "No run has ended yet" in page
    assert "None, until a <a" in page
    assert "every 2s" not in page


def test_page_tells_hour_zone_and_next_night(
    signed_in: Client, publish_rules: Publish, settings: Any
) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    publish_rules(german(5))
    now = timezone.localtime()
    Organisation.objects.update(nightly_hour=4)
    ended(publish_rules(german(6)), kind="nightly", day=now.date())

    page = text_of(signed_in)

    tomorrow = now.date() + timedelta(days=1)
    assert "Once a day, at 04:00 in the time zone Asia/Tokyo." in page
    assert f"{tomorrow:%a} {tomorrow.day} {tomorrow:%b}, 04:00</time>" in page


def test_history_tells_counts_durations_states_and_errors(signed_in: Client, publish_rules: Publish) -> None:
    book = publish_rules(german(5))
    ended(book, scored=1_200_000, changed=3_456, promoted=78, demoted=9, kind="nightly")
    ended(book, state="failed", error="No such field")
    bad = ended(book, state="failed", chunks=3)
    bad.chunks.filter(first_lead=0).update(state="failed", error="boom")

    page = text_of(signed_in)

    for words in (
        "1,200,000",
        "3,456",
        ">78<",
        ">9<",
        "1 min 15 s",
        "Failed",
        "No such field",
        "1 of 3 ranges",
    ):
        assert words in page, words


def test_left_over_leads_are_told_in_words(signed_in: Client, publish_rules: Publish) -> None:
    Organisation.objects.update(promotion_limit=50)
    ended(publish_rules(german(5)), promoted=50, left_over=34)

    page = text_of(signed_in)

    assert "34 qualified leads wait." in page
    assert "one run may offer at most 50" in page


def test_run_at_work_is_shown_with_its_progress_and_asks_again(
    signed_in: Client, publish_rules: Publish
) -> None:
    book = publish_rules(german(5))
    now = timezone.now()
    run = ended(book, state="running", ended_at=None, started_at=now - timedelta(seconds=100), chunks=4)
    run.chunks.filter(first_lead=0).update(state="done", done_at=now, scored=5_000)
    run.chunks.filter(first_lead=10).update(state="taken", lease_token=uuid.uuid4(), leased_until=now + LEASE)

    page = text_of(signed_in)

    for words in (
        'value="25"',
        "<b>5,000</b> leads done",
        "1 of 4 ranges",
        "50 leads a second",
        "5 min 0 s",
        "every 2s",
    ):
        assert words in page, words


@pytest.mark.parametrize(("held", "is_stalled"), [(True, False), (False, True)])
def test_run_that_nobody_works_on_is_said_to_stand_still(
    held: bool, is_stalled: bool, signed_in: Client, publish_rules: Publish
) -> None:
    past = timezone.now() - timedelta(minutes=5)
    run = ended(publish_rules(german(5)), state="running", ended_at=None, started_at=past, requested_at=past)
    if held:
        run.chunks.update(state="taken", lease_token=uuid.uuid4(), leased_until=timezone.now() + LEASE)

    assert ("Is a worker running?" in text_of(signed_in)) == is_stalled


def test_part_is_only_the_part_and_stops_asking_when_nothing_is_at_work(
    signed_in: Client, publish_rules: Publish
) -> None:
    ended(publish_rules(german(5)))

    response = signed_in.get(URL, **HTMX)

    assert response.content.decode().lstrip().startswith('<div id="runs"')
    assert "<html" not in response.content.decode()
    assert "every 2s" not in response.content.decode()
    assert "HX-Request" in response["Vary"]


def test_history_is_paged_both_ways(signed_in: Client, publish_rules: Publish) -> None:
    book = publish_rules(german(5))
    runs = [ended(book) for _ in range(45)]
    newest_first = [run.pk for run in reversed(runs)]

    def page(query: str = "") -> Any:
        return signed_in.get(f"{URL}{query}").context["page"]

    def pks(page: Any) -> list[int]:
        return [row.run.pk for row in page.rows]

    first = page()
    second = page(f"?before={first.older}")
    third = page(f"?before={second.older}")
    back = page(f"?after={second.newer}")

    assert pks(first) + pks(second) + pks(third) == newest_first
    assert pks(back) == pks(first)
    assert (first.newer, third.older, back.newer) == (None, None, None)


@pytest.mark.parametrize("query", ["before=x", "after=-1", "before=9999999999999999999999"])
def test_place_that_is_none_is_refused_in_words(
    query: str, signed_in: Client, publish_rules: Publish
) -> None:
    ended(publish_rules(german(5)))

    page = text_of(signed_in, f"{URL}?{query}")

    assert "is no place in the history of runs" in page


def test_number_of_queries_does_not_grow_with_runs_or_ranges(
    signed_in: Client, publish_rules: Publish
) -> None:
    book, counts = publish_rules(german(5)), []
    for runs in (2, 12):
        for _ in range(runs):
            ended(book, chunks=runs)
        with CaptureQueriesContext(connection) as queries:
            signed_in.get(URL)
        counts.append(len(queries))

    assert counts[0] == counts[1]


# One run -------------------------------------------------------------------------------------------------------------


def test_run_lists_failed_ranges_first_with_error_and_attempts(
    signed_in: Client, publish_rules: Publish
) -> None:
    run = ended(publish_rules(german(5)), state="failed", chunks=4)
    run.chunks.filter(first_lead=30).update(state="failed", attempts=3, error="DataError: out of range")
    run.chunks.filter(first_lead=20).update(attempts=2)

    response = signed_in.get(reverse("scoring:run", args=[run.pk]))

    assert [chunk.first_lead for chunk in response.context["chunks"].rows] == [30, 20, 0, 10]
    assert "DataError: out of range" in response.content.decode()
    assert "Not done" in response.content.decode()


def test_run_shows_the_scores_that_moved_furthest(signed_in: Client, publish_rules: Publish) -> None:
    run = ended(publish_rules(german(5)), changed=3)
    leads = [LeadFactory(first_name=name) for name in ("Anna", "Bela", "Cleo")]
    for lead, before, after in zip(leads, (10, 30, None), (15, 5, 90), strict=True):
        ScoreChange.objects.create(
            lead=lead,
            run=run,
            day=run.day,
            rulebook_version=1,
            fit_before=before,
            engagement_before=None if before is None else 0,
            qualified_before=None if before is None else before >= 20,
            fit_after=after,
            engagement_after=0,
            qualified_after=after >= 20,
        )

    response = signed_in.get(reverse("scoring:run", args=[run.pk]))

    assert [(change.lead.first_name, change.moved_by) for change in response.context["changes"]] == [
        ("Bela", -25),
        ("Anna", 5),
    ]
    assert "No longer" in response.content.decode()


def test_cancelled_run_says_by_whom(signed_in: Client, marketer: User, publish_rules: Publish) -> None:
    now = timezone.now()
    run = ended(
        publish_rules(german(5)), state="cancelled", cancelled_at=now, cancelled_by=marketer, ended_at=now
    )

    assert "by mara" in text_of(signed_in, reverse("scoring:run", args=[run.pk]))
    assert "by mara" in text_of(signed_in)


def test_live_rescoring_of_a_day_has_no_end_and_no_ranges(signed_in: Client, publish_rules: Publish) -> None:
    run = ended(publish_rules(german(5)), kind="live", full=False, chunks=0, scored=7)

    page = text_of(signed_in, reverse("scoring:run", args=[run.pk]))

    assert "Live rescoring of" in page
    assert "Ranges of leads" not in page
    assert "leads a second" not in page


def test_run_at_work_answers_htmx_with_its_part(signed_in: Client, publish_rules: Publish) -> None:
    publish_rules(german(5))
    run = request_run(kind=Kind.MANUAL, at=timezone.now())

    part = text_of(signed_in, reverse("scoring:run", args=[run.pk]), **HTMX)

    assert part.startswith('<div id="run"')
    assert "Waits for a worker" in part


def test_run_that_is_not_there_is_not_found(signed_in: Client) -> None:
    assert signed_in.get(reverse("scoring:run", args=[999])).status_code == 404
    assert signed_in.post(reverse("scoring:run_cancel", args=[999])).status_code == 404


# Who and how ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [URL, f"{URL}1/"])
def test_stranger_is_sent_to_the_login(url: str, client: Client) -> None:
    assert client.get(url)["Location"].startswith(reverse("login"))


def test_wrong_methods_are_refused(signed_in: Client) -> None:
    assert signed_in.post(URL).status_code == 405
    assert signed_in.post(f"{URL}1/").status_code == 405
    for url in (RESCORE, f"{URL}hour/", f"{URL}1/cancel/"):
        assert signed_in.get(url).status_code == 405


@pytest.mark.parametrize(
    ("role", "is_there"),
    [(Role.REP, False), (Role.MARKETER, True), (Role.MANAGER, True), (Role.ADMINISTRATOR, True)],
)
def test_navigation_names_the_page_where_it_is_of_use(role: Role, is_there: bool, client: Client) -> None:
    client.force_login(UserFactory(role=role))

    page = client.get(URL)

    labels = [item.label for item in page.context["navigation"].items]
    assert ("Scoring runs" in labels) == is_there
    assert [item.label for item in page.context["navigation"].items if item.is_current] == [
        "Scoring runs" if is_there else "Rulebook"
    ]
