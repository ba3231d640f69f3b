from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads.models import Role, User
from scoring.models import Rule, Rulebook
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.rows import form_of
from tests.browser.test_pages import fits, problems
from tests.factories import LeadFactory, UserFactory
from tests.scoring.rulebook.test_document import EXAMPLE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Edit = Callable[..., Page]


@pytest.fixture
def alice(transactional_db: None) -> User:
    return UserFactory(username="alice", first_name="Alice", last_name="Adams", role=Role.MARKETER)


@pytest.fixture
def bob(transactional_db: None) -> User:
    return UserFactory(username="bob", first_name="Bob", last_name="Brown", role=Role.MARKETER)


@pytest.fixture
def draft(alice: User) -> Rulebook:
    for country in ("DE", "DE", "FR"):
        LeadFactory(country=country)
    return create_draft(document=EXAMPLE, by=alice, at=timezone.now())


@pytest.fixture
def editor(open_page: Callable[..., Page], draft: Rulebook) -> Edit:
    def open_editor(user: User, *, opened: str = "", **how: str) -> Page:
        page = open_page(f"{reverse('scoring:editor', args=[draft.pk])}?open={opened}", user=user, **how)
        expect(page.locator("#rulebook-effect")).to_be_visible()
        return page

    return open_editor


def saved(page: Page) -> None:
    expect(page.locator("[data-lf-saved-text]")).to_have_text("All changes saved")
    expect(page.locator("form[data-lf-unsaved]")).to_have_count(0)


@pytest.mark.parametrize(("theme", "size"), [("light", "desk"), ("dark", "phone")])
def test_the_editor_is_accessible_and_fits(editor: Edit, alice: User, theme: str, size: str) -> None:
    page = editor(alice, opened="pricing&open=vp&open=quiet", theme=theme, size=size)

    page.get_by_label("Points of Demo requested").fill("0")
    page.get_by_label("Points of Demo requested").blur()
    expect(page.get_by_role("alert")).to_contain_text("0 gives nothing")
    page.locator("#details-vp").get_by_role("button", name="Add a condition").click()
    expect(page.get_by_text("Not saved yet")).to_be_visible()

    assert problems(page) == []
    assert fits(page)


def test_points_are_edited_by_keyboard_alone(editor: Edit, alice: User, draft: Rulebook) -> None:
    page = editor(alice)
    page.get_by_label("Points of VP or head of").focus()

    page.keyboard.type("15")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Points of Pricing page")).to_be_focused()
    page.keyboard.type("8")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Points of Demo requested")).to_be_focused()
    page.keyboard.type("999")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Cap of Demo requested")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    saved(page)
    expect(page.locator("#rules-intent > li").first).to_have_id("rule-demo")
    expect(page.get_by_label("Cap of Demo requested")).to_be_focused()

    rules = {rule.key: rule.points for rule in form_of(Rulebook.objects.get(pk=draft.pk)).rules}
    assert list(rules.items()) == [("vp", 15), ("demo", 30), ("pricing", 8), ("quiet", -10)]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.get_by_label("Points of Pricing page")).to_have_value("20")
    page.keyboard.press("Control+y")
    expect(page.get_by_label("Points of Pricing page")).to_have_value("8")
    page.get_by_role("heading", name="When a lead goes to sales").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_two_people_merge_and_never_overwrite_silently(editor: Edit, alice: User, bob: User) -> None:
    hers, his = editor(alice), editor(bob)
    expect(hers.get_by_text("Bob Brown is here, too")).to_be_visible()
    points = hers.get_by_label("Points of Pricing page")
    points.fill("7")  # typing, not done yet

    his.get_by_label("Points of Pricing page").fill("5")
    his.get_by_label("Points of Pricing page").press("Tab")
    his.get_by_label("Points of Demo requested").fill("33")
    his.get_by_label("Points of Demo requested").press("Tab")
    saved(his)

    expect(hers.get_by_label("Points of Demo requested")).to_have_value("33")
    expect(hers.locator("[data-lf-news]")).to_contain_text("Bob Brown")
    expect(points).to_have_value("7")
    expect(points).to_be_focused()
    points.press("Enter")
    alert = hers.get_by_role("alert")
    expect(alert).to_contain_text("Bob Brown changed points of Pricing page from 20 to 5")
    expect(alert).to_contain_text("you typed 7")
    assert Rule.objects.get(key="pricing").points == 5

    hers.get_by_role("button", name="Take 7").click()
    saved(hers)
    expect(his.get_by_label("Points of Pricing page")).to_have_value("7")
    assert Rule.objects.get(key="pricing").points == 7


def test_a_rule_is_dragged_deleted_and_brought_back(editor: Edit, alice: User) -> None:
    page = editor(alice)

    page.locator("#rule-demo [data-lf-handle]").drag_to(page.locator("#rule-pricing [data-lf-handle]"))
    expect(page.locator("#draft-undo")).to_have_attribute(
        "title", "Undo: Demo requested moved in front of Pricing page (Ctrl+Z)"
    )
    page.get_by_label("Details of Pricing page").click()
    page.locator("#details-pricing").get_by_role("button", name="Delete").click()
    expect(page.locator("#rule-pricing")).to_have_count(0)
    toast = page.locator("[data-lf-toast]")
    expect(toast).to_contain_text("Rule Pricing page deleted.")
    toast.get_by_role("button", name="Undo").click()

    expect(page.locator("#rules-intent > li")).to_have_count(2)
    saved(page)
    assert [rule.key for rule in form_of(Rulebook.objects.get()).rules] == ["vp", "demo", "pricing", "quiet"]


def test_a_condition_is_built_from_what_leads_have(editor: Edit, alice: User) -> None:
    page = editor(alice)
    page.get_by_label("Details of VP or head of").click()
    details = page.locator("#details-vp")

    details.get_by_role("button", name="Add a condition").click()
    details.locator("[name=c2-field]").select_option("country")
    details.locator("[name=c2-operator]").select_option("in")
    details.locator("[name=c2-new]").focus()
    expect(details.locator(".lf-known").last).to_contain_text("2 values of all 3 leads")
    details.get_by_role("button", name="DE 2").click()
    expect(details.locator("[name=c2-value]")).to_have_value("DE")
    details.locator("[name=c2-new]").fill("at; ch")
    details.locator("[name=c2-new]").press("Enter")

    expect(page.locator("#rule-vp .lf-rule__sentence")).to_contain_text("country is DE, at or ch")
    saved(page)
    assert Rule.objects.get(key="vp").conditions.last().values == ["DE", "at", "ch"]


def test_what_cannot_be_sent_is_kept_and_sent_later(editor: Edit, alice: User) -> None:
    page = editor(alice)
    page.route("**/edit/**", lambda route: route.abort())

    page.get_by_label("Points of Pricing page").fill("9")
    page.get_by_label("Points of Pricing page").press("Tab")
    expect(page.locator("[data-lf-saved-text]")).to_contain_text("the server cannot be reached")
    expect(page.get_by_label("Points of Pricing page")).to_have_value("9")
    page.unroute("**/edit/**")

    expect(page.locator("[data-lf-saved-text]")).to_have_text("All changes saved")
    assert Rule.objects.get(key="pricing").points == 9
