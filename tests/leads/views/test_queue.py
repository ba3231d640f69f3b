from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.handoff.place import number_of
from leads.models import Handoff, Reason, Stage, StageChange
from tests.factories import (
    CREATED_AT,
    ActivityFactory,
    HandoffFactory,
    LeadFactory,
    change_of,
    contribution,
)
from tests.leads.views.conftest import HTMX, query_count, signed_in

QUEUE = "/queue/"


def waiting(name: str, team, **fields) -> Handoff:
    lead = LeadFactory(first_name=name, stage=Stage.MQL)
    return HandoffFactory(lead=lead, team=team, **fields)


def shown(response) -> list[str]:
    """The leads in the list, apart from those that were just decided."""
    return re.findall(r'<h3>\s*<a href="/queue/\d+/panel/[^>]*>([^<]*)</a>', response.content.decode())


def now_number() -> int:
    return number_of(timezone.now())


def accept(client, handoff, **kwargs):
    return client.post(reverse("leads:handoff_accept", args=[handoff.pk]), **kwargs)


def reject(client, handoff, reason: str = "", note: str = "", **kwargs):
    address = reverse("leads:handoff_reject", args=[handoff.pk])
    return client.post(address, {"reason": reason, "note": note, **kwargs.pop("data", {})}, **kwargs)


# --- Reading -----------------------------------------------------------------------------------------------------


def test_queue_is_by_band_then_score_then_age(alice, team):
    now = timezone.now()
    waiting("Imported", team, origin="import", total=None, fit=None, engagement=None, rulebook_version=None)
    waiting("Low", team, decide_due_at=now + timedelta(hours=5), fit=10)
    waiting("High", team, decide_due_at=now + timedelta(hours=9), fit=50)
    waiting("Soon", team, decide_due_at=now + timedelta(minutes=30), fit=1)
    waiting("Late", team, decide_due_at=now - timedelta(minutes=5), fit=1)

    response = signed_in(alice).get(QUEUE)

    assert shown(response) == ["Late", "Soon", "High", "Low", "Imported"]
    bands = re.findall(r"<h2>([^<]*)</h2>", response.content.decode())
    assert bands == ["Overdue", "Due within the hour", "In time", "Imported, no clock"]


def test_queue_row_shows_the_three_strongest_reasons_and_the_last_activities(alice, team):
    handoff = waiting(
        "Anna",
        team,
        contributions=[
            contribution(rule="a", name="Weakest", points=5),
            contribution(rule="b", name="Against", points=-40),
            contribution(rule="c", name="Demo requested", points=30, matches=2),
            contribution(rule="d", name="Third", points=10),
            contribution(rule="e", name="Second", points=20),
        ],
    )
    for number, code in enumerate(["page_view", "email_open", "webinar_attend", "demo_request"]):
        ActivityFactory(lead=handoff.lead, code=code, occurred_at=CREATED_AT + timedelta(days=number))

    text = signed_in(alice).get(QUEUE).content.decode()

    assert re.findall(r'lf-points--plus">\+(\d+)</span>\s*<span>([\w ]+)', text) == [
        ("30", "Demo requested "),
        ("20", "Second"),
        ("10", "Third"),
    ]
    assert "×2" in text
    assert re.findall(r'lf-queue__did">([\w -]+)', text) == [
        "Demo requested",
        "Attended a webinar",
        "E-mail opened",
    ]


def test_queue_row_marks_what_sales_gave_back_before(alice, team):
    handoff = waiting("Anna", team)
    too_small = Reason.objects.get(key="too_small")
    change_of(
        handoff.lead, Stage.RECYCLED, at=timezone.now() - timedelta(days=200), reason=too_small, imported=True
    )
    waiting("New", team)

    text = signed_in(alice).get(QUEUE).content.decode()

    assert text.count("Back: ") == 1
    assert "Back: too small, 6 months ago" in text


def test_queue_of_a_rep_holds_what_that_rep_may_decide(alice, bob, charlie, team):
    waiting("Mine", team, assignee=alice)
    waiting("Bobs", team, assignee=bob)
    waiting("Shared", team)
    waiting("South", charlie.team)

    assert sorted(shown(signed_in(alice).get(QUEUE))) == ["Mine", "Shared"]
    assert shown(signed_in(alice).get(QUEUE, {"show": "mine"})) == ["Mine"]
    assert shown(signed_in(alice).get(QUEUE, {"show": "unassigned"})) == ["Shared"]
    assert shown(signed_in(charlie).get(QUEUE)) == ["South"]


def test_queue_of_a_manager_holds_the_team(manager, alice, charlie, team):
    waiting("Alices", team, assignee=alice)
    waiting("South", charlie.team)

    assert shown(signed_in(manager).get(QUEUE)) == ["Alices"]


def test_queue_of_a_marketer_can_be_read_and_has_no_buttons(marketer, team):
    waiting("Anna", team)

    response = signed_in(marketer).get(QUEUE)

    assert shown(response) == ["Anna"]
    assert "Accept" not in response.content.decode()
    assert re.search(r"Reject\b", response.content.decode()) is None


def test_queue_says_that_it_is_empty(alice):
    assert "The queue is empty" in signed_in(alice).get(QUEUE).content.decode()


def test_queue_sends_anonymous_to_login_and_refuses_other_methods(client, alice):
    assert client.get(QUEUE).url.startswith(reverse("login"))
    assert signed_in(alice).post(QUEUE).status_code == 405


@pytest.mark.parametrize(
    "query",
    [
        {"show": "everything"},
        {"show": "all\0"},
        {"at": "yesterday", "after": "0~1~1~1"},
        {"at": "99999999999999999", "after": "0~1~1~1"},
        {"at": "1", "after": "0~1~1~1"},
        {"after": "0~1~1~1"},
        *(
            {"at": "NOW", "after": after}
            for after in ("x", "9~1~1~1", "0~1~1", f"0~{'9' * 30}~1~1", "٠~1~1~1")
        ),
    ],
)
def test_queue_at_a_mistyped_address_shows_what_waits(alice, team, query):
    waiting("Anna", team)
    query = {name: now_number() if value == "NOW" else value for name, value in query.items()}

    assert shown(signed_in(alice).get(QUEUE, query)) == ["Anna"]


def test_queue_costs_the_same_queries_for_more_rows(alice, team):
    client = signed_in(alice)

    def queries() -> int:
        for _ in range(5):
            handoff = waiting("Anna", team, assignee=alice)
            ActivityFactory(lead=handoff.lead)
        return query_count(client, QUEUE)

    assert queries() == queries()


def test_queue_part_equals_what_a_reload_shows(alice, team):
    for name in ("Anna", "Bela", "Cleo"):
        waiting(name, team)
    client = signed_in(alice)
    first = Handoff.objects.first()

    part = accept(client, first, data={"place": "show=team"}, headers=HTMX)
    page = client.get(f"{QUEUE}?show=team")

    assert part.status_code == 200
    assert shown(part) == shown(page)
    assert len(shown(part)) == 2


# --- Accepting ---------------------------------------------------------------------------------------------------


def test_accept_makes_the_lead_an_sql_of_the_rep(alice, team):
    handoff = waiting("Anna", team)

    response = accept(signed_in(alice), handoff)

    handoff.refresh_from_db()
    handoff.lead.refresh_from_db()
    assert response.status_code == 302
    assert response.url == QUEUE
    assert (handoff.state, handoff.decided_by) == ("accepted", alice)
    assert (handoff.lead.stage, handoff.lead.owner) == ("sql", alice)


def test_accept_by_htmx_gives_the_queue_without_the_row_and_a_message(alice, team):
    handoff = waiting("Anna", team)
    waiting("Bela", team)

    response = accept(signed_in(alice), handoff, headers=HTMX)

    text = response.content.decode()
    assert shown(response) == ["Bela"]
    assert text.lstrip().startswith('<section class="card" id="queue"')
    assert 'hx-swap-oob="beforeend:#toasts"' in text
    assert "Anna is yours now. First touch is due by" in text


def test_accept_returns_to_where_the_rep_was(alice, team):
    place = f"show=unassigned&at={now_number()}&after=2~70~1~8"

    response = accept(signed_in(alice), waiting("Anna", team), data={"place": f"{place}&next=//evil"})

    assert response.url == f"/queue/?{place}"


def test_accept_from_the_page_of_the_lead_returns_there(alice, team):
    handoff = waiting("Anna", team)

    response = accept(signed_in(alice), handoff, data={"next": "lead"})

    assert response.url == reverse("leads:detail", args=[handoff.lead_id])


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_accept_too_late_is_409_and_says_who_decided(alice, bob, team, headers):
    handoff = waiting("Anna", team)
    accept(signed_in(bob), handoff)
    before = StageChange.objects.count()

    response = accept(signed_in(alice), handoff, headers=headers)

    assert response.status_code == 409
    assert "Anna was accepted by Bob" in response.content.decode()
    assert StageChange.objects.count() == before
    handoff.lead.refresh_from_db()
    assert handoff.lead.owner == bob


def test_decisions_of_others_are_refused_with_403(alice, bob, charlie, marketer, team):
    handoff = waiting("Anna", team, assignee=bob)

    for user in (alice, charlie, marketer):
        assert accept(signed_in(user), handoff).status_code == 403
        assert reject(signed_in(user), handoff, "not_now").status_code == 403
    handoff.refresh_from_db()
    assert handoff.is_waiting


@pytest.mark.parametrize("name", ["leads:handoff_accept", "leads:handoff_reject"])
def test_decisions_by_other_methods_without_login_or_on_nothing(client, alice, name):
    address = reverse(name, args=[999_999])

    assert client.post(address).url.startswith(reverse("login"))
    assert signed_in(alice).get(address).status_code == 405
    assert signed_in(alice).post(address, {"reason": "not_now"}).status_code == 404


# --- Rejecting ---------------------------------------------------------------------------------------------------


def test_reject_recycles_or_disqualifies_as_the_reason_says(alice, team):
    later, never = waiting("Later", team), waiting("Never", team)

    reject(signed_in(alice), later, "not_now", note="Ask in spring")
    reject(signed_in(alice), never, "competitor")

    for handoff, stage in ((later, "recycled"), (never, "disqualified")):
        handoff.refresh_from_db()
        handoff.lead.refresh_from_db()
        assert (handoff.state, handoff.lead.stage) == ("rejected", stage)
    assert later.note == "Ask in spring"


def test_reject_by_htmx_says_what_follows(alice, team):
    response = reject(signed_in(alice), waiting("Anna", team), "not_now", headers=HTMX)

    assert "Anna was rejected: Not now / timing. It may come back after 90 days." in response.content.decode()


@pytest.mark.parametrize(
    ("reason", "note", "complaint"),
    [
        ("", "", "Choose a reason."),
        ("nonsense", "", "This reason is not in use"),
        ("other", "  ", "needs a note"),
        ("not_now", "x" * 2001, "at most 2000 characters"),
        ("not_now", "a\0b", "Null characters are not allowed"),
    ],
)
@pytest.mark.parametrize(("headers", "place"), [({}, {}), (HTMX, {}), ({}, {"next": "lead"})])
def test_reject_refused_shows_why_in_the_open_panel_and_changes_nothing(
    alice, team, reason, note, complaint, headers, place
):
    handoff = waiting("Anna", team)

    response = reject(signed_in(alice), handoff, reason, note, headers=headers, data=place)

    text = response.content.decode()
    handoff.refresh_from_db()
    assert response.status_code == 422
    assert complaint in text
    assert re.search(r'<details class="lf-reject"\s+data-lf-menu\s+open', text)
    assert handoff.is_waiting


def test_reject_refused_is_said_where_the_row_is_not_on_the_page(alice, bob, team):
    handoff = waiting("Anna", team)
    reject(signed_in(bob), handoff, "competitor")

    response = reject(signed_in(alice), handoff, "", headers=HTMX)

    assert response.status_code == 422
    assert "Choose a reason." in response.content.decode()


def test_reject_too_late_is_409(alice, bob, team):
    handoff = waiting("Anna", team)
    reject(signed_in(bob), handoff, "competitor")

    response = reject(signed_in(alice), handoff, "not_now", headers=HTMX)

    assert response.status_code == 409
    assert "rejected by Bob" in response.content.decode()
    assert "(Competitor)" in response.content.decode()
