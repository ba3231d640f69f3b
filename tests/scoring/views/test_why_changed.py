"""The pages "why did it change" and "what next", as pages and as parts."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead, LeadScore, Role
from leads.models.fields import day_of
from scoring.models import ScoreChange, ScoringRun
from scoring.rulebook.wording import on
from scoring.runs import request_run, work_on
from tests.factories import ActivityFactory, LeadFactory, UserFactory
from tests.leads.views.conftest import HTMX, query_count
from tests.scoring.conftest import activity, german

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.REP))
    return client


@pytest.fixture
def lead(publish_rules) -> Lead:
    """Rulebook 1 gives 15 for each visit of the last 30 days; Anna came once, two days ago."""
    publish_rules(activity("page_view", 15, window_days=30, name="Visits"))
    lead = LeadFactory(first_name="Anna", created_at=timezone.now() - timedelta(days=60))
    ActivityFactory(lead=lead, occurred_at=timezone.now() - timedelta(days=2))
    return lead


def rescore(days_ago: int) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    work_on(request_run(kind=ScoringRun.Kind.MANUAL, at=at).pk, clock=lambda: at)


def changed(lead: Lead, query: str = "") -> str:
    return reverse("scoring:why_changed", args=[lead.pk]) + query


def text_of(response) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", response.content.decode()))).strip()


def days(first: int, last: int) -> str:
    today = day_of(timezone.now())
    return f"?first={today - timedelta(days=first)}&last={today - timedelta(days=last)}"


# Why did it change ----------------------------------------------------------------------------------------------------


def test_page_compares_two_days(client, lead):
    response = client.get(changed(lead, days(3, 0)))

    assert response.status_code == 200
    assert "Visits 0 → 1 matches in the last 30 days 0 → +15 +15" in text_of(response)
    assert "Total 0 → 15 +15" in text_of(response)


def test_page_begins_with_the_latest_recorded_change(client, lead):
    rescore(3)
    rescore(1)
    rescore(0)

    response = client.get(changed(lead))

    day = day_of(timezone.now()) - timedelta(days=1)
    assert f"{on(day - timedelta(days=1))} → {on(day)}" in text_of(response)
    assert f"{on(day)} 0 → 15" in text_of(response)
    assert "first score, 0" in text_of(response)
    assert 'aria-current="true"' in response.content.decode()
    assert "Recorded was" in text_of(
        response
    )  # the visit of two days ago was there before the run that saw it


def test_links_to_recorded_changes_lead_to_them(client, lead):
    rescore(3)
    rescore(1)
    (link,) = re.findall(r'href="([^"]*changed/\?[^"]*)"', client.get(changed(lead)).content.decode())

    assert 'aria-current="true"' in client.get(unescape(link)).content.decode()


def test_two_rulebooks_can_be_chosen_where_there_are_two(client, lead, publish_rules):
    one = client.get(changed(lead, days(0, 0))).content.decode()
    publish_rules(activity("page_view", 25, window_days=30, name="Visits"))

    response = client.get(changed(lead, days(0, 0) + "&first_rulebook=1&last_rulebook=2"))

    assert "Rulebook then" not in one
    assert "Visits worth 15 → 25 points +15 → +25 +10" in text_of(response)


@pytest.mark.parametrize(
    "query",
    [
        "?first=yesterday&last=2026-01-01",
        "?first=2026-01-01",
        "?first=1066-10-14&last=2026-01-01",
        "?first=2026-01-01&last=2026-01-02&last_rulebook=99",
        "?first=2026-01-01&last=2026-01-02&first_rulebook=x",
        "?first=&last=%00",
    ],
)
def test_bad_input_shows_an_error_and_no_table(client, lead, publish_rules, query):
    publish_rules(german(10))

    response = client.get(changed(lead, query))

    assert response.status_code == 200
    assert "invalid-feedback" in response.content.decode()
    assert "why-changed-table" not in response.content.decode()


def test_page_without_a_rulebook_or_a_score_says_so(client, db):
    lead = LeadFactory()

    assert "No rulebook is published" in text_of(client.get(changed(lead)))
    assert "No rulebook is published" in text_of(client.get(reverse("scoring:what_next", args=[lead.pk])))


def test_nothing_changed_is_no_line(client, lead):
    assert "1 rule gave the same." in text_of(client.get(changed(lead, days(1, 0))))


# What next ------------------------------------------------------------------------------------------------------------


def test_what_next_names_what_is_missing_and_what_would_lift(client, lead):
    text = text_of(client.get(reverse("scoring:what_next", args=[lead.pk])))

    assert "Not qualified (15 points, threshold 20)." in text
    assert "5 short of the threshold of 20." in text
    assert "One more: Visits 30 points: qualifies" in text


def test_what_next_names_the_day_on_which_a_qualified_lead_falls(client, lead):
    """Visits of two days ago and of today: the older one is 30 days old in 28 days."""
    ActivityFactory(lead=lead, occurred_at=timezone.now())

    text = text_of(client.get(reverse("scoring:what_next", args=[lead.pk])))

    falls = day_of(timezone.now()) + timedelta(days=28)
    assert f"falls below the threshold on {on(falls)}, in 28 days." in text
    assert f"{on(falls)} Visits 30 → 15 15 −15" in text


def test_what_next_names_the_hold(client, lead):
    Lead.objects.filter(pk=lead.pk).update(hold_until=day_of(timezone.now()) + timedelta(days=9))

    text = text_of(client.get(reverse("scoring:what_next", args=[lead.pk])))

    assert "on hold until" in text


# Both -----------------------------------------------------------------------------------------------------------------

ADDRESSES = [("scoring:why_changed", "lead-why-changed"), ("scoring:what_next", "lead-next")]


@pytest.mark.parametrize(("name", "root"), ADDRESSES)
def test_part_is_only_the_part(client, lead, name, root):
    html = client.get(reverse(name, args=[lead.pk]), headers=HTMX).content.decode()

    assert html.lstrip().startswith(f'<div id="{root}">')
    assert "<html" not in html


@pytest.mark.parametrize(("name", "root"), ADDRESSES)
def test_unknown_lead_is_404_and_it_needs_get_and_login(client, lead, name, root):
    assert client.get(reverse(name, args=[lead.pk + 1000])).status_code == 404
    assert client.post(reverse(name, args=[lead.pk])).status_code == 405
    assert Client().get(reverse(name, args=[lead.pk])).url.startswith(reverse("login"))


@pytest.mark.parametrize(("name", "root"), [*ADDRESSES, ("scoring:why", "lead-why")])
def test_queries_do_not_grow_with_activities_and_changes(client, lead, name, root):
    rescore(1)
    few = query_count(client, reverse(name, args=[lead.pk]))
    score = LeadScore.objects.get(pk=lead.pk)
    run = ScoringRun.objects.get()
    for index in range(10):
        ActivityFactory(lead=lead, occurred_at=timezone.now() - timedelta(days=40 + index))
        ScoreChange.objects.create(
            lead=lead,
            day=score.day,
            run=run,
            rulebook_version=1,
            fit_before=0,
            engagement_before=index,
            qualified_before=False,
            fit_after=0,
            engagement_after=index + 1,
            qualified_after=False,
        )

    assert query_count(client, reverse(name, args=[lead.pk])) == few


def test_lead_page_brings_all_parts_and_links_to_them(client, lead):
    html = client.get(reverse("leads:detail", args=[lead.pk])).content.decode()

    for name in ("scoring:why_changed", "scoring:what_next", "reports:score_history"):
        address = reverse(name, args=[lead.pk])
        assert f'hx-get="{address}"' in html
        assert f'href="{address}"' in html
