from __future__ import annotations

from datetime import time

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import Reason, Role, User, WorkingHours
from scoring.definitions import business_time
from scoring.models import Rulebook, RulebookEvent
from tests.factories import TeamFactory, UserFactory
from tests.scoring.conftest import Publish, german

pytestmark = pytest.mark.django_db
URL = "/rulebook/definitions/"


def page_for(user: User) -> str:
    client = Client()
    client.force_login(user)
    return " ".join(client.get(URL).content.decode().split())


@pytest.fixture
def rep(db: None) -> User:
    return UserFactory(role=Role.REP)


def test_page_says_what_the_words_mean_today_and_who_agreed(publish_rules: Publish, rep: User) -> None:
    ann, bob = UserFactory(username="ann", role=Role.MARKETER), UserFactory(username="bob", role=Role.MANAGER)
    publish_rules(german(20), min_fit=10, reentry_points=15, signers=(ann, bob))
    Reason.objects.filter(key="no_budget").update(cooldown_days=77)
    Reason.objects.filter(key="spam").update(is_active=False)

    page = page_for(rep)

    for words in (
        "Version 1</a> since 10 Mar 2026",
        "Signed by ann for marketing and bob for sales",
        "A lead qualifies with a total of at least 20 and a fit of at least 10.",
        "15 new points of engagement since",
        "77 days",
        "Competitor",
    ):
        assert words in page, words
    assert "Spam or junk" not in page


def test_page_says_what_each_team_has_promised(publish_rules: Publish, rep: User) -> None:
    north = TeamFactory(name="North", decide_minutes=90, decide_fast_minutes=45, time_zone="Europe/Berlin")
    for day in (0, 1, 3):
        WorkingHours.objects.create(team=north, weekday=day, opens_at=time(8, 30), closes_at=time(17))

    page = page_for(rep)

    for words in (
        "1 hour 30 minutes",
        "45 minutes",
        "8 hours",
        "Monday to Tuesday 8:30–17:00, Thursday 8:30–17:00 (Europe/Berlin)",
    ):
        assert words in page, words


def test_page_without_a_rulebook_says_so(rep: User) -> None:
    assert "No rulebook is published" in page_for(rep)


def test_due_review_is_shown_and_recorded_by_a_button(publish_rules: Publish) -> None:
    book = publish_rules(german(20))  # months ago
    manager = UserFactory(username="bob", role=Role.MANAGER)
    client = Client()
    client.force_login(manager)
    assert "Due since 10 Jun 2026" in page_for(manager)
    assert "is due for its review" in client.get("/rulebook/").content.decode()

    client.post(reverse("scoring:review", args=[book.pk]))

    assert RulebookEvent.objects.filter(rulebook=book, kind="reviewed", by=manager).count() == 1
    assert "Due since" not in page_for(manager)
    assert "Last reviewed by bob" in page_for(manager)


def test_rep_is_offered_no_review(publish_rules: Publish, rep: User) -> None:
    publish_rules(german(20))

    assert "stays as it is" not in page_for(rep)


def test_review_of_a_version_that_was_replaced_is_refused(publish_rules: Publish) -> None:
    old = publish_rules(german(20))
    publish_rules(german(10))
    client = Client()
    client.force_login(UserFactory(role=Role.MARKETER))

    response = client.post(reverse("scoring:review", args=[old.pk]), follow=True)

    assert "is not the published rulebook any more" in response.content.decode()
    assert not RulebookEvent.objects.filter(kind="reviewed").exists()
    assert Rulebook.objects.get(state="published").published_at < timezone.now()


@pytest.mark.parametrize(
    ("minutes", "words"), [(240, "4 hours"), (60, "1 hour"), (61, "1 hour 1 minute"), (5, "5 minutes")]
)
def test_business_time(minutes: int, words: str) -> None:
    assert business_time(minutes) == words
