from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import Notification
from leads.notifications.telling import Message, line, notify
from tests.leads.views.conftest import HTMX, query_count, signed_in

PAGE, BELL = reverse("leads:notifications"), reverse("leads:notification_bell")


def tell(user, title="Anna is offered to you", **fields) -> Notification:
    notify(users=[user], message=Message(Notification.Kind.ASSIGNED, title, **fields), at=timezone.now())
    return Notification.objects.latest("pk")


def test_page_lists_what_the_user_was_told_and_nobody_elses(alice, bob):
    tell(alice, lines=[line("Acme, 300 employees", "/leads/1/")])
    tell(bob, "Ben is offered to you")

    page = signed_in(alice).get(PAGE).content.decode()

    assert "Anna is offered to you" in page and 'href="/leads/1/"' in page
    assert "Ben" not in page


def test_page_says_that_there_is_nothing(alice):
    assert "Nothing yet" in signed_in(alice).get(PAGE).content.decode()
    assert "Nothing unread" in signed_in(alice).get(f"{PAGE}?show=unread").content.decode()


@pytest.mark.parametrize("place", ["page=0", "page=x", "page=99999999999999999999", "show=%00", "page=500"])
def test_a_mistyped_place_is_no_error(alice, place):
    tell(alice)

    assert signed_in(alice).get(f"{PAGE}?{place}").status_code == 200


def test_opening_one_reads_it_and_leads_there(alice):
    note = tell(alice, link="/queue/")

    response = signed_in(alice).get(reverse("leads:notification_open", args=[note.pk]))

    note.refresh_from_db()
    assert response.url == "/queue/"
    assert note.read_at is not None


def test_another_users_notification_is_not_there(alice, bob):
    note = tell(bob)

    for name, method in (("notification_open", "get"), ("notification_read", "post")):
        assert getattr(signed_in(alice), method)(reverse(f"leads:{name}", args=[note.pk])).status_code == 404
    note.refresh_from_db()
    assert note.read_at is None


def test_mark_all_leaves_what_came_after_the_page_was_shown(alice):
    seen = tell(alice)
    came_later = tell(alice, "Ben is offered to you")

    signed_in(alice).post(reverse("leads:notifications_read"), {"up_to": seen.pk})

    came_later.refresh_from_db()
    assert came_later.read_at is None
    assert Notification.objects.filter(user=alice, read_at=None).count() == 1


@pytest.mark.parametrize("up_to", ["", "x", "-1", "99999999999999999999"])
def test_mark_all_of_nonsense_is_refused_with_a_sentence(alice, up_to):
    tell(alice)

    response = signed_in(alice).post(reverse("leads:notifications_read"), {"up_to": up_to})

    assert response.status_code == 422
    assert "does not say which" in response.content.decode()


def test_reading_one_with_htmx_swaps_the_list_and_the_bell(alice):
    note = tell(alice)

    part = signed_in(alice).post(reverse("leads:notification_read", args=[note.pk]), headers=HTMX).content

    assert b"<html" not in part
    assert b'hx-swap-oob="true"' in part and b"lf-bell__count--none" in part


def test_the_bell_is_on_every_page_and_asks_for_itself(alice):
    tell(alice)

    page = signed_in(alice).get(reverse("leads:list")).content.decode()
    bell = signed_in(alice).get(BELL, headers=HTMX).content.decode()

    assert bell.strip() in page
    assert ">1<span" in bell


def test_the_bell_of_somebody_signed_out_leaves_the_page_alone():
    assert Client().get(BELL).status_code == 204


def test_queries_do_not_grow(alice):
    tell(alice)
    few = query_count(signed_in(alice), PAGE)
    for number in range(20):
        tell(alice, f"Lead {number}")

    assert query_count(signed_in(alice), PAGE) == few


# How the user is told -------------------------------------------------------------------------------------------------

CHOICES = reverse("leads:notification_settings")


def test_choices_are_kept_and_shown(alice):
    signed_in(alice).post(CHOICES, {"in_app": ["assigned", "digest"], "email": ["reminder", "digest"]})

    page = signed_in(alice).get(CHOICES).content.decode()
    kept = {row.kind: (row.in_app, row.email) for row in alice.notification_preferences.all()}
    assert (kept["assigned"], kept["reminder"], kept["overdue"]) == (
        (True, False),
        (False, True),
        (False, False),
    )
    assert kept["digest"] == (False, True)
    assert page.count("checked") == 3


def test_choices_are_those_of_the_role(marketer):
    page = signed_in(marketer).get(CHOICES).content.decode()

    assert "Your signature is wanted" in page and "A decision is due soon" not in page


def test_unknown_kind_is_refused_with_a_sentence(alice):
    response = signed_in(alice).post(CHOICES, {"email": "everything"})

    assert response.status_code == 422
    assert "do not name kinds" in response.content.decode()
    assert not alice.notification_preferences.exists()


def test_manager_sees_which_mail_of_the_team_did_not_arrive(manager, alice, charlie):
    for user in (alice, charlie):
        tell(user, f"To {user.first_name}")
    Notification.objects.update(mail_state="failed", mail_at=timezone.now(), mail_error="550 no such user")

    page = signed_in(manager).get(CHOICES).content.decode()

    assert "550 no such user" in page and "To Alice" in page
    assert "To Charlie" not in page
    assert "did not arrive" not in signed_in(alice).get(CHOICES).content.decode()
