from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.handoff.decisions import accept
from leads.models import Snooze, Stage
from tests.factories import HandoffFactory, LeadFactory
from tests.leads.views.conftest import HTMX, query_count, signed_in
from tests.leads.views.test_queue import shown

QUEUE, SNOOZED = reverse("leads:queue"), reverse("leads:queue_snoozed")


@pytest.fixture
def handoff(team):
    return HandoffFactory(lead=LeadFactory(first_name="Anna", last_name="", stage=Stage.MQL), team=team)


def act(client, what, handoff, **kwargs):
    return client.post(reverse(f"leads:handoff_{what}", args=[handoff.pk]), **kwargs)


def test_snooze_asks_until_when_and_says_that_the_clock_runs_on(alice, handoff):
    address = reverse("leads:handoff_snooze", args=[handoff.pk])

    page = signed_in(alice).get(address).content.decode()
    part = signed_in(alice).get(address, headers=HTMX).content.decode()

    assert "Its clock runs on" in page
    assert 'value="tomorrow"' in page
    assert part.lstrip().startswith('<div class="lf-snooze"')


def test_a_snoozed_lead_leaves_ones_own_list_alone_and_can_be_woken(alice, bob, handoff):
    client = signed_in(alice)

    part = act(client, "snooze", handoff, data={"nap": "tomorrow"}, headers=HTMX)

    assert shown(part) == []
    assert "Snoozed (1)" in part.content.decode()
    assert shown(signed_in(bob).get(QUEUE)) == ["Anna"]
    assert "Anna" in client.get(SNOOZED).content.decode()
    assert act(client, "wake", handoff).url == SNOOZED
    assert shown(client.get(QUEUE)) == ["Anna"]
    assert "Snoozed (" not in client.get(QUEUE).content.decode()


def test_a_snoozed_lead_comes_back_by_itself_to_a_list_that_was_read_before(alice, handoff):
    client = signed_in(alice)
    now = timezone.now()
    Snooze.objects.create(
        user=alice, handoff=handoff, created_at=now - timedelta(hours=2), until=now - timedelta(seconds=1)
    )
    read = now - timedelta(hours=1)

    assert shown(client.get(QUEUE, {"at": str(int(read.timestamp() * 1_000_000))})) == ["Anna"]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_time_that_is_not_offered_is_asked_for_again(alice, handoff, headers):
    response = act(signed_in(alice), "snooze", handoff, data={"nap": "a\0"}, headers=headers)

    assert response.status_code == 422
    assert response["HX-Retarget"] == "#queue-snooze"
    assert "Choose until when to snooze Anna" in response.content.decode()


def test_snooze_too_late_is_409_and_of_others_403(alice, bob, charlie, marketer, handoff):
    assert act(signed_in(charlie), "snooze", handoff, data={"nap": "tomorrow"}).status_code == 403
    assert act(signed_in(marketer), "snooze", handoff, data={"nap": "tomorrow"}).status_code == 403
    accept(handoff=handoff, by=bob, at=timezone.now())

    response = act(signed_in(alice), "snooze", handoff, data={"nap": "tomorrow"}, headers=HTMX)

    assert response.status_code == 409
    assert "Anna was accepted by Bob" in response.content.decode()


def test_snoozed_and_its_neighbours_by_others_without_login_and_on_nothing(client, alice, marketer, handoff):
    assert client.get(SNOOZED).url.startswith(reverse("login"))
    assert "Nothing is snoozed" in signed_in(marketer).get(SNOOZED).content.decode()
    assert signed_in(alice).post(SNOOZED).status_code == 405
    for name in ("snooze", "wake"):
        assert signed_in(alice).post(reverse(f"leads:handoff_{name}", args=[99_999])).status_code == 404


@pytest.mark.parametrize("address", [QUEUE, SNOOZED])
def test_queries_do_not_grow_with_what_is_snoozed(alice, team, address):
    client = signed_in(alice)

    def queries() -> int:
        for _ in range(3):
            now = timezone.now()
            asleep = HandoffFactory(team=team)
            Snooze.objects.create(user=alice, handoff=asleep, until=now + timedelta(hours=1))
        return query_count(client, address)

    assert queries() == queries()
