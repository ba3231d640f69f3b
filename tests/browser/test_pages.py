from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from leads.models import Handoff, Reason
from tests.factories import LeadFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


# Says nothing of what is in order, nor where a node stands: telling that took a third of its time.
FOUND = """
axe.run({reporter: "no-passes", selectors: false, elementRef: false}).then(({violations}) =>
  violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 150)}`)))
"""


def problems(page: Page) -> list[str]:
    """What axe finds, one line each."""
    page.evaluate(Axe().axe_script)
    found: list[str] = page.evaluate(FOUND)
    return found


def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_is_inaccessible_or_sticks_out_is_found(open_page):
    page = open_page(reverse("login"), size="phone")
    assert fits(page)

    page.locator("main").evaluate(
        "(main) => { const image = main.appendChild(new Image()); image.src = '/static/favicon.svg';"
        " image.style.minWidth = '600px'; }"
    )

    assert [one.split(" src=")[0] for one in problems(page)] == ["image-alt: <img"]
    assert not fits(page)


@pytest.mark.parametrize(("size", "theme"), [("desk", "dark"), ("phone", "light")])
def test_pages_are_accessible_and_fit(open_page, rep, rulebook, handoffs, theme, size):
    lead = reverse("leads:detail", args=[handoffs[0].lead_id])
    addresses = [
        reverse("leads:queue"),
        reverse("leads:list"),
        f"{reverse('leads:list')}?grade=Z",
        lead,
        reverse("scoring:why", args=[handoffs[0].lead_id]),
        reverse("scoring:why_changed", args=[handoffs[0].lead_id]),
        reverse("scoring:what_next", args=[handoffs[0].lead_id]),
        reverse("reports:score_history", args=[handoffs[0].lead_id]),
        reverse("leads:lead_clocks", args=[handoffs[0].lead_id]),
        reverse("scoring:versions"),
        reverse("scoring:version", args=[rulebook.pk]),
        reverse("scoring:lint", args=[rulebook.pk]),
        "/nothing",
    ]
    with_parts = {lead, reverse("scoring:version", args=[rulebook.pk])}
    page = open_page(reverse("login"), theme=theme, size=size)
    assert problems(page) == []

    page = open_page(addresses[0], user=rep, theme=theme, size=size)
    for address in addresses:
        page.goto(address, wait_until="networkidle" if address in with_parts else "load")
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        assert problems(page) == [], address
        assert fits(page), address


def test_login_leads_a_rep_to_the_queue(open_page, rep, handoffs):
    page = open_page("/")

    page.get_by_label("User name").fill("rita")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("correct username and password")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Handoff queue")).to_be_visible()
    page.get_by_label("Account of Rita Reyes").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_dark_colours_are_one_press_away_and_stay(open_page, rep):
    page = open_page(reverse("leads:list"), user=rep)

    page.get_by_role("button", name="Dark colours").click()
    page.goto(reverse("leads:queue"))

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 22, 31)"
    page.get_by_role("button", name="Light colours").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_rulebook_page_adds_what_real_leads_say_about_the_rules(open_page, rep, rulebook):
    LeadFactory.create_batch(20)

    page = open_page(reverse("scoring:rulebook"), user=rep)

    panel = page.locator("#rulebook-lint")
    expect(panel).to_contain_text("by the rules, and by all 20 leads")
    expect(panel.get_by_role("heading")).to_contain_text("things to look at")
    panel.locator("summary").click()
    expect(panel).to_contain_text("“Student” is met by none of the 20 leads today")


def test_list_narrows_while_typing_and_the_address_can_be_kept(open_page, rep):
    for name in ("Anna", "Bela"):
        LeadFactory(first_name=name, source="Webinar")
    LeadFactory(first_name="Annika", source="Fair")
    page = open_page(reverse("leads:list"), user=rep)

    page.get_by_label("Search").press_sequentially("ann")
    expect(page.get_by_role("link", name="Bela")).to_have_count(0)
    page.get_by_label("Source").select_option("webinar")
    expect(page.get_by_role("link", name="Annika")).to_have_count(0)

    assert page.url.endswith("/leads/?text=ann&source=webinar&sort=-created")
    swapped = page.locator("#lead-list").inner_html()
    page.reload()
    assert page.locator("#lead-list").inner_html() == swapped
    page.go_back()
    expect(page.get_by_role("link", name="Annika")).to_be_visible()
    expect(page.get_by_role("heading", name="Leads", exact=True)).to_be_visible()


def test_list_leads_to_a_lead_with_its_timeline(open_page, rep, handoffs):
    page = open_page(reverse("leads:list"), user=rep)

    page.get_by_role("link", name="Anna Schmidt").click()

    expect(page.get_by_role("heading", name="Anna Schmidt")).to_be_visible()
    expect(page.locator("#lead-why")).to_contain_text("Total by rulebook 1")
    timeline = page.locator("#timeline")
    expect(timeline).to_contain_text("Left a message")
    expect(timeline).to_contain_text("Demo requested")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_queue_accepts_and_rejects_without_leaving_the_page(open_page, rep, handoffs, size):
    page = open_page(reverse("leads:queue"), user=rep, size=size)
    names = page.locator(".lf-queue__row h3 a")
    expect(names).to_have_text(["Anna Schmidt", "Bela Rossi", "Cleo Jensen"])

    page.get_by_role("button", name="Accept Anna Schmidt").click()

    expect(names).to_have_text(["Bela Rossi", "Cleo Jensen"])
    expect(page.locator("#toasts")).to_contain_text("Anna Schmidt is yours now.")
    expect(page.get_by_role("link", name="Bela Rossi", exact=True)).to_be_focused()

    page.get_by_label("Reject Bela Rossi").click()
    row = page.locator(".lf-queue__row").filter(has_text="Bela Rossi")
    row.get_by_role("button", name=re.compile("^Other")).click()
    expect(row.get_by_role("alert")).to_contain_text("needs a note")
    row.get_by_label("Note").fill("Met at a fair, not serious")
    row.get_by_role("button", name=re.compile("^Other")).click()

    expect(names).to_have_text(["Cleo Jensen"])
    expect(page.locator("#toasts")).to_contain_text("Bela Rossi was rejected: Other.")
    assert Handoff.objects.get(lead__first_name="Bela").note == "Met at a fair, not serious"
    assert page.url.endswith("/queue/")


def test_queue_takes_a_double_click_for_one_decision(open_page, rep, handoffs):
    page = open_page(reverse("leads:queue"), user=rep)

    page.get_by_role("button", name="Accept Anna Schmidt").dblclick(delay=60)

    expect(page.locator("#toasts")).to_contain_text("Anna Schmidt is yours now.")
    page.wait_for_timeout(500)
    assert [one.lead.first_name for one in Handoff.objects.filter(state="accepted")] == ["Anna"]


def test_queue_tells_the_loser_of_a_race(open_page, rep, handoffs):
    page = open_page(reverse("leads:queue"), user=rep)
    Handoff.objects.filter(pk=handoffs[0].pk).update(
        state="rejected",
        reason=Reason.objects.get(key="competitor"),
        decided_by=rep,
        decided_at=handoffs[0].offered_at,
    )

    page.get_by_role("button", name="Accept Anna Schmidt").click()

    expect(page.locator("#toasts")).to_contain_text("Anna Schmidt was rejected by Rita Reyes")
    expect(page.locator(".lf-queue__row h3 a")).to_have_text(["Bela Rossi", "Cleo Jensen"])


def test_queue_says_in_words_that_the_server_refused(open_page, rep, handoffs):
    page = open_page(reverse("leads:queue"), user=rep)
    rep.groups.clear()

    page.get_by_role("button", name="Accept Anna Schmidt").click()

    expect(page.locator("#toasts")).to_contain_text("You may not do this")
    expect(page.locator(".lf-queue__row")).to_have_count(3)
    page.get_by_label("Close this message").click()
    expect(page.locator("#toasts")).to_be_empty()


def test_part_page_request_after_the_session_ended_leads_to_the_login(open_page, rep, handoffs):
    page = open_page(reverse("leads:queue"), user=rep)
    page.context.clear_cookies(name="leadfunnel_session")

    page.get_by_role("link", name=re.compile("^Unassigned")).click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_queue_works_without_javascript(browser, live_server, rep, handoffs, client):
    client.force_login(rep)
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies(
        [{"name": "leadfunnel_session", "value": client.session.session_key, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(reverse("leads:queue"))

    page.get_by_role("button", name="Accept Anna Schmidt").click()
    page.get_by_label("Reject Bela Rossi").click()
    row = page.locator(".lf-queue__row").filter(has_text="Bela Rossi")
    row.get_by_role("button", name=re.compile("^Not now")).click()

    expect(page.locator(".lf-queue__row h3 a")).to_have_text(["Cleo Jensen"])
    expect(page.get_by_text("Bela Rossi was rejected: Not now / timing.")).to_be_visible()
    context.close()
