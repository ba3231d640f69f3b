from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from time_machine import travel

from leads.models import LeadScore, Role
from leads.models.fields import day_of
from scoring.models import Rule, Rulebook
from tests.scoring.conftest import NOW, Publish
from tests.scoring.effect.conftest import PUBLISHED, Cast, cast, draft
from tests.scoring.views.test_effect import signed_in, text_of

__all__ = ["cast", "draft"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today() -> object:
    with travel(NOW, tick=False):
        yield


@pytest.fixture
def client_of(draft: Rulebook, cast: Cast, publish_rules: Publish) -> Client:
    publish_rules(*PUBLISHED)
    return signed_in()


def address(book: Rulebook, query: str = "") -> str:
    return f"{reverse('scoring:effect_try', args=[book.pk])}{query}"


def test_page_shows_both_explanations(client_of: Client, draft: Rulebook, cast: Cast) -> None:
    text = text_of(client_of.get(address(draft, f"?lead={cast.eve.pk}")))

    for words in (
        "Would enter",
        "Rule Version 1 Draft Change",
        "Visit once, latest 5 days ago +10 +15 +5",
        "Total 10 15 +5",
        "Threshold 20 15",
        "Verdict Below the line Qualified",
        "1 more rule is met on neither side",
    ):
        assert words in text, words


def test_search_lists_leads_to_pick(client_of: Client, draft: Rulebook, cast: Cast) -> None:
    response = client_of.get(address(draft, "?text=ev"), headers={"HX-Request": "true"})

    assert response.content.decode().lstrip().startswith('<div id="effect-try">')
    assert f'href="?lead={cast.eve.pk}"' in response.content.decode()
    assert "Ada" not in text_of(response)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Which lead?"),
        ("?text=zzz", "No lead found"),
        ("?lead=987654", "There is no lead 987654"),
        ("?lead=abc", "The number of a lead is a whole number."),
        ("?lead=-1", "greater than or equal to 1"),
        (f"?lead={'9' * 40}", "less than or equal to"),
        (f"?text={'a' * 300}", "at most 254 characters"),
        ("?text=%00", "Null characters are not allowed."),
    ],
)
def test_nothing_to_show_says_why(client_of: Client, draft: Rulebook, query: str, words: str) -> None:
    assert words in text_of(client_of.get(address(draft, query)))


def test_draft_with_a_mistake_shows_the_sentence(client_of: Client, draft: Rulebook, cast: Cast) -> None:
    Rule.objects.filter(rulebook=draft, key="r1").update(activity_types=["gone"])

    text = text_of(client_of.get(address(draft, f"?lead={cast.eve.pk}")))

    assert "This draft cannot score yet." in text
    assert "“gone”" in text


def test_drafts_are_for_those_who_may_see_them(client_of: Client, draft: Rulebook) -> None:
    assert signed_in(Role.REP).get(address(draft)).status_code == 403
    assert client_of.post(address(draft)).status_code == 405


def test_page_of_a_lead_leads_here_for_those_who_see_drafts(
    client_of: Client, draft: Rulebook, cast: Cast
) -> None:
    LeadScore.objects.create(
        lead=cast.eve,
        fit=0,
        engagement=10,
        total=10,
        grade="C3",
        qualified=False,
        fast_tracked=False,
        disqualified=False,
        known_facts=0,
        asked_facts=1,
        rulebook_version=1,
        day=day_of(NOW),
    )
    why, link = reverse("scoring:why", args=[cast.eve.pk]), address(draft, f"?lead={cast.eve.pk}")

    assert f'href="{link}"' in client_of.get(why).content.decode()
    assert link not in signed_in(Role.REP).get(why).content.decode()
