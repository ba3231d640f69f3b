from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.handoff.reassigning import give_lead
from leads.models import Reason, Stage
from tests.factories import (
    ActivityFactory,
    AssetFactory,
    CampaignFactory,
    HandoffFactory,
    LeadFactory,
    TouchFactory,
    change_of,
    contribution,
)
from tests.leads.views.conftest import HTMX, query_count, signed_in

JANUARY = datetime(2026, 1, 10, 9, tzinfo=UTC)


def lead_page(user, lead, **query):
    return signed_in(user).get(reverse("leads:detail", args=[lead.pk]), query)


def test_detail_shows_facts_and_unknown_ones_as_a_dash(alice):
    lead = LeadFactory(first_name="Anna", job_title="VP Sales", employees=0, attributes={"budget": "12"})

    text = re.sub(r"\s+", " ", lead_page(alice, lead).content.decode())

    assert "<dt>Job title</dt> <dd >VP Sales</dd>" in text
    assert "<dt>Employees</dt> <dd >0</dd>" in text
    assert '<dt>Phone</dt> <dd class="lf-facts__unknown">–</dd>' in text
    assert "<dt>budget</dt> <dd >12</dd>" in text


def test_detail_of_a_bare_lead_renders(alice):
    lead = LeadFactory()

    text = lead_page(alice, lead).content.decode()

    assert "Not scored yet" in text
    assert "Never offered to sales so far." in text


def test_detail_shows_how_each_handoff_ended_and_its_evidence_then(alice, team):
    HandoffFactory(
        lead=(lead := LeadFactory()),
        team=team,
        state="rejected",
        decided_at=JANUARY,
        decided_by=alice,
        reason=Reason.objects.get(key="no_budget"),
        note="Next year perhaps",
        assigned_because="Alice owns the company.",
        contributions=[contribution(name="Pricing page", points=20, matches=3, latest="2026-01-05")],
    )

    text = re.sub(r"\s+", " ", lead_page(alice, lead).content.decode())

    assert "Rejected 10 Jan 2026, 09:00 by Alice: <b>No budget</b>" in text
    assert "Next year perhaps" in text
    assert "Alice owns the company." in text
    assert "Pricing page ×3" in text
    assert "latest 2026-01-05" in text


def test_detail_costs_the_same_queries_for_a_longer_history(alice, team):
    lead = LeadFactory(created_at=JANUARY, attributes={"budget": "12"})
    client = signed_in(alice)

    def queries() -> int:
        for number in range(5):
            ActivityFactory(lead=lead, asset=AssetFactory(), campaign=CampaignFactory())
            TouchFactory(lead=lead, by=alice)
            change_of(lead, Stage.MQL, at=JANUARY + timedelta(hours=number), actor_user=alice)
            HandoffFactory(lead=lead, team=team, state="withdrawn", decided_at=JANUARY, decided_by=alice)
        return query_count(client, reverse("leads:detail", args=[lead.pk]))

    assert queries() == queries()


def test_detail_of_nobody_is_404(alice):
    assert signed_in(alice).get(reverse("leads:detail", args=[999_999])).status_code == 404


def test_detail_refuses_other_methods_and_strangers_to_the_site(alice, client):
    lead = LeadFactory()
    address = reverse("leads:detail", args=[lead.pk])

    assert signed_in(alice).post(address).status_code == 405
    assert client.get(address).url.startswith(reverse("login"))


def test_detail_escapes_what_a_lead_says_of_itself(alice):
    lead = LeadFactory(first_name="<script>alert(1)</script>", attributes={"<b>": "<i>"})

    text = lead_page(alice, lead).content.decode()

    assert "<script>alert" not in text
    assert "<i>" not in text


def test_detail_of_a_waiting_lead_shows_its_clock_and_offers_the_decision(alice, bob, team):
    offered = datetime(2026, 1, 9, 16, 30, tzinfo=UTC)
    due = datetime(2026, 1, 12, 12, 30, tzinfo=UTC)
    handoff = HandoffFactory(team=team, assignee=alice, offered_at=offered, decide_due_at=due)

    text = lead_page(alice, handoff.lead).content.decode()

    assert reverse("leads:lead_clocks", args=[handoff.lead_id]) in text
    assert reverse("leads:handoff_accept", args=[handoff.pk]) in text
    handoff.decide_due_at = timezone.now() + timedelta(days=1)  # not overdue, so not yet everybody's
    handoff.save()
    assert (
        reverse("leads:handoff_accept", args=[handoff.pk])
        not in lead_page(bob, handoff.lead).content.decode()
    )


def test_timeline_is_one_line_of_time_newest_first(alice):
    lead = LeadFactory(created_at=JANUARY)
    ActivityFactory(lead=lead, code="demo_request", occurred_at=JANUARY + timedelta(hours=1))
    change_of(lead, Stage.MQL, at=JANUARY + timedelta(hours=2))
    TouchFactory(lead=lead, kind="call", at=JANUARY + timedelta(hours=3), by=alice, note="Left a message")

    text = lead_page(alice, lead).content.decode()

    titles = re.findall(r"<div>\s*<b>([^<]*)</b>", text[text.index('id="timeline"') :])
    assert titles == ["Call", "Came in", "Demo requested", "Came in"]
    assert "Left a message" in text


def test_timeline_says_who_gave_the_lead_to_whom(alice, bob, manager):
    lead = LeadFactory(created_at=JANUARY, stage=Stage.SQL, owner=alice)
    give_lead(lead=lead, to=bob, by=manager, at=JANUARY + timedelta(days=1), why="Alice is away")

    text = lead_page(alice, lead).content.decode()

    timeline = text[text.index('id="timeline"') :]
    assert f"Given to {bob}" in timeline
    assert f"Alice is away, until then with {alice}" in timeline
    assert str(manager) in timeline


def test_timeline_older_part_goes_on_where_the_page_ended(alice):
    lead = LeadFactory(created_at=JANUARY)
    for number in range(70):
        # Many at the same instant: the place must tell them apart.
        ActivityFactory(lead=lead, occurred_at=JANUARY + timedelta(hours=1 + number // 25))
        if number % 10 == 0:
            TouchFactory(lead=lead, at=JANUARY + timedelta(hours=1 + number // 25))
    client = signed_in(alice)
    address, seen = reverse("leads:detail", args=[lead.pk]), []

    while address:
        text = client.get(address, headers=HTMX).content.decode()
        assert "<html" not in text
        seen.append(text.count('class="lf-entry '))
        link = re.search(r'hx-get="([^"]*before=[^"]*)"', text)
        address = link[1].replace("&amp;", "&") if link else ""

    assert seen == [30, 30, 18]


@pytest.mark.parametrize("before", ["x", "2026-01-01T00:00:00~0~0~1", "2026-13-01T00:00:00+00:00~0~0~1"])
def test_timeline_at_no_place_says_so(alice, before):
    response = lead_page(alice, LeadFactory(), before=before)

    assert response.status_code == 200
    assert "no place in this timeline" in response.content.decode()
