from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from leads.models import Handoff, Reason

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def rows(page: Page, count: int) -> None:
    expect(page.locator("[data-lf-row]")).to_have_count(count)


def test_a_rep_clears_ten_leads_by_keyboard_alone(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)

    for left in range(9, 4, -1):
        page.keyboard.press("a")
        rows(page, left)
    for left in range(4, -1, -1):
        page.keyboard.press("r")
        page.keyboard.press("2" if left % 2 else "4")
        rows(page, left)

    states = list(Handoff.objects.order_by("offered_at").values_list("state", flat=True))
    assert states == ["accepted"] * 5 + ["rejected"] * 5
    second, fourth = Reason.objects.filter(is_active=True)[1], Reason.objects.filter(is_active=True)[3]
    reasons = Handoff.objects.filter(state="rejected").order_by("offered_at").values_list("reason", flat=True)
    assert list(reasons) == [fourth.pk, second.pk, fourth.pk, second.pk, fourth.pk]
    expect(page.get_by_text("The queue is empty")).to_be_visible()


def test_the_next_lead_is_at_hand_after_a_decision_and_undo_brings_it_back(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Lead1", exact=True)).to_be_focused()

    page.keyboard.press("a")
    rows(page, 9)
    expect(page.get_by_role("link", name="Lead2", exact=True)).to_be_focused()
    page.keyboard.press("u")
    rows(page, 10)

    assert not Handoff.objects.exclude(state="waiting").exists()


def test_a_reason_is_found_by_its_first_letters(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)

    page.keyboard.press("r")
    page.keyboard.type("sp")
    page.keyboard.press("Enter")
    rows(page, 9)

    assert Handoff.objects.get(state="rejected").reason.key == "spam"


def test_a_note_that_is_needed_is_asked_for_and_letters_in_it_are_letters(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)

    page.keyboard.press("r")
    page.keyboard.press("o")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("needs a note")
    expect(page.locator("textarea[name=note]:focus")).to_be_visible()
    page.keyboard.type("a cat")

    expect(page.locator("textarea:focus")).to_have_value("a cat")
    assert Handoff.objects.filter(state="waiting").count() == 10


def test_claim_by_key_is_shown_as_yours(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)

    page.keyboard.press("c")

    expect(page.get_by_role("button", name="Release Lead0")).to_be_visible()


def test_keys_can_be_switched_off(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)
    page.keyboard.press("?")
    page.get_by_label("Keys are on, in this browser").uncheck()
    page.keyboard.press("Escape")

    page.keyboard.press("a")
    page.reload()
    page.keyboard.press("a")

    rows(page, 10)
    assert Handoff.objects.filter(state="waiting").count() == 10
