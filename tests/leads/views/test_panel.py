from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.handoff.decisions import accept
from leads.models import Handoff, LeadScore, Reason, Stage
from leads.models.fields import day_of
from tests.factories import (
    ActivityFactory,
    CompanyFactory,
    HandoffFactory,
    LeadFactory,
    UserFactory,
    contribution,
)
from tests.leads.views.conftest import HTMX, query_count, signed_in


def panel(client, handoff, **kwargs):
    return client.get(reverse("leads:handoff_panel", args=[handoff.pk]), **kwargs)


@pytest.fixture
def handoff(team) -> Handoff:
    lead = LeadFactory(first_name="Anna", last_name="", stage=Stage.MQL, company=CompanyFactory(name="Acme"))
    contributions = [
        contribution(rule="a", name="Small company", points=-5, latest=None),
        contribution(rule="b", name="Demo requested", points=30, matches=2, asset="Demo form"),
    ]
    return HandoffFactory(lead=lead, team=team, contributions=contributions)


def test_panel_shows_the_evidence_as_it_stood_and_what_the_score_is_now(alice, handoff):
    score = {"fit": 1, "engagement": 4, "total": 5, "grade": "C3", "known_facts": 1, "asked_facts": 4}
    flags = dict.fromkeys(("qualified", "fast_tracked", "disqualified"), False)
    LeadScore.objects.create(
        lead=handoff.lead, **score, **flags, rulebook_version=7, day=day_of(timezone.now())
    )

    text = panel(signed_in(alice), handoff).content.decode()

    points = re.findall(r'lf-points--\w+">([^<]*)</span>\s*<span>\s*([\w ]+)', text)
    assert points == [("+30", "Demo requested "), ("−5", "Small company")]
    assert "fit 40 + engagement 30 = 70, 3 of 4 facts known" in text
    assert "by rulebook 7" in text


def test_panel_shows_earlier_handoffs_and_how_they_ended(alice, bob, handoff):
    HandoffFactory(
        lead=handoff.lead,
        state="rejected",
        reason=Reason.objects.get(key="no_budget"),
        note="Ask again in spring",
        decided_by=bob,
        decided_at=timezone.now() - timedelta(days=90),
    )

    text = panel(signed_in(alice), handoff).content.decode()

    assert "Earlier handoffs" in text
    assert "No budget" in text
    assert "Ask again in spring" in text


def test_panel_names_the_others_at_the_company(alice, bob, handoff):
    LeadFactory(first_name="Zoe", company=handoff.lead.company, stage=Stage.SQL, owner=bob)
    LeadFactory(first_name="Elsewhere", company=CompanyFactory())

    text = panel(signed_in(alice), handoff).content.decode()

    assert "Others at Acme" in text
    assert "Zoe" in text
    assert "Elsewhere" not in text


def test_panel_part_is_the_panel_alone_and_older_entries_are_the_timeline_alone(alice, handoff):
    for number in range(35):
        ActivityFactory(lead=handoff.lead, occurred_at=timezone.now() - timedelta(hours=number))
    client = signed_in(alice)

    part = panel(client, handoff, headers=HTMX).content.decode()
    older = re.search(r'hx-get="([^"]*before=[^"]*)"', part)[1].replace("&amp;", "&")
    rest = client.get(older, headers=HTMX).content.decode()

    assert part.lstrip().startswith('<section class="card lf-panel"')
    assert part.count('class="lf-entry ') == 30
    assert rest.lstrip().startswith('<div class="lf-timeline"')
    assert rest.count('class="lf-entry ') == 7


def test_panel_can_be_read_by_all_and_decided_by_those_who_may(alice, charlie, marketer, handoff):
    assert "Accept Anna" in panel(signed_in(alice), handoff).content.decode()
    for user in (charlie, marketer):
        text = panel(signed_in(user), handoff).content.decode()
        assert "Accept Anna" not in text
        assert "you do not decide it" in text


def test_panel_of_what_was_decided_says_by_whom(alice, bob, handoff):
    accept(handoff=handoff, by=bob, at=timezone.now())

    text = panel(signed_in(alice), handoff).content.decode()

    assert "Accept Anna" not in text
    assert re.search(r"Accepted [^<]*\s+by Bob", text)


def test_panel_offers_to_take_back_what_was_just_decided(alice, bob, team, handoff):
    decided = HandoffFactory(lead__first_name="Bela", lead__stage=Stage.MQL, team=team)
    accept(handoff=decided, by=alice, at=timezone.now())
    undo = reverse("leads:handoff_undo", args=[decided.pk])

    assert undo in panel(signed_in(alice), handoff).content.decode()
    assert undo not in panel(signed_in(bob), handoff).content.decode()


@pytest.mark.parametrize("before", ["x", "2026-01-01~0~0~1", "a\0b", "9" * 400])
def test_panel_at_a_mistyped_place_in_the_timeline_says_so(alice, handoff, before):
    response = panel(signed_in(alice), handoff, data={"before": before})

    assert response.status_code == 200
    assert "is no place in this timeline" in response.content.decode()


def test_panel_of_nothing_without_login_and_by_other_methods(client, alice, handoff):
    address = reverse("leads:handoff_panel", args=[handoff.pk])

    assert client.get(address).url.startswith(reverse("login"))
    assert signed_in(alice).post(address).status_code == 405
    assert signed_in(alice).get(reverse("leads:handoff_panel", args=[999_999])).status_code == 404


def test_accept_in_the_panel_returns_to_the_place_in_the_queue(alice, handoff):
    client = signed_in(alice)
    page = panel(client, handoff, data={"place": "show=unassigned"}).content.decode()
    form = page[page.index(reverse("leads:handoff_accept", args=[handoff.pk])) :]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', form.split("</form>")[0]))
    hidden["place"] = unescape(hidden["place"])

    response = client.post(reverse("leads:handoff_accept", args=[handoff.pk]), hidden)

    assert response.url.startswith("/queue/?show=unassigned")


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_reject_refused_in_the_panel_is_said_there_and_keeps_what_was_written(alice, handoff, headers):
    data = {"reason": "other", "note": "", "next": "panel", "place": "show=unassigned"}

    response = signed_in(alice).post(
        reverse("leads:handoff_reject", args=[handoff.pk]), data, headers=headers
    )

    text = response.content.decode()
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#queue-panel"
    assert "needs a note" in text
    assert re.search(r'<details class="lf-reject"\s+data-lf-menu\s+open', text)
    assert 'name="place" value="show=unassigned' in text
    assert ("<html" in text) is (not headers)


def test_panel_costs_the_same_queries_whatever_there_is(alice, team, handoff):
    client = signed_in(alice)

    def queries() -> int:
        for _ in range(3):
            LeadFactory(company=handoff.lead.company, owner=UserFactory())
            ActivityFactory(lead=handoff.lead)
            HandoffFactory(
                lead=handoff.lead, state="withdrawn", decided_at=timezone.now(), decided_by=UserFactory()
            )
        return query_count(client, reverse("leads:handoff_panel", args=[handoff.pk]))

    assert queries() == queries()
