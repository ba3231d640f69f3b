from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.models import Role
from scoring.models import Condition, Rulebook
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from tests.factories import ActivityFactory, LeadFactory, UserFactory
from tests.scoring.conftest import Publish, activity, document, german

pytestmark = pytest.mark.django_db
TWICE = "“Rule 0” and “Rule 1” both count where country is DE"
NOBODY = "“Rule 2” is met by none of the 20 leads"


def signed_in(role: Role = Role.REP) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def address(book: Rulebook) -> str:
    return reverse("scoring:lint", args=[book.pk])


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    return [german(10), german(10), activity("page_view", 60)]


@pytest.fixture
def book(publish_rules: Publish, rules: list[dict[str, Any]]) -> Rulebook:
    LeadFactory.create_batch(10, country="DE")
    LeadFactory.create_batch(10)
    return publish_rules(*rules)


@pytest.fixture
def draft(rules: list[dict[str, Any]]) -> Rulebook:
    return save_draft(form=read_form(document(*rules), vocabulary()), by=None)


def test_page_tells_what_rules_and_leads_say(book: Rulebook) -> None:
    page = signed_in().get(address(book)).content.decode()

    for words in ("<html", "things to look at", "by all 20 leads", TWICE, NOBODY, "Counted twice"):
        assert words in page, words


def test_rulebook_page_shows_what_rules_say_at_once_and_loads_the_rest(book: Rulebook) -> None:
    page = signed_in().get(reverse("scoring:version", args=[book.pk])).content.decode()

    assert TWICE in page
    assert NOBODY not in page
    assert f'hx-get="{address(book)}"' in page
    assert f'href="{address(book)}"' in page


def test_part_replaces_the_panel_and_asks_no_more(book: Rulebook) -> None:
    part = signed_in().get(address(book), headers={"HX-Request": "true"}).content.decode()

    assert part.lstrip().startswith("<section")
    assert 'id="rulebook-lint"' in part
    assert "<html" not in part
    assert "hx-get" not in part
    assert TWICE in part
    assert NOBODY in part


def test_rulebook_with_nothing_to_look_at_says_so(publish_rules: Publish) -> None:
    LeadFactory.create_batch(10, country="DE")
    ActivityFactory.create_batch(2, lead=LeadFactory(), occurred_at=timezone.now())
    LeadFactory.create_batch(9)
    rules = german(40), activity("page_view", 50, count="once")

    page = signed_in().get(address(publish_rules(*rules))).content.decode()

    assert "Nothing to look at" in page
    assert "each does something" in page


def test_few_leads_judge_no_rule(publish_rules: Publish) -> None:
    LeadFactory()

    page = signed_in().get(address(publish_rules(german(10)))).content.decode()

    assert "1 lead are too few" not in page
    assert "1 lead is too few to judge them by" in page


def test_draft_is_for_those_who_see_drafts(draft: Rulebook) -> None:
    assert signed_in(Role.REP).get(address(draft)).status_code == 403
    for role in (Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR):
        assert TWICE in signed_in(role).get(address(draft)).content.decode()


def test_draft_with_mistakes_names_them(draft: Rulebook) -> None:
    Condition.objects.filter(rule__rulebook=draft).update(field="attributes.gone")

    page = signed_in(Role.MARKETER).get(address(draft)).content.decode()

    assert "This draft cannot score yet" in page
    assert "There is no field “attributes.gone”" in page


def test_page_of_a_draft_links_to_it(draft: Rulebook) -> None:
    page = signed_in(Role.MARKETER).get(reverse("scoring:version", args=[draft.pk])).content.decode()

    assert f'href="{address(draft)}"' in page


def test_unknown_rulebook_wrong_method_and_anonymous(book: Rulebook, client: Client) -> None:
    assert signed_in().get(reverse("scoring:lint", args=[book.pk + 1])).status_code == 404
    assert signed_in().post(address(book)).status_code == 405
    assert client.get(address(book)).url.startswith(reverse("login"))


def test_names_of_rules_are_escaped(publish_rules: Publish) -> None:
    book = publish_rules(german(10, name="<b>x"), german(10, name="<b>y"))

    assert "“&lt;b&gt;x” and “&lt;b&gt;y”" in signed_in().get(address(book)).content.decode()


def test_number_of_queries_does_not_grow(book: Rulebook, publish_rules: Publish, rules: Any) -> None:
    client, counts = signed_in(), []
    for times in (1, 5):
        book = publish_rules(*rules * times)
        LeadFactory.create_batch(10 * times)
        with CaptureQueriesContext(connection) as queries:
            client.get(address(book))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_page_shows_six_findings_and_folds_the_rest(publish_rules: Publish) -> None:
    LeadFactory.create_batch(20)
    book = publish_rules(*[german(number) for number in range(1, 8)])

    part = signed_in().get(address(book), headers={"HX-Request": "true"}).content.decode()

    first, rest = part.split("<summary>")
    assert first.count("<li>") == 6
    assert rest.startswith(f"{rest.count('<li>')} more</summary>")
