"""The panel beside the queue: it follows the keys on a desk, and is a sheet under the thumb on a phone."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from leads.models import Handoff
from tests.browser.test_pages import fits, problems

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def title(page: Page):
    return page.locator("#panel-title")


def asked_for(page: Page) -> list[str]:
    """The panels that the page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/panel/" in request.url else None)
    return asked


def test_the_panel_follows_the_keys_without_asking_for_what_is_passed_by(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(title(page)).to_have_text("Lead0")
    asked = asked_for(page)

    # At once: on a slow machine the pauses between presses would be long enough to ask.
    page.evaluate(
        "for (const key of 'jjjj') document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))"
    )
    expect(title(page)).to_have_text("Lead4")
    page.keyboard.press("a")
    expect(title(page)).to_have_text("Lead5")
    expect(page.get_by_role("link", name="Lead5", exact=True)).to_be_focused()
    page.keyboard.press("u")
    expect(title(page)).to_have_text("Lead4")

    assert len(asked) == 3
    page.keyboard.press("Escape")
    expect(page.locator("#queue-side")).to_be_hidden()
    expect(page.get_by_role("link", name="Lead4", exact=True)).to_be_focused()


def test_a_panel_that_is_given_up_for_the_next_is_no_error(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    held: list[Route] = []
    page.route("**/panel/**", lambda route: route.continue_() if held else held.append(route))

    page.get_by_role("link", name="Lead0", exact=True).click()
    page.get_by_role("link", name="Lead1", exact=True).click()

    expect(title(page)).to_have_text("Lead1")
    assert len(held) == 1
    assert said == []


def test_an_open_panel_is_open_again_the_next_time(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep)
    page.get_by_role("link", name="Lead3", exact=True).click()
    expect(title(page)).to_have_text("Lead3")

    page.reload()

    expect(title(page)).to_have_text("Lead0")


def test_a_rep_clears_ten_leads_on_a_phone_by_touch(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep, size="phone")
    page.get_by_role("link", name="Lead0", exact=True).click()
    panel = page.locator("#queue-panel")

    for number in range(5):
        expect(title(page)).to_have_text(f"Lead{number}")
        panel.get_by_role("button", name=f"Accept Lead{number}").click()
    for number in range(5, 9):
        expect(title(page)).to_have_text(f"Lead{number}")
        panel.get_by_label(f"Reject Lead{number}").click()
        panel.get_by_role("button", name="Too small").click()
    panel.get_by_label("Reject Lead9").click()
    panel.get_by_role("button", name="Other").click()
    expect(panel.get_by_role("alert")).to_contain_text("needs a note")
    panel.get_by_label("Note").fill("Met at a fair")
    panel.get_by_role("button", name="Other").click()

    expect(page.get_by_text("The queue is empty")).to_be_visible()
    expect(page.locator("#queue-side")).to_be_hidden()
    states = list(Handoff.objects.order_by("offered_at").values_list("state", flat=True))
    assert states == ["accepted"] * 5 + ["rejected"] * 5


def test_the_phone_s_own_way_back_and_the_button_leave_the_sheet(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep, size="phone")

    page.get_by_role("link", name="Lead1", exact=True).click()
    expect(title(page)).to_have_text("Lead1")
    page.go_back()
    expect(page.locator("#queue-side")).to_be_hidden()
    page.get_by_role("link", name="Lead2", exact=True).click()
    expect(title(page)).to_have_text("Lead2")
    page.get_by_role("link", name="Back to the queue").click()

    expect(page.locator("#queue-side")).to_be_hidden()
    assert page.url.endswith(reverse("leads:queue"))
    page.get_by_role("button", name="Accept Lead2").click()
    expect(page.locator("[data-lf-row]")).to_have_count(9)


def test_a_decision_on_a_phone_is_taken_back_in_the_sheet(open_page, rep, ten):
    page = open_page(reverse("leads:queue"), user=rep, size="phone")
    page.get_by_role("link", name="Lead0", exact=True).click()
    page.locator("#queue-panel").get_by_role("button", name="Accept Lead0").click()
    expect(title(page)).to_have_text("Lead1")

    page.get_by_role("button", name="Undo the decision on Lead0").click()

    expect(title(page)).to_have_text("Lead0")
    assert not Handoff.objects.exclude(state="waiting").exists()


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_open_panel_is_accessible_and_fits(open_page, rep, handoffs, theme, size):
    page = open_page(reverse("leads:queue"), user=rep, theme=theme, size=size)
    page.get_by_role("link", name="Bela Rossi", exact=True).click()
    expect(title(page)).to_have_text("Bela Rossi")

    page.evaluate("document.querySelectorAll('#queue-panel details').forEach((one) => { one.open = true; })")

    assert problems(page) == []
    assert fits(page)


def test_the_panel_is_a_page_of_its_own_without_javascript(browser, live_server, rep, handoffs, client):
    client.force_login(rep)
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies(
        [{"name": "leadfunnel_session", "value": client.session.session_key, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(reverse("leads:queue"))

    page.get_by_role("link", name="Bela Rossi", exact=True).click()
    page.get_by_role("button", name="Accept Bela Rossi").click()

    expect(page.locator("[data-lf-row]")).to_have_count(2)
    context.close()
