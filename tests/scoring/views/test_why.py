from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import LeadScore, Role
from scoring.explanations import explain_lead
from scoring.models import Rulebook
from scoring.reasons import reasons_of
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.rulebook.wording import on
from tests.factories import ActivityFactory, AssetFactory, LeadFactory, UserFactory

pytestmark = pytest.mark.django_db

RULEBOOK: dict[str, Any] = {
    "format": "leadfunnel-rulebook/1",
    "name": "Small",
    "mql": {"threshold": 60},
    "grade": {"fit_a": 40, "fit_b": 20, "engagement_1": 50, "engagement_2": 20},
    "engagement": {"min": 0, "max": 100},
    "groups": [
        {"key": "person", "name": "Person", "dimension": "fit", "max": 25},
        {"key": "intent", "name": "Buying intent", "dimension": "engagement"},
    ],
    "rules": [
        {
            "key": "vp",
            "name": "VP",
            "kind": "fit",
            "group": "person",
            "points": 20,
            "conditions": [{"field": "seniority", "operator": "is", "values": ["vp"]}],
        },
        {
            "key": "sales",
            "name": "Sales title",
            "kind": "fit",
            "group": "person",
            "points": 10,
            "conditions": [{"field": "job_title", "operator": "contains", "values": ["sales"]}],
        },
        {
            "key": "student",
            "name": "Student",
            "kind": "fit",
            "group": "person",
            "points": -30,
            "conditions": [{"field": "seniority", "operator": "is", "values": ["student"]}],
        },
        {
            "key": "pricing",
            "name": "Pricing page",
            "kind": "engagement",
            "group": "intent",
            "points": 20,
            "activity_types": ["page_view"],
            "max_points": 30,
            "decay": {"kind": "linear", "percent": 25, "days": 30},
        },
        {
            "key": "quiet",
            "name": "Silence",
            "kind": "silence",
            "group": "intent",
            "points": -5,
            "activity_types": ["demo_request"],
            "every_days": 30,
        },
    ],
}


@pytest.fixture
def score() -> LeadScore:
    """VP of sales, two views of the pricing page 0 and 35 days ago, created 40 days ago.

    Fit: 20 + 10 = 30, group at most 25. Engagement: 20 + 15 = 35, at most 30; silence since creation: -5. Total 50.
    """
    book = save_draft(form=read_form(RULEBOOK, vocabulary()), by=None)
    Rulebook.objects.filter(pk=book.pk).update(state="published", number=7, published_at=timezone.now())
    now = timezone.now()
    lead = LeadFactory(
        first_name="Anna", seniority="vp", job_title="VP Sales", created_at=now - timedelta(days=40)
    )
    for age in (0, 35):
        ActivityFactory(
            lead=lead, occurred_at=now - timedelta(days=age), asset=AssetFactory(name=f"/pricing/{age}")
        )
    return LeadScore.objects.create(
        lead=lead,
        fit=25,
        engagement=25,
        total=50,
        grade="B2",
        qualified=False,
        fast_tracked=False,
        disqualified=False,
        known_facts=2,
        asked_facts=2,
        rulebook_version=7,
        day=timezone.localdate(),
    )


def signed_in() -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.REP))
    return client


def address(score: LeadScore) -> str:
    return reverse("scoring:why", args=[score.pk])


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_reasons_say_what_each_rule_gave_and_what_was_taken(score):
    reasons = reasons_of(explain_lead(score.lead, day=timezone.localdate(), version=7).explanation)

    lines = {line.name: line for part in reasons.dimensions for group in part.groups for line in group.lines}
    assert {name: line.points for name, line in lines.items()} == {
        "VP": 20,
        "Sales title": 10,
        "Pricing page": 30,
        "Silence": -5,
    }
    assert lines["Pricing page"].words == "2 times, latest today (/pricing/0); +40 −5 by age −5 by its cap"
    assert lines["Silence"].words.startswith("quiet for 40 days, since ")
    fit, engagement = reasons.dimensions
    assert (fit.groups[0].group.points, fit.groups[0].group.words) == (25, "30 in sum, at most 25")
    assert (fit.dimension.points, engagement.dimension.points, reasons.total) == (25, 25, 50)
    assert reasons.unmet == ["Student"]


def test_page_adds_up_to_the_stored_score(score):
    text = text_of(signed_in().get(address(score)).content.decode())

    assert "Why Anna has 50 points" in text
    assert "Total by rulebook 7 50" in text
    assert "by what is known now" not in text.lower()
    assert "Stored score" not in text


def test_part_is_only_the_table(score):
    html = signed_in().get(address(score), headers={"HX-Request": "true"}).content.decode()

    assert html.lstrip().startswith('<div id="lead-why">')
    assert "<html" not in html


def test_page_adds_up_to_the_stored_score_when_facts_came_after_the_run(score):
    """A demo request of today ends the silence: 5 points more than are stored."""
    ActivityFactory(lead=score.lead, code="demo_request", occurred_at=timezone.now())

    text = text_of(signed_in().get(address(score)).content.decode())

    assert (
        "By what is known now it adds up to 55 points (rulebook 7). The score of 50 was written for" in text
    )
    assert "Activities or facts have come in since." in text
    assert "Total by rulebook 7, as of" not in text  # the same day: known later, not of another day
    assert "Total by rulebook 7 55" in text
    assert "no rule can be named for it. −5 Stored score 50" in text


def test_score_of_an_older_day_is_explained_as_of_that_day(score):
    """Stored 20 days ago: the views were 15 days old and not yet made; silent for 20 days. Fit 25 + 20 = 45."""
    day = timezone.localdate() - timedelta(days=20)
    LeadScore.objects.filter(pk=score.pk).update(
        day=day, engagement=20, total=45, valid_until=timezone.localdate() - timedelta(days=5)
    )

    text = text_of(signed_in().get(address(score)).content.decode())

    assert "By what is known now it adds up to 50 points" in text
    assert f"Time alone may have changed it since {on(timezone.localdate() - timedelta(days=5))}." in text
    assert f"Total by rulebook 7, as of {on(day)} 45" in text
    assert "Stored score" not in text


def test_score_of_an_older_rulebook_is_explained_by_it(score):
    """Rulebook 8 gives a VP 10 instead of 20: today's total by it is 20 + 25."""
    changed = {**RULEBOOK, "rules": [{**RULEBOOK["rules"][0], "points": 10}, *RULEBOOK["rules"][1:]]}
    Rulebook.objects.filter(number=7).update(state="retired", retired_at=timezone.now())
    book = save_draft(form=read_form(changed, vocabulary()), by=None)
    Rulebook.objects.filter(pk=book.pk).update(state="published", number=8, published_at=timezone.now())

    text = text_of(signed_in().get(address(score)).content.decode())

    assert "it adds up to 45 points (rulebook 8)" in text
    assert "Rulebook 8 has been published since." in text
    assert "Total by rulebook 7 50" in text


def test_page_of_a_lead_without_activities_renders(score):
    score.lead.activities.all().delete()
    signed_in().get(address(score))

    assert "quiet for 40 days" in signed_in().get(address(score)).content.decode()


def test_page_of_an_unscored_lead_is_404_and_needs_get_and_login(score, client):
    unscored = LeadFactory()

    assert signed_in().get(reverse("scoring:why", args=[unscored.pk])).status_code == 404
    assert signed_in().post(address(score)).status_code == 405
    assert client.get(address(score)).url.startswith(reverse("login"))


def test_lead_page_loads_the_reasons_and_links_to_them(score):
    html = signed_in().get(reverse("leads:detail", args=[score.pk])).content.decode()

    assert f'hx-get="{address(score)}"' in html
    assert f'href="{address(score)}"' in html


def test_day_of_explanation_is_a_parameter(score):
    in_a_month = timezone.localdate() + timedelta(days=31)

    explanation = explain_lead(score.lead, day=in_a_month).explanation

    assert explanation.engagement.points == 20  # 15 + 10 from the page views, −5 for silence
