from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from time_machine import travel

from leads.models import Lead, Organisation, Role
from scoring.models import Rule, Rulebook, Study
from scoring.studies.working import work_on
from tests.factories import LeadFactory, TeamFactory, UserFactory
from tests.scoring.conftest import NOW, Publish
from tests.scoring.effect.conftest import PUBLISHED, Cast, cast, draft

__all__ = ["cast", "draft"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today() -> object:
    with travel(NOW, tick=False):
        yield


def signed_in(role: Role = Role.MARKETER) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def address(book: Rulebook) -> str:
    return reverse("scoring:effect", args=[book.pk])


def page_of(book: Rulebook, role: Role = Role.MARKETER, **kwargs: object) -> str:
    """The page as text, runs of space as one."""
    return " ".join(re.sub(r"<[^>]+>", " ", html_of(book, role, **kwargs)).split())


def html_of(book: Rulebook, role: Role = Role.MARKETER, **kwargs: object) -> str:
    return signed_in(role).get(address(book), **kwargs).content.decode()


def test_page_shows_who_enters_and_leaves_with_reasons(
    draft: Rulebook, cast: Cast, publish_rules: Publish
) -> None:
    publish_rules(*PUBLISHED)

    text = page_of(draft)

    for words in (
        "by all 5 leads",
        "MQLs now 3 version 1",
        "With this draft 3 0",
        "Would enter 1",
        "Eve 10 → 15 C3 : Eve rule by rule +5 Visit Threshold 20 → 15",
        "Would leave 1",
        "Ada 20 → 10 C3 : Ada rule by rule −10 Germany",
        "2 change grade",
        "B3 0 −2",
        "C3 4 +2",
        "Germany 2 20 → 10",
        "Visit 3 13.3 → 20",  # 40 points over 3 leads, 60 over 3
    ):
        assert words in text, words
    assert f'href="{reverse("leads:detail", args=[cast.eve.pk])}"' in html_of(draft)


def test_load_stands_against_the_capacity_of_all_teams(
    draft: Rulebook, cast: Cast, publish_rules: Publish
) -> None:
    """At publication 2 → 1 (eve is on hold); new since 28 days 0 → 2, over 20 working days."""
    publish_rules(*PUBLISHED)
    TeamFactory(weekly_capacity=3)
    TeamFactory(weekly_capacity=2)
    TeamFactory(weekly_capacity=100, is_active=False)

    text = page_of(draft)

    assert "At publication 2 1 5 a week" in text
    assert "A working day, then 0.0 0.1 1" in text
    assert "0.2 weeks of all teams’ work; a run offers at most 5" in text


def test_too_many_handoffs_are_flagged(draft: Rulebook, cast: Cast) -> None:
    TeamFactory(weekly_capacity=0)
    Organisation.objects.update(promotion_limit=7)

    text = page_of(draft)

    assert "More than sales can take" in text


def test_part_follows_changes_of_the_draft(draft: Rulebook, cast: Cast, publish_rules: Publish) -> None:
    publish_rules(*PUBLISHED)

    part = html_of(draft, headers={"HX-Request": "true"})

    assert part.lstrip().startswith("<div")
    assert 'id="rulebook-effect"' in part
    assert "draft-changed from:body" in part
    assert "<html" not in part


def test_sample_is_named_as_one(
    draft: Rulebook, publish_rules: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.effect.effect.SAMPLE", 20)
    monkeypatch.setattr("scoring.effect.effect.number_of_leads", lambda: 200)
    publish_rules(*PUBLISHED)
    LeadFactory.create_batch(200, country="DE")

    text = page_of(draft)

    assert re.search(r"estimated from \d+ of about 200 leads", text)
    assert re.search(r"MQLs now 200 version 1 ± \d+", text)
    assert "≈ 200" in text


def test_same_rules_say_that_nothing_changes(cast: Cast, publish_rules: Publish) -> None:
    book = publish_rules(*PUBLISHED)

    text = page_of(book, Role.REP)

    assert "scores every lead looked at as version 1 does" in text
    assert "Nobody who does not qualify now would with this draft." in text
    assert "Every rule gives what it gave." in text


def test_nothing_published_is_said(draft: Rulebook, cast: Cast) -> None:
    text = page_of(draft)

    assert "No rulebook is published: all that follows is compared with nothing." in text
    assert "Would enter 3" in text
    assert "Would leave" not in text


def test_no_leads_are_said(draft: Rulebook, publish_rules: Publish) -> None:
    publish_rules(*PUBLISHED)

    assert "No leads yet" in page_of(draft)


def test_draft_with_a_mistake_shows_the_sentence(draft: Rulebook, cast: Cast) -> None:
    Rule.objects.filter(rulebook=draft, key="r1").update(activity_types=["gone"])

    text = page_of(draft)

    assert "This draft cannot score yet" in text
    assert "“gone”" in text


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.REP, 403), (Role.MANAGER, 200), (Role.ADMINISTRATOR, 200), (Role.MARKETER, 200)],
)
def test_drafts_are_for_those_who_may_see_them(draft: Rulebook, role: Role, status: int) -> None:
    assert signed_in(role).get(address(draft)).status_code == status


def test_unknown_rulebook_is_not_found() -> None:
    assert signed_in().get(reverse("scoring:effect", args=[99])).status_code == 404


def test_page_is_only_read(draft: Rulebook) -> None:
    assert signed_in().post(address(draft)).status_code == 405


def test_queries_do_not_grow_with_leads_or_movers(
    draft: Rulebook, cast: Cast, publish_rules: Publish
) -> None:
    publish_rules(*PUBLISHED)
    client, counts = signed_in(), []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(address(draft))
        counts.append(len(queries))
        LeadFactory.create_batch(10, country="DE")

    assert Lead.objects.count() == 25
    assert counts[0] >= counts[1]


# On all leads


@pytest.fixture
def client_of(draft: Rulebook, cast: Cast, publish_rules: Publish) -> Client:
    publish_rules(*PUBLISHED)
    return signed_in()


def text_of(response: object) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def ask(client: Client, book: Rulebook, **kwargs: object) -> object:
    return client.post(reverse("scoring:effect_all", args=[book.pk]), **kwargs)


def test_button_asks_for_a_count_and_shows_how_far_it_is(client_of: Client, draft: Rulebook) -> None:
    part = ask(client_of, draft, headers={"HX-Request": "true"}).content.decode()

    study = Study.objects.get()
    assert 'id="effect-all"' in part
    assert f'hx-get="{reverse("scoring:study", args=[study.pk])}"' in part
    assert 'id="effect-count"' not in part
    assert ask(client_of, draft).url == reverse("scoring:study", args=[study.pk])  # without JavaScript
    assert Study.objects.count() == 1


def test_result_takes_the_place_of_the_bar(client_of: Client, draft: Rulebook) -> None:
    ask(client_of, draft)
    study = Study.objects.get()
    work_on(study.pk)

    response = client_of.get(
        reverse("scoring:study", args=[study.pk]), headers={"HX-Request": "true"}, follow=True
    )

    assert response["HX-Retarget"] == "#effect-all"
    assert "Of 5 leads 3 would be MQLs, 3 with version 1: 1 enter, 1 leave." in text_of(response)
    assert "Count all leads again" in text_of(response)


def test_result_has_a_page_of_its_own_also_from_the_page_of_the_study(
    client_of: Client, draft: Rulebook
) -> None:
    ask(client_of, draft)
    study = Study.objects.get()
    work_on(study.pk)
    address, own = reverse("scoring:effect_count", args=[study.pk]), reverse("scoring:study", args=[study.pk])

    assert "by all 5 leads" in text_of(client_of.get(address))
    moved = client_of.get(
        address, headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{own}"}
    )
    assert moved["HX-Redirect"] == address


def test_edit_makes_the_count_out_of_date_everywhere(client_of: Client, draft: Rulebook) -> None:
    ask(client_of, draft)
    study = Study.objects.get()
    work_on(study.pk)

    Rulebook.objects.filter(pk=draft.pk).update(revision=1)

    for where in (address(draft), reverse("scoring:effect_count", args=[study.pk])):
        assert "The draft was edited after this was counted." in text_of(client_of.get(where))


def test_count_that_failed_says_why_and_can_be_asked_for_again(client_of: Client, draft: Rulebook) -> None:
    ask(client_of, draft)
    Study.objects.update(state="failed", ended_at=NOW, error="The machine was on fire.")

    text = text_of(client_of.get(address(draft)))

    assert "The machine was on fire." in text
    assert "Count all leads" in text


def test_those_who_only_read_cannot_ask(cast: Cast, publish_rules: Publish) -> None:
    book = publish_rules(*PUBLISHED)
    rep = signed_in(Role.REP)

    assert "Count all leads" not in text_of(rep.get(address(book)))
    assert ask(rep, book).status_code == 403
    assert not Study.objects.exists()
