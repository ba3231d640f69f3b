"""Several leads at once, snoozing, and two browsers that want the same lead."""

from __future__ import annotations

from collections import Counter

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from leads.models import Handoff, Role, Snooze
from tests.browser.test_pages import fits, problems
from tests.browser.test_queue_panel import title
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def rows(page):
    return page.locator("[data-lf-row]")


def test_a_selection_is_decided_by_keyboard_and_taken_back_at_once(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)

    for key in "xjxjx":
        page.keyboard.press(key)
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.keyboard.press("a")
    expect(rows(page)).to_have_count(7)
    expect(page.get_by_text("3 of 3 accepted")).to_be_visible()
    expect(page.get_by_text("3 chosen")).to_be_hidden()
    page.keyboard.press("u")
    expect(rows(page)).to_have_count(10)
    for key in "xjx":
        page.keyboard.press(key)
    page.keyboard.press("r")
    page.keyboard.press("2")
    expect(rows(page)).to_have_count(8)

    assert Counter(Handoff.objects.values_list("state", flat=True)) == {"waiting": 8, "rejected": 2}


def test_a_range_and_all_are_chosen_by_mouse_and_stay_chosen_while_one_decides(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)

    page.get_by_label("Choose Lead1").check()
    page.get_by_label("Choose Lead4").click(modifiers=["Shift"])
    expect(page.get_by_text("4 chosen")).to_be_visible()
    page.get_by_role("button", name="Accept Lead0").click()
    expect(rows(page)).to_have_count(9)
    expect(page.get_by_text("4 chosen")).to_be_visible()
    page.get_by_role("button", name="Accept Lead2").click()
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.get_by_label("Choose all on this page").check()
    expect(page.get_by_text("8 chosen")).to_be_visible()
    page.get_by_role("button", name="Accept", exact=True).click()

    expect(page.get_by_text("The queue is empty")).to_be_visible()
    expect(page.get_by_text("8 of 8 accepted")).to_be_visible()


def test_snooze_by_keys_puts_a_lead_off_and_the_next_is_at_hand(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(title(page)).to_have_text("Lead0")

    page.keyboard.press("s")
    expect(page.get_by_role("dialog")).to_contain_text("Snooze Lead0")
    assert problems(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(title(page)).to_have_text("Lead0")
    page.keyboard.press("s")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("1")

    expect(rows(page)).to_have_count(9)
    expect(title(page)).to_have_text("Lead1")
    expect(page.get_by_role("link", name="Lead1", exact=True)).to_be_focused()
    assert Snooze.objects.get().handoff == ten[0]
    page.get_by_role("link", name="Snoozed (1)").click()
    page.get_by_role("button", name="Wake Lead0").click()
    expect(page.get_by_text("Nothing is snoozed")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_snooze_and_a_selection_on_a_phone_are_accessible_and_fit(open_page, rep, ten, theme):
    page = open_page(reverse("leads:queue"), user=rep, size="phone", theme=theme)
    page.get_by_label("Choose Lead0").check()
    page.get_by_label("Choose Lead1").check()
    page.locator("[data-lf-bulk] summary").click()
    assert problems(page) == []
    assert fits(page)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("link", name="Lead0", exact=True).click()
    expect(title(page)).to_have_text("Lead0")

    page.locator("#queue-panel").get_by_label("Snooze Lead0").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert problems(page) == []
    page.get_by_role("dialog").get_by_role("button").first.click()

    expect(title(page)).to_have_text("Lead1")


def test_two_browsers_race_for_one_lead_and_the_loser_is_told(open_page, rep, team, ten):
    other = UserFactory(username="olga", first_name="Olga", role=Role.REP, team=team)
    mine, theirs = open_page(reverse("leads:queue"), user=rep), open_page(reverse("leads:queue"), user=other)
    for page in (mine, theirs):
        page.get_by_role("link", name="Lead0", exact=True).click()
        expect(title(page)).to_have_text("Lead0")

    # Neither waits for the other's answer.
    for page in (mine, theirs):
        page.evaluate("document.querySelector('#queue-panel [data-lf-key=accept]').click()")

    for page in (mine, theirs):
        expect(title(page)).to_have_text("Lead1")
        expect(rows(page)).to_have_count(9)
    winner = Handoff.objects.get(state="accepted").decided_by
    lost, won = (mine, theirs) if winner == other else (theirs, mine)
    expect(won.locator("#toasts")).to_contain_text("Lead0 is yours now.")
    expect(lost.locator("#toasts")).to_contain_text(f"Lead0 was accepted by {winner} at")


def test_a_lead_is_found_by_key_and_the_keys_go_on_there(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)

    page.keyboard.press("/")
    page.keyboard.type("lead7")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("link", name="Lead7", exact=True)).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_text("Nothing fits")).to_be_visible()

    assert Handoff.objects.get(state="accepted") == ten[7]
