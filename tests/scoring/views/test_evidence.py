from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import Role
from scoring.models import Rulebook
from tests.factories import LeadFactory, UserFactory
from tests.scoring.conftest import activity, german
from tests.scoring.evidence.conftest import decided

pytestmark = pytest.mark.django_db
RULES = [
    activity("content_download", 15, name="Content downloaded"),
    activity("demo_request", 30, name="Demo requested"),
    german(5, name="Germany"),
]


@pytest.fixture(autouse=True)
def on_30_june_2026():
    with time_machine.travel(datetime(2026, 6, 30, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def book(publish_rules):
    """Sales ignores downloads: accepted 4 of 40 with them, 30 of 40 without."""
    book = publish_rules(*RULES)
    for number in range(40):
        decided("r0", accepted=number < 4, reason="no_budget")
        decided("r1", accepted=number < 30, won=number < 8)
    return book


def signed_in(role: Role = Role.MARKETER) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def shown(client: Client, query: str = "", name: str = "scoring:evidence", **headers: str) -> str:
    response = client.get(f"{reverse(name)}?{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).replace(" ,", ",")


def test_page_says_which_rules_earn_their_points_and_suggests(book):
    text = words(shown(signed_in()))

    assert "80 decided handoffs from 1 Jul 2025 to 30 Jun 2026: 42 % accepted, 10 % won so far." in text
    assert "1 work against" in text and "1 earn their points" in text and "1 too few to tell" in text
    assert "Content downloaded : accepted 10 % with it, 75 % without, over 80 handoffs." in text
    assert "Try +5 points instead of +15." in text
    assert "Association, not proof" in text
    assert "No budget\xa036" in html.unescape(shown(signed_in()))


def test_every_number_leads_to_as_many_handoffs(book):
    client = signed_in()
    links = re.findall(r'href="(/rulebook/evidence/handoffs/[^"]*)"[^>]*>(.*?)</a>', shown(client), re.S)

    assert len(links) > 8
    for address, label in links:
        count = int(re.sub(r"[^\d]", "", re.sub(r"<[^>]+>", "", html.unescape(label))) or -1)
        response = client.get(html.unescape(address))
        assert response.context["page"].total == count, address


def test_list_says_what_it_holds_and_goes_on(book):
    client = signed_in()
    for _ in range(15):
        decided("r0", accepted=False)

    page = shown(client, "rule=r0&side=with", "scoring:evidence_handoffs")
    following = re.search(r'href="([^"]*after=\d+)"', page).group(1)
    rest = client.get(html.unescape(following)).content.decode()

    assert "With “Content downloaded”: decided handoffs" in page
    assert (page.count("<tr>") - 1, rest.count("<tr>") - 1) == (50, 5)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("", "Decided handoffs"),
        ("rule=r0&side=without&outcome=won", "Without “Content downloaded”: offers that became customers"),
        ("rule=r0&side=with&reason=no_budget", "With “Content downloaded”: rejected for “No budget”"),
        ("group=what&outcome=accepted", "With “What”: accepted handoffs"),
    ],
)
def test_list_is_named(book, query, title):
    assert f"<title>{title}" in html.unescape(shown(signed_in(), query, "scoring:evidence_handoffs"))


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("version=7", "There is no rulebook with the number “7”."),
        ("version=x", "There is no rulebook with the number “x”."),
        ("period=14", "There is no period “14”. Choose one of: 90, 180, 365 days."),
        ("first=yesterday&last=2026-01-01", "First day is not a date: write it as YYYY-MM-DD."),
        ("first=2026-02-01", "Last day is missing."),
        ("first=2026-02-01&last=2026-01-01", "The last day is before the first."),
        ("first=2026-02-01&last=9999-12-31", "Last day must lie between 1970-01-01 and 2199-12-31."),
        ("source=%00", "No lead has the source"),
    ],
)
def test_bad_choices_are_named_and_nothing_is_counted(book, query, complaint):
    page = html.unescape(shown(signed_in(), query))

    assert complaint in page
    assert "Nothing was counted" in page
    assert complaint in html.unescape(shown(signed_in(), query, "scoring:evidence_handoffs"))


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("rule=r9", "Version 1 has no rule “r9”; it has: r0, r1, r2."),
        ("group=nobody", "Version 1 has no group “nobody”; it has: who, what."),
        ("side=beside", "There is no such part of the evidence"),
        ("outcome=lost", "There is no such part of the evidence"),
        ("reason=weather", "There is no such part of the evidence"),
        ("after=x", "“x” is no place in this list"),
        ("after=999999", "“999999” is no place in this list"),
    ],
)
def test_a_part_that_there_is_not_is_named(book, query, complaint):
    assert complaint in html.unescape(shown(signed_in(), query, "scoring:evidence_handoffs"))


def test_chosen_days_source_and_version_narrow(book, publish_rules):
    publish_rules(*RULES)
    LeadFactory(source="Webinar")
    decided("r0", accepted=True, source_folded="webinar", decided_at=datetime(2026, 3, 1, tzinfo=UTC))
    client = signed_in()

    assert "1 decided handoff from" in words(shown(client, "first=2026-03-01&last=2026-03-01&version=1"))
    assert "1 decided handoff from" in words(shown(client, "source=webinar"))
    assert "80 decided handoffs from" in words(shown(client, "period=90"))


def test_days_of_a_period_are_that_period(book):
    page = shown(signed_in(), "first=2026-04-02&last=2026-06-30")

    assert re.search(r'aria-current="true"\s+href="/rulebook/evidence/\?period=90"', page)


def test_no_decisions_and_no_rulebook_are_said_in_words(publish_rules):
    assert "No rulebook was published yet" in shown(signed_in())
    publish_rules(*RULES)
    nothing = dict.fromkeys(("fit", "engagement", "total", "rulebook_version"))
    assert "Sales decided nothing" in words(shown(signed_in()))
    decided(accepted=True, origin="import", grade="", **nothing)

    assert "Sales decided 1 time from" in words(shown(signed_in()))


def test_imported_ones_are_counted_as_left_out(book):
    decided(
        accepted=True,
        origin="import",
        grade="",
        **dict.fromkeys(("fit", "engagement", "total", "rulebook_version")),
    )

    assert "1 more without evidence (imported) is left out." in words(shown(signed_in()))


def test_part_for_htmx(book):
    client = signed_in()

    for name in ("scoring:evidence", "scoring:evidence_handoffs"):
        part = shown(client, "", name, **{"HX-Request": "true"})
        assert "<html" not in part and part.lstrip().startswith("<div id=")


def test_only_get(book):
    client = signed_in()

    assert client.post(reverse("scoring:evidence")).status_code == 405
    assert client.post(reverse("scoring:evidence_handoffs")).status_code == 405


def test_queries_do_not_grow(book):
    client = signed_in()
    counts = []
    for name in ("scoring:evidence", "scoring:evidence_handoffs"):
        for more in (0, 5):
            for _ in range(more):
                decided("r0", "r2", accepted=True)
            shown(client, "", name)
            with CaptureQueriesContext(connection) as queries:
                shown(client, "", name)
            counts.append(len(queries))

    assert counts[0] == counts[1] and counts[2] == counts[3]


# A suggestion becomes a change in a draft


def tried(client: Client, **data) -> str:
    """What the page says after trying a suggestion."""
    response = client.post(
        reverse("scoring:evidence_try"), {"version": 1, "rule": "r0", "points": 5, **data}, follow=True
    )
    assert response.status_code == 200
    return words(response.content.decode())


def test_suggestion_opens_as_a_change_in_a_new_draft(book):
    assert "Content downloaded: 15 to 5" in tried(signed_in())

    draft = Rulebook.objects.get(state="draft")
    assert (draft.copy_of, draft.revision) == (book, 1)
    assert list(draft.rules.order_by("position").values_list("points", flat=True)) == [5, 30, 5]
    assert draft.events.get(kind="edited").path == "rules.r0.points"
    assert list(book.rules.order_by("position").values_list("points", flat=True)) == [15, 30, 5]


def test_form_of_a_suggestion_carries_its_token(book):
    """As a browser sends it: what the page holds, checked."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(role=Role.MARKETER))
    form = re.search(
        r'<form method="post"\s+action="/rulebook/evidence/try/">.*?</form>', shown(client), re.S
    ).group()
    data = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', form))

    assert client.post(reverse("scoring:evidence_try"), data).status_code == 302
    assert Rulebook.objects.filter(state="draft").exists()


def test_suggestion_goes_into_the_draft_that_was_chosen(book):
    client = signed_in()
    tried(client)
    draft = Rulebook.objects.get(state="draft")

    tried(client, draft=draft.pk, points=4)

    assert Rulebook.objects.filter(state="draft").count() == 1
    assert draft.rules.get(key="r0").points == 4


def test_only_who_may_edit_is_offered_to(book):
    assert "Try in a draft" in shown(signed_in())
    for role in (Role.REP, Role.MANAGER, Role.ADMINISTRATOR):
        assert "Try in a draft" not in shown(signed_in(role))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"rule": "r9"}, "Nothing was changed."),
        ({"points": 0}, "Nothing was changed."),
        ({"points": 5000}, "Nothing was changed."),
        ({"points": "five"}, "This suggestion is gone"),
        ({"version": 9}, "This suggestion is gone"),
        ({"draft": 999999}, "This suggestion is gone"),
    ],
)
def test_a_suggestion_that_cannot_be_is_refused_and_makes_no_draft(book, data, complaint):
    assert complaint in tried(signed_in(), **data)
    assert not Rulebook.objects.filter(state="draft").exists()
