from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import FeedbackAnswer, Lead, Role, User
from scoring.models import Rulebook
from tests.factories import UserFactory
from tests.leads.feedback.conftest import rejected
from tests.leads.views.conftest import HTMX, query_count, signed_in
from tests.scoring.conftest import Publish, german

pytestmark = pytest.mark.django_db
URL, NEWS, ANSWER = (reverse(f"scoring:{name}") for name in ("feedback", "feedback_news", "feedback_answer"))


@pytest.fixture
def mary() -> User:
    return UserFactory(role=Role.MARKETER, first_name="Mary")


@pytest.fixture
def alice() -> User:
    return UserFactory(role=Role.REP, first_name="Alice")


def reject(by: User, name: str = "Anna", **fields) -> Lead:
    return rejected(by, name, at=fields.pop("at", timezone.now() - timedelta(hours=1)), **fields)


def page(user: User, **query: str) -> str:
    return signed_in(user).get(f"{URL}?{urlencode(query)}").content.decode()


def item_of(client: Client) -> str:
    return str(client.get(URL).context["page"].items[0].key)


def test_marketing_sees_what_sales_said_with_its_evidence(mary, alice, publish_rules: Publish):
    publish_rules(german(20))
    reject(alice, rulebook_version=1)

    shown = page(mary)

    for text in (
        "Anna",
        "Rejected: Too small",
        "Note on Anna",
        "Alice",
        "Pricing page",
        "1 said, 0 answered",
    ):
        assert text in shown
    assert reverse("scoring:version", args=[Rulebook.objects.get().pk]) in shown


def test_without_feedback_the_page_says_so(mary):
    assert "No feedback in this period" in page(mary)
    assert "Nothing fits" in page(mary, kind="lost")


@pytest.mark.parametrize(
    "name", ["period", "since", "until", "kind", "reason", "source", "team", "version", "answered"]
)
@pytest.mark.parametrize("value", ["x", "-1", "99999999999999999999", "a\x00b"])
def test_filters_that_cannot_be_show_a_sentence_and_no_feedback(mary, alice, name, value):
    reject(alice)

    response = signed_in(mary).get(URL, {name: value})

    assert response.status_code == 200
    assert response.context["problems"]
    assert "Anna" not in response.content.decode()


def test_days_of_ones_own_are_shown_and_stay_in_the_address(mary, alice):
    old = timezone.now() - timedelta(days=200)
    reject(alice, "Old", at=old)
    reject(alice, "New")
    day = str(timezone.localdate(old))

    shown = signed_in(mary).get(URL, {"since": day, "until": day, "period": "30", "was": "30"})

    text = shown.content.decode()
    assert ("Note on Old" in text, "Note on New" in text) == (True, False)
    assert shown.context["form"]["period"].value() == "own"
    assert shown.context["query"] == f"since={day}&until={day}"
    assert "Note on Old" in page(mary, since=day)
    assert "Note on New" not in page(mary, until=day)


def test_another_period_takes_the_place_of_days(mary, alice):
    reject(alice, "New")

    shown = signed_in(mary).get(
        URL, {"since": "2020-01-01", "until": "2020-01-31", "period": "7", "was": "own"}
    )

    assert "Note on New" in shown.content.decode()
    assert shown.context["query"] == "period=7"


def test_days_to_change_are_those_that_were_shown(mary):
    form = signed_in(mary).get(URL, {"period": "own", "was": "30"}).context["form"]

    today = timezone.localdate()
    assert (form.cleaned_data["since"], form.cleaned_data["until"]) == (today - timedelta(days=29), today)


def test_more_than_a_year_at_once_is_refused_and_a_year_is_not(mary):
    assert "At most 366 days" in page(mary, since="2024-01-01", until="2025-01-01")
    assert "At most 366 days" in page(mary, since="2020-01-01")
    assert "At most 366 days" not in page(mary, since="2024-01-01", until="2024-12-31")


def test_days_that_end_before_they_begin_are_said(mary):
    assert "before it begins" in page(mary, since="2026-03-02", until="2026-03-01")


def test_a_place_that_cannot_be_is_said(mary):
    assert "no place in this list" in page(mary, before="yesterday")


def test_several_are_answered_by_selection_and_the_filters_stay(mary, alice, publish_rules: Publish):
    publish_rules(german(20))
    for name in ("Anna", "Bela"):
        reject(alice, name)
    client = signed_in(mary)
    keys = [str(item.key) for item in client.get(URL).context["page"].items]
    data = {"item": keys, "text": "Changed", "rulebook": Rulebook.objects.get().pk, "period": "7"}

    response = client.post(ANSWER, data)

    assert response.url == f"{URL}?period=7"
    assert FeedbackAnswer.objects.filter(text="Changed", rulebook_version=1, by=mary).count() == 2
    assert "2 said, 2 answered" in client.get(URL).content.decode()


def test_a_group_is_answered_at_once(mary, alice):
    reject(alice, "Anna")
    reject(alice, "Bela", because="spam")

    signed_in(mary).post(ANSWER, {"all": "1", "reason": "spam", "text": "Sorry"})

    assert FeedbackAnswer.objects.get().stage_change.lead.first_name == "Bela"


def test_by_htmx_the_part_comes_back(mary, alice):
    reject(alice)
    client = signed_in(mary)

    part = client.post(ANSWER, {"item": item_of(client), "text": "Thanks"}, headers=HTMX).content.decode()

    assert part.lstrip().startswith('<div class="lf-feedback" id="feedback">')
    assert "Thanks" in part
    assert "Answered 1." in part


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"text": ""}, "Write an answer first."),
        ({"text": "x" * 2001}, "longer than 2000"),
        ({"text": "a\x00b"}, "Null characters"),
        ({"rulebook": "999999999999999999999999"}, "no such rulebook"),
        ({"item": "m1; DROP"}, "no feedback"),
        ({"item": "m999999999999999999"}, "are gone"),
        ({"item": []}, "nothing was selected"),
    ],
)
def test_an_answer_that_cannot_be_meant_is_refused_in_words(mary, alice, data, sentence):
    reject(alice)
    client = signed_in(mary)

    response = client.post(ANSWER, {"item": item_of(client), "text": "Thanks", **data})

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not FeedbackAnswer.objects.exists()


def test_reps_read_and_answer_nothing(alice):
    reject(alice)
    client = signed_in(alice)

    assert "Answer several" not in client.get(URL).content.decode()
    assert client.post(ANSWER, {"item": item_of(client), "text": "Thanks"}).status_code == 403


def test_news_say_what_was_said_since(mary, alice):
    client = signed_in(mary)
    after = (timezone.now() - timedelta(minutes=5)).isoformat()
    assert "new." not in client.get(NEWS, {"after": after}, headers=HTMX).content.decode()

    reject(alice, at=timezone.now())

    part = client.get(NEWS, {"after": after}, headers=HTMX).content.decode()
    assert "1 new." in part
    assert "Alice: Anna, Too small" in part
    assert client.get(NEWS, {"after": "soon"}).url == URL


def test_the_page_costs_the_same_queries_for_more(mary, alice):
    client = signed_in(mary)

    def queries() -> int:
        for number in range(3):
            reject(alice, f"L{number}", because=["spam", "too_small", "competitor"][number])
        return query_count(client, URL)

    assert queries() == queries()
