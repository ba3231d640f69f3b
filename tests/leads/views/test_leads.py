from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leads import listing
from leads.models import LeadScore, Stage
from leads.models.fields import day_of
from tests.factories import (
    ActivityFactory,
    CampaignFactory,
    LeadFactory,
)
from tests.leads.views.conftest import HTMX, query_count, signed_in

JANUARY = datetime(2026, 1, 10, 9, tzinfo=UTC)


def score(lead, *, fit: int = 30, engagement: int = 20, grade: str = "B2") -> LeadScore:
    return LeadScore.objects.create(
        lead=lead,
        fit=fit,
        engagement=engagement,
        total=fit + engagement,
        grade=grade,
        qualified=False,
        fast_tracked=False,
        disqualified=False,
        known_facts=2,
        asked_facts=3,
        rulebook_version=1,
        day=day_of(JANUARY),
    )


def shown(response) -> list[str]:
    """The names in the list, in order."""
    return re.findall(r'<a class="fw-bold" href="/leads/\d+/">([^<]*)</a>', response.content.decode())


def list_leads(user, **query):
    return signed_in(user).get(reverse("leads:list"), query)


# --- The list ----------------------------------------------------------------------------------------------------


def test_list_shows_newest_first(alice):
    LeadFactory(first_name="Older", created_at=JANUARY)
    LeadFactory(first_name="Newer", created_at=JANUARY + timedelta(days=1))

    assert shown(list_leads(alice)) == ["Newer", "Older"]


def test_list_sends_anonymous_to_login(client, db):
    response = client.get(reverse("leads:list"))

    assert response.status_code == 302
    assert response.url.startswith(reverse("login"))


def test_list_refuses_other_methods(alice):
    assert signed_in(alice).post(reverse("leads:list")).status_code == 405


def test_list_says_that_there_is_nothing_yet(alice):
    assert "No leads yet" in list_leads(alice).content.decode()


def test_list_says_that_nothing_fits(alice):
    LeadFactory(first_name="Anna")

    assert "No lead fits" in list_leads(alice, text="zzz").content.decode()


def test_list_for_htmx_is_only_the_part(alice):
    LeadFactory(first_name="Anna")

    response = signed_in(alice).get(reverse("leads:list"), headers=HTMX)

    assert response.content.decode().lstrip().startswith('<div id="lead-list">')
    assert "<html" not in response.content.decode()
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_list_for_boosted_or_restored_requests_is_the_whole_page(alice, header):
    response = signed_in(alice).get(reverse("leads:list"), headers={**HTMX, header: "true"})

    assert "<html" in response.content.decode()


def test_list_part_equals_what_a_reload_shows(alice):
    LeadFactory(first_name="Anna", source="Webinar")
    LeadFactory(first_name="Bela", source="Fair")
    address = reverse("leads:list") + "?source=webinar&sort=created"
    client = signed_in(alice)

    part = client.get(address, headers=HTMX).content.decode().strip()
    page = client.get(address).content.decode()

    assert shown(client.get(address)) == ["Anna"]
    assert re.sub(r"\s+", " ", part) in re.sub(r"\s+", " ", page)


def test_list_costs_the_same_queries_for_more_leads(alice):
    client = signed_in(alice)

    def add_leads():
        for _ in range(10):
            lead = LeadFactory(owner=alice, company_name="Acme")
            score(lead)
            ActivityFactory(lead=lead)

    add_leads()
    with_ten = query_count(client, reverse("leads:list"))
    add_leads()

    assert query_count(client, reverse("leads:list")) == with_ten


# --- Its filters -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "anna.s",
        "ANNA.SCHMIDT@ACME.EXAMPLE",
        "Schm",
        "ann",
        "acme r",
        "X-7",
        "anna schm",
        "Schmidt Anna",
        " Anna ",
    ],
)
def test_text_finds_prefix_of_email_name_company_or_whole_external_id(alice, text):
    anna = LeadFactory(
        email="anna.schmidt@acme.example",
        first_name="Anna",
        last_name="Schmidt",
        company_name="Acme Robotics",
    )
    anna.identifiers.create(kind="external_id", value="X-7", source_system="crm")
    LeadFactory(email="other@kite.example", first_name="Zoe", last_name="Other", company_name="Kite")

    assert shown(list_leads(alice, text=text)) == ["Anna Schmidt"]


def test_text_folds_every_alphabet(alice):
    LeadFactory(first_name="Élodie", last_name="ÇELİK")

    assert shown(list_leads(alice, text="éLOD")) == ["Élodie ÇELİK"]


@pytest.mark.parametrize("text", ["chmidt", "%", "_nna", "X-", "anna zz"])
def test_text_does_not_find_the_middle_of_a_word_or_wildcards(alice, text):
    anna = LeadFactory(email="anna@acme.example", first_name="Anna", last_name="Schmidt")
    anna.identifiers.create(kind="external_id", value="X-7")

    assert shown(list_leads(alice, text=text)) == []


def test_filters_by_each_fact(alice, bob):
    campaign = CampaignFactory(name="Spring")
    wanted = LeadFactory(
        first_name="Anna", stage=Stage.MQL, source="Webinar", country="DE", owner=bob, campaign=campaign
    )
    score(wanted, fit=50, engagement=25, grade="A2")
    other = LeadFactory(first_name="Zoe", source="Fair", country="FR", owner=alice)
    score(other, fit=10, engagement=5, grade="C3")

    for name, value in {
        "stage": "mql",
        "grade": "A2",
        "source": "webinar",
        "country": "DE",
        "owner": str(bob.pk),
        "campaign": str(campaign.pk),
        "score_min": "75",
    }.items():
        assert shown(list_leads(alice, **{name: value})) == ["Anna"], name
    for name, value in {"grade": "C", "owner": "me", "score_max": "15", "source": "fair"}.items():
        assert shown(list_leads(alice, **{name: value})) == ["Zoe"], name


def test_filters_unknown_source_and_country_and_no_owner(alice):
    LeadFactory(first_name="Anna", source="", country="", owner=None)
    LeadFactory(first_name="Zoe", source="Fair", country="FR", owner=alice)

    assert shown(list_leads(alice, source="-")) == ["Anna"]
    assert shown(list_leads(alice, country="-")) == ["Anna"]
    assert shown(list_leads(alice, owner="none")) == ["Anna"]


def test_filters_by_last_activity_in_whole_days(alice):
    now = timezone.now()
    ActivityFactory(lead=LeadFactory(first_name="Anna"), occurred_at=now - timedelta(days=6))
    ActivityFactory(lead=LeadFactory(first_name="Zoe"), occurred_at=now - timedelta(days=7))
    LeadFactory(first_name="Quiet")

    assert shown(list_leads(alice, active_days="7")) == ["Anna"]


def test_filters_by_days_of_creation_both_included(alice, settings):
    LeadFactory(first_name="Before", created_at=datetime(2026, 1, 9, 23, 59, 59, tzinfo=UTC))
    LeadFactory(first_name="First", created_at=datetime(2026, 1, 10, tzinfo=UTC))
    LeadFactory(first_name="Last", created_at=datetime(2026, 1, 11, 23, 59, 59, tzinfo=UTC))
    LeadFactory(first_name="After", created_at=datetime(2026, 1, 12, tzinfo=UTC))

    assert shown(list_leads(alice, created_from="2026-01-10", created_to="2026-01-11")) == ["Last", "First"]


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"stage": "won"}, "Stage:"),
        ({"grade": "Z9"}, "Grade:"),
        ({"owner": "99999"}, "Owner:"),
        ({"source": "nowhere"}, "Source:"),
        ({"campaign": "99999"}, "Campaign:"),
        ({"sort": "password"}, "Sort:"),
        ({"score_min": "many"}, "Score from:"),
        ({"score_min": "9" * 30}, "Score from:"),
        ({"score_min": "NaN"}, "Score from:"),
        ({"score_min": "9", "score_max": "1"}, "below the lowest"),
        ({"active_days": "0"}, "Active in"),
        ({"created_from": "2026-02-30"}, "Created from:"),
        ({"created_to": "9999-12-31"}, "Created to:"),
        ({"created_from": "0001-01-01"}, "Created from:"),
        ({"created_from": "2026-02-02", "created_to": "2026-02-01"}, "before the first"),
        ({"text": "a\0b"}, "Search:"),
        ({"text": "x" * 255}, "Search:"),
        ({"after": "first"}, "no place in this list"),
        ({"before": "-" + "9" * 17 + "~1"}, "no place in this list"),
    ],
)
def test_bad_filter_shows_what_is_wrong_and_no_lead(alice, query, complaint):
    LeadFactory(first_name="Anna")

    response = list_leads(alice, **query)

    assert response.status_code == 200
    assert complaint in response.content.decode()
    assert shown(response) == []


# --- Its pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["-created", "created", "-score", "score"])
def test_pages_show_each_lead_once_in_order_and_back_again(alice, monkeypatch, sort):
    monkeypatch.setattr(listing, "PAGE_SIZE", 3)
    for number in range(8):
        # Ties in time and in score.
        lead = LeadFactory(first_name=f"L{number}", created_at=JANUARY + timedelta(days=number // 3))
        score(lead, fit=number // 3, engagement=0)
    client = signed_in(alice)

    def follow(address: str, relation: str) -> list[list[str]]:
        pages = []
        while address:
            response = client.get(address)
            pages.append(shown(response))
            link = re.search(rf'rel="{relation}"\s+href="([^"]*)"', response.content.decode())
            address = link[1].replace("&amp;", "&") if link else ""
            last = response.request["PATH_INFO"] + "?" + response.request["QUERY_STRING"]
        return [*pages, last]

    *forward, last_address = follow(f"{reverse('leads:list')}?sort={sort}", "next")
    *backward, _ = follow(last_address, "prev")

    assert [len(page) for page in forward] == [3, 3, 2]
    assert len({name for page in forward for name in page}) == 8
    assert list(reversed(backward)) == forward


def test_sorted_by_score_leads_without_one_are_left_out_and_the_page_says_so(alice):
    score(LeadFactory(first_name="Scored"))
    LeadFactory(first_name="Unscored")

    response = list_leads(alice, sort="-score")

    assert shown(response) == ["Scored"]
    assert "those with a score" in response.content.decode()


def test_page_is_stable_when_a_lead_comes_in(alice, monkeypatch):
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    for number in range(4):
        LeadFactory(first_name=f"L{number}", created_at=JANUARY + timedelta(days=number))
    first = list_leads(alice)
    LeadFactory(first_name="Late", created_at=JANUARY + timedelta(days=9))

    after = re.search(r"after=([^\"&]*)", first.content.decode())[1].replace("%7E", "~")

    assert shown(list_leads(alice, after=after)) == ["L1", "L0"]
