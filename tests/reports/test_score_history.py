"""The line of a lead's score: its days, the threshold in force, its table, and its page."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from leads.models import Lead
from reports.charts.score_history import score_figure
from reports.metrics.score_history import Level, score_history
from scoring.models import Rulebook, ScoreChange, ScoringRun
from tests.factories import LeadFactory

TODAY = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def on_15_march_2026():
    with time_machine.travel(datetime(2026, 3, 15, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def books(db) -> list[Rulebook]:
    """Threshold 60 from 1 January, 70 from 5 March, and 65 a few hours later on the same day."""
    days = [(1, 60, "2026-01-01T08"), (2, 70, "2026-03-05T08"), (3, 65, "2026-03-05T15")]
    return [
        Rulebook.objects.create(
            number=number,
            state="published" if number == 3 else "retired",
            name="B",
            mql_threshold=threshold,
            fit_a=2,
            fit_b=1,
            engagement_1=2,
            engagement_2=1,
            published_at=datetime.fromisoformat(f"{at}:00:00+00:00"),
            retired_at=None if number == 3 else datetime(2026, 3, 5, 15, tzinfo=UTC),
        )
        for number, threshold, at in days
    ]


def change(
    lead: Lead, book: Rulebook, day: date, before: int | None, after: int, *, promotes: bool = True
) -> None:
    run = ScoringRun.objects.create(
        kind="manual",
        day=day,
        rulebook=book,
        promotes=promotes,
        state="done",
        ended_at=datetime(2026, 3, 15, 12, tzinfo=UTC),
    )
    ScoreChange.objects.create(
        lead=lead,
        day=day,
        run=run,
        rulebook_version=book.number or 0,
        fit_before=None if before is None else 10,
        engagement_before=None if before is None else before - 10,
        qualified_before=None if before is None else before >= 60,
        fit_after=10,
        engagement_after=after - 10,
        qualified_after=after >= 60,
    )


@pytest.fixture
def lead(books) -> Lead:
    """40 on 1 March, 62 and then 75 on 3 March, 66 on 10 March; an operator once looked at another day."""
    lead = LeadFactory(first_name="Anna")
    change(lead, books[0], date(2026, 3, 1), None, 40)
    change(lead, books[0], date(2026, 3, 3), 40, 62)
    change(lead, books[0], date(2026, 3, 3), 62, 75)
    change(lead, books[0], date(2026, 6, 1), 75, 20, promotes=False)
    change(lead, books[2], date(2026, 3, 10), 75, 66)
    change(LeadFactory(), books[0], date(2026, 3, 2), None, 99)
    return lead


def address(lead: Lead) -> str:
    return reverse("reports:score_history", args=[lead.pk])


def text_of(response) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", response.content.decode())))


def test_history_has_the_last_total_of_each_day_and_the_threshold_then_in_force(lead):
    history = score_history(lead, today=TODAY)

    assert history.totals == [
        Level(date(2026, 3, 1), 40),
        Level(date(2026, 3, 3), 75),
        Level(date(2026, 3, 10), 66),
    ]
    assert history.thresholds == [Level(date(2026, 3, 1), 60), Level(date(2026, 3, 5), 65)]
    assert [(row.points, row.threshold) for row in history.changes] == [
        (-9, 65),
        (13, 60),
        (22, 60),
        (None, 60),
    ]
    assert not history.is_cut


def test_threshold_changes_on_the_day_of_publication_not_before(lead, books):
    change(lead, books[0], date(2026, 3, 4), 66, 67)
    change(lead, books[2], date(2026, 3, 5), 67, 68)

    rows = {row.change.day: row.threshold for row in score_history(lead, today=TODAY).changes}

    assert (rows[date(2026, 3, 4)], rows[date(2026, 3, 5)]) == (60, 65)


def test_history_is_two_queries_however_long(lead, books, django_assert_num_queries):
    for day in range(1, 16):
        change(lead, books[0], date(2026, 2, day), 40, 41)

    with django_assert_num_queries(2):
        score_history(lead, today=TODAY)


def test_history_is_bounded(lead, books, monkeypatch):
    monkeypatch.setattr("reports.metrics.score_history.MOST_CHANGES", 3)

    history = score_history(lead, today=TODAY)

    assert history.is_cut
    assert [row.change.total_after for row in history.changes] == [66, 75, 62]


def test_figure_steps_to_today_in_both_lines(lead):
    threshold, total = score_figure(score_history(lead, today=TODAY))["data"]

    assert total["x"] == ["2026-03-01", "2026-03-03", "2026-03-10", "2026-03-15"]
    assert total["y"] == [40, 75, 66, 66]
    assert threshold["x"] == ["2026-03-01", "2026-03-05", "2026-03-15"]
    assert threshold["y"] == [60, 65, 65]
    assert total["line"]["shape"] == threshold["line"]["shape"] == "hv"


def test_page_shows_the_figure_and_the_same_numbers_as_a_table(signed_in, lead):
    response = signed_in.get(address(lead))

    figure = json.loads(
        re.search(r'id="score-figure"[^>]*>(.*?)</script>', response.content.decode(), re.S)[1]
    )
    assert figure["data"][1]["y"] == [40, 75, 66, 66]
    text = text_of(response)
    assert "10 Mar 2026 fit 10, engagement 56; qualified; rulebook 3, threshold 65 66 −9" in text
    assert "1 Mar 2026 fit 10, engagement 30; not qualified; rulebook 1, threshold 60 40 first" in text


def test_page_of_a_lead_without_scores_says_so(signed_in, books):
    response = signed_in.get(address(LeadFactory()))

    assert "No score yet" in text_of(response)
    assert "data-lf-chart" not in response.content.decode()


def test_part_is_only_the_part(signed_in, lead):
    html = signed_in.get(address(lead), headers={"HX-Request": "true"}).content.decode()

    assert html.lstrip().startswith('<div id="lead-score-history">')
    assert "<html" not in html


def test_unknown_lead_is_404_and_it_needs_get_and_login(signed_in, lead):
    assert signed_in.get(reverse("reports:score_history", args=[lead.pk + 1000])).status_code == 404
    assert signed_in.post(address(lead)).status_code == 405
    assert Client().get(address(lead)).url.startswith(reverse("login"))
