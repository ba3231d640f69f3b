"""The order of the queue is frozen while somebody pages through it."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.utils import timezone

from leads.handoff import rows
from leads.handoff.bands import Band
from leads.handoff.place import Place, Share
from leads.handoff.queue import Selection, stretch
from leads.models import Handoff, Lead, Role, Snooze, User
from tests.factories import CampaignFactory, HandoffFactory, LeadFactory, TeamFactory, UserFactory
from tests.leads.views.conftest import HTMX, signed_in
from tests.leads.views.test_queue import QUEUE, accept, shown, waiting

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def short_pages(monkeypatch):
    monkeypatch.setattr(rows, "PAGE_SIZE", 2)


def link(response, rel: str) -> str | None:
    """The address that the page names as `next` or `prev`."""
    found = re.search(rf'rel="{rel}"\s+href="([^"]*)"', response.content.decode())
    return unescape(found[1]) if found else None


def hidden_place(response) -> str:
    return unescape(re.search(r'name="place" value="([^"]*)"', response.content.decode())[1])


def five(team) -> list[Handoff]:
    soon = timezone.now() + timedelta(hours=9)
    return [waiting(f"L{number}", team, fit=90 - number, decide_due_at=soon) for number in range(5)]


def test_pages_follow_each_other_and_lead_back(alice, team):
    five(team)
    client = signed_in(alice)

    first = client.get(QUEUE)
    second = client.get(link(first, "next"))
    third = client.get(link(second, "next"))
    back = client.get(link(third, "prev"))

    assert [shown(page) for page in (first, second, third, back)] == [
        ["L0", "L1"],
        ["L2", "L3"],
        ["L4"],
        ["L2", "L3"],
    ]
    assert (link(first, "prev"), link(third, "next")) == (None, None)
    assert shown(client.get(link(back, "prev"))) == ["L0", "L1"]


def test_nothing_vanishes_or_doubles_when_rows_are_decided_become_overdue_or_arrive(alice, bob, team):
    with time_machine.travel(NOON, tick=False) as clock:
        handoffs = [
            waiting(f"L{number}", team, fit=90 - number, decide_due_at=NOON + timedelta(minutes=100 + number))
            for number in range(5)
        ]
        client = signed_in(alice)
        first = client.get(QUEUE)

        clock.shift(
            timedelta(minutes=103)
        )  # a queue that is read anew begins with L0 to L3, which are overdue
        accept(signed_in(bob), handoffs[0])
        waiting("New", team, fit=500, offered_at=timezone.now())
        second = client.get(link(first, "next"))
        accept(signed_in(bob), handoffs[3])
        third = client.get(link(second, "next"))

    assert [shown(page) for page in (first, second, third)] == [["L0", "L1"], ["L2", "L3"], ["L4"]]


def test_what_arrived_since_is_announced_and_shown_when_asked_for(alice, team):
    five(team)
    client = signed_in(alice)
    place = hidden_place(client.get(QUEUE))
    later = timezone.now() + timedelta(hours=9)
    waiting("New", team, fit=500, offered_at=timezone.now(), decide_due_at=later)

    part = client.get(f"{QUEUE}arrived/?{place}", headers=HTMX).content.decode()
    frozen = client.get(f"{QUEUE}?{place}")
    fresh = client.get(unescape(re.search(r'href="([^"]*)"', part)[1]))

    assert "1 new since" in part
    assert part.strip().startswith('<div class="lf-queue__arrived"')
    assert "1 new since" in frozen.content.decode()
    assert shown(frozen) == ["L0", "L1"]
    assert shown(fresh) == ["New", "L0"]
    assert client.get(f"{QUEUE}arrived/?{place}").status_code == 302


def test_a_colleagues_lead_that_became_overdue_since_is_announced(alice, bob, team):
    now = timezone.now()
    waiting("Bobs", team, assignee=bob, decide_due_at=now - timedelta(minutes=1))
    waiting("Mine", team, assignee=alice)
    earlier = Place(Share.TEAM, now - timedelta(minutes=5))

    response = signed_in(alice).get(f"{QUEUE}?{earlier.query}")

    assert shown(response) == ["Mine"]  # at that time Bob's was his alone
    assert "1 new since" in response.content.decode()


def test_after_a_decision_the_list_stays_as_it_was(alice, team):
    handoffs = five(team)
    client = signed_in(alice)
    page = client.get(link(client.get(QUEUE), "next"))
    waiting("New", team, fit=500, offered_at=timezone.now())

    part = accept(client, handoffs[2], data={"place": hidden_place(page)}, headers=HTMX)

    assert shown(part) == ["L3", "L4"]
    assert "1 new since" in part.content.decode()


def test_when_the_last_page_is_decided_away_the_one_before_is_shown(alice, team):
    handoffs = five(team)
    client = signed_in(alice)
    second = client.get(link(client.get(QUEUE), "next"))
    third = client.get(link(second, "next"))

    part = accept(client, handoffs[4], data={"place": hidden_place(third)}, headers=HTMX)

    assert shown(part) == ["L2", "L3"]
    assert link(part, "next") is None


def test_when_all_is_decided_what_arrived_meanwhile_is_there_at_once(alice, team):
    handoff = waiting("Only", team)
    client = signed_in(alice)
    place = hidden_place(client.get(QUEUE))
    waiting("New", team, offered_at=timezone.now())

    part = accept(client, handoff, data={"place": place}, headers=HTMX)

    assert shown(part) == ["New"]


# --- The parts of the statement ------------------------------------------------------------------------------------


def band_of(handoff: Handoff, at: datetime) -> Band:
    if (due := handoff.decide_due_at) is None:
        return Band.NO_CLOCK
    soon = due <= at + timedelta(hours=1)
    return Band.OVERDUE if due <= at else Band.DUE_SOON if soon else Band.DUE


def expected(selection: Selection) -> list[int]:
    """The same by sorting all that the rule lets the user see."""

    def key(handoff: Handoff) -> tuple[int, bool, int, datetime, int]:
        band, total = band_of(handoff, selection.at), handoff.total
        return (band, total is None, -(total or 0), handoff.offered_at, handoff.pk)

    return [handoff.pk for handoff in sorted(selection.shared(), key=key)]


def many(rng: random.Random, users: list[User], now: datetime) -> None:
    teams = [None, *{user.team for user in users if user.team}]
    for number in range(60):
        scored = rng.random() < 0.8
        fields = {} if scored else {"origin": "hand", "fit": None, "engagement": None, "total": None}
        due = rng.choice([None, -100, -1, 0, 30, 59, 60, 61, 500])
        HandoffFactory(
            team=rng.choice(teams),
            assignee=rng.choice([None, None, *users]),
            decide_due_at=None if due is None else now + timedelta(minutes=due),
            offered_at=now - timedelta(minutes=rng.choice([-5, 0, 5, 5, 60])),
            state=(state := "withdrawn" if number % 10 == 0 else "waiting"),
            decided_at=now if state == "withdrawn" else None,
            **({"fit": rng.choice([10, 20, 30])} if scored else fields),
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_pages_together_are_all_that_the_rule_lets_each_user_see(db, seed):
    rng, now = random.Random(seed), timezone.now()
    north, south = TeamFactory(), TeamFactory()
    sellers = [
        UserFactory(role=role, team=team)
        for role in (Role.REP, Role.MANAGER)
        for team in (north, south, None)
    ]
    everybody = [User.objects.get(pk=user.pk) for user in [*sellers, UserFactory(role=None)]]
    many(rng, sellers, now)

    for user in everybody:
        for share in Share:
            selection = Selection(user, now, share)
            forward, place = [], Place(share, now)
            while True:
                found = stretch(selection, cursor=place.cursor, count=7)
                forward += [position.pk for position in found.positions]
                if not found.has_after:
                    break
                last = Handoff.objects.get(pk=forward[-1])
                place = place.at_cursor(
                    rows.Cursor(found.positions[-1].band, last.queue_score, last.offered_at, last.pk)
                )
            assert forward == expected(selection), (user.roles, user.team, share)


# --- Filters -------------------------------------------------------------------------------------------------------


def test_each_filter_leaves_what_it_says(alice, team):
    campaign = CampaignFactory(name="Spring")
    north, south = waiting("North", team, fast_tracked=True), waiting("South", None)
    Handoff.objects.filter(pk=north.pk).update(source_folded="webinar", campaign=campaign, country="DE")
    Lead.objects.filter(pk=north.lead_id).update(source="Webinar", source_folded="webinar", country="DE")
    later = HandoffFactory(lead=LeadFactory(first_name="Other", stage="mql"), team=None)
    Handoff.objects.filter(pk=later.pk).update(source_folded="referral")
    client = signed_in(alice)
    assert south

    for query in (
        {"team": team.pk},
        {"source": "webinar"},
        {"campaign": campaign.pk},
        {"country": "DE"},
        {"fast": "yes"},
    ):
        assert shown(client.get(QUEUE, query)) == ["North"], query
    assert shown(client.get(QUEUE, {"team": "none", "source": "-"})) == ["South"]
    assert shown(client.get(QUEUE, {"grade": "A"}))
    assert shown(client.get(QUEUE, {"grade": "B1"})) == []


def test_with_a_filter_the_tabs_count_what_fits_it(alice, bob, team):
    late = timezone.now() - timedelta(minutes=1)
    for number in range(3):
        waiting(f"Fast{number}", team, fast_tracked=True, assignee=alice if number else None)
    waiting("Bobs", team, fast_tracked=True, assignee=bob, decide_due_at=late)
    waiting("Slow", team, assignee=alice, decide_due_at=late)
    client = signed_in(alice)

    everything, fast = client.get(QUEUE), client.get(QUEUE, {"fast": "yes"})

    assert counts_of(everything) == {"team": 5, "mine": 3, "unassigned": 1}
    assert counts_of(fast) == {"team": 4, "mine": 2, "unassigned": 1}
    assert (everything.context["queue"].overdue, fast.context["queue"].overdue) == (2, 1)
    assert "of what fits the filters" in fast.content.decode()
    assert "of what fits the filters" not in everything.content.decode()


def test_what_one_has_put_off_is_not_counted_with_a_filter_either(alice, team):
    handoff = waiting("Later", team, fast_tracked=True)
    waiting("Now", team, fast_tracked=True)
    Snooze.objects.create(user=alice, handoff=handoff, until=timezone.now() + timedelta(hours=1))

    response = signed_in(alice).get(QUEUE, {"fast": "yes"})

    assert shown(response) == ["Now"]
    assert counts_of(response) == {"team": 1, "mine": 0, "unassigned": 1}


def counts_of(response) -> dict[str, int]:
    return {tab.share.value: tab.count for tab in response.context["queue"].tabs}


@pytest.mark.parametrize("name", ["team", "source", "campaign", "grade", "country", "fast"])
@pytest.mark.parametrize("value", ["nonsense", "a\0b", "9" * 40, "-1"])
def test_an_invalid_filter_shows_its_error_and_nothing_else(alice, team, name, value):
    waiting("Anna", team)

    response = signed_in(alice).get(QUEUE, {name: value})

    assert response.status_code == 200
    assert 'role="alert"' in response.content.decode()
    assert shown(response) == []


def test_filters_go_along_with_tabs_pages_and_decisions(alice, team):
    handoffs = five(team)
    client = signed_in(alice)
    page = client.get(QUEUE, {"grade": "A2", "show": "team"})
    tab = unescape(re.search(r'href="/queue/\?(show=mine[^"]*)"', page.content.decode())[1])

    response = accept(client, handoffs[0], data={"place": hidden_place(page)})

    assert "grade=A2" in tab
    assert "grade=A2" in link(page, "next")
    assert response.url.startswith("/queue/?show=team&grade=A2&at=")
