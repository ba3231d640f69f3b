"""The rulebook from a draft to a rep's queue, by the hands of those who answer for it, in a real browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads.models import Role, Team, User
from scoring.models import Rulebook, RulebookEvent, ScoringRun, Study
from scoring.rulebook.drafts import create_draft
from scoring.rulebook.editing import Edit, apply_edit
from scoring.rulebook.signing import Side, sign
from scoring.rulebook.versions import publish
from scoring.runs import request_run, see_through
from scoring.studies.working import work_on
from scoring.tasks import work_on_run, work_on_study
from tests.browser.test_pages import fits, problems
from tests.factories import ActivityFactory, LeadFactory, UserFactory
from tests.scoring.conftest import activity, draft_of, german

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def marketer(transactional_db: None) -> User:
    return UserFactory(username="mira", first_name="Mira", last_name="Costa", role=Role.MARKETER)


@pytest.fixture
def manager(team: Team) -> User:
    return UserFactory(username="henrik", first_name="Henrik", last_name="Berg", role=Role.MANAGER, team=team)


@pytest.fixture
def version(team: Team) -> Rulebook:
    """Version 1 with a line at 50. By it Anna is an MQL (downloads), Cleo (a webinar, a phone number) is not."""
    anna = LeadFactory(first_name="Anna", last_name="Schmidt", country="US")
    cleo = LeadFactory(first_name="Cleo", last_name="Jensen", country="AT", phone="+43 1 234")
    days_ago = timezone.now() - timedelta(days=2)
    ActivityFactory(lead=anna, code="content_download", occurred_at=days_ago)
    ActivityFactory(lead=cleo, code="webinar_attend", occurred_at=days_ago)
    draft = draft_of(
        german(40, name="Near to us", key="near", match="any"),
        activity("content_download", 60, name="Downloads", key="downloads"),
        activity("webinar_attend", 20, name="Webinar", key="webinar"),
        threshold=50,
    )
    book = publish(book=draft, note="The first one", at=timezone.now(), origin="test")
    see_through(request_run(kind=ScoringRun.Kind.PUBLISH, at=timezone.now()).pk)
    return book


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def halve_downloads(page: Page) -> None:
    expect(page.locator(".lf-editor--scripted")).to_be_visible()
    page.get_by_label("Points of Downloads").fill("30")
    with page.expect_response(lambda answer: answer.url.endswith("/edit/save/")):
        page.get_by_label("Points of Downloads").press("Tab")


def edit_rules(page: Page) -> None:
    """Half the points for downloads; who left a phone number is near to us, too."""
    halve_downloads(page)
    page.get_by_label("Details of Near to us").click()
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Field").nth(1).select_option("phone")
    page.get_by_label("Operator").nth(1).select_option("is_known")
    expect(page.locator("#rule-near")).to_contain_text("or phone is known")


def to_overview(page: Page) -> None:
    """Of the rulebook; the reports have one, too."""
    pages = page.get_by_role("navigation", name="Pages of this rulebook")
    pages.get_by_role("link", name="Overview", exact=True).click()


def backtest(page: Page) -> None:
    """Over the last month, with a worker that comes by."""
    page.get_by_role("link", name="Backtest", exact=True).click()
    page.get_by_label("Period").select_option("30")
    press(page, "Run a backtest")
    expect(page.get_by_role("progressbar")).to_be_visible()
    work_on(Study.objects.get(kind="backtest").pk)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("heading", name="Handoffs a week")).to_be_visible()


def test_rulebook_from_a_draft_to_the_queue(
    open_page: Any,
    marketer: User,
    manager: User,
    rep: User,
    version: Rulebook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handed_out: list[int] = []
    monkeypatch.setattr(work_on_run, "delay", handed_out.append)
    monkeypatch.setattr(work_on_study, "delay", lambda study: None)
    queue = open_page(reverse("leads:queue"), user=rep)
    expect(queue.locator("#queue")).to_contain_text("Anna Schmidt")
    expect(queue.locator("#queue")).not_to_contain_text("Cleo Jensen")

    # A marketer copies the published version, halves a rule, adds a condition, sees the effect, and backtests.
    page = open_page(reverse("scoring:version", args=[version.pk]), user=marketer)
    press(page, "New draft from this")
    edit_rules(page)
    page.get_by_role("link", name="Effect", exact=True).click()
    expect(page.locator("main")).to_contain_text("Cleo Jensen")
    expect(page.locator("main")).to_contain_text("Anna Schmidt")
    backtest(page)
    to_overview(page)
    expect(page.locator("#difference")).to_contain_text("2 rules changed")
    press(page, "Sign for marketing")
    expect(page.locator("main")).to_contain_text("once sales has signed")
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)

    # The sales manager asks, and signs for sales.
    draft = Rulebook.objects.get(state="draft")
    sales = open_page(reverse("scoring:version", args=[draft.pk]), user=manager)
    sales.get_by_label("Comment").fill("Half of what it was? Good.")
    press(sales, "Comment")
    expect(sales.locator("#history")).to_contain_text("Half of what it was? Good.")
    press(sales, "Sign for sales")
    expect(sales.locator("main")).to_contain_text("A marketer publishes it.")

    # It is published, all leads are rescored, and the queue of a rep changes.
    page.reload()
    page.get_by_label("What changed, and why").fill("Downloads were worth too much")
    press(page, "Publish")
    expect(page.get_by_role("heading", level=1)).to_contain_text("ublication")
    see_through(handed_out[0])
    queue.reload()
    expect(queue.locator("#queue")).to_contain_text("Cleo Jensen")
    page.goto(reverse("scoring:definitions"))
    expect(page.locator("main")).to_contain_text(
        "Signed by Mira Costa for marketing and Henrik Berg for sales"
    )
    told = RulebookEvent.objects.filter(rulebook=draft).order_by("pk").values_list("kind", flat=True)
    assert list(told) == ["created", "edited", "edited", "signed", "commented", "signed", "published"]


def test_edit_after_a_signature_withdraws_it(open_page: Any, marketer: User, version: Rulebook) -> None:
    draft = create_draft(by=marketer, at=timezone.now(), copy_of=version)
    page = open_page(reverse("scoring:version", args=[draft.pk]), user=marketer)
    press(page, "Sign for marketing")
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()

    page.get_by_role("link", name="Rules", exact=True).click()
    halve_downloads(page)
    to_overview(page)

    expect(page.get_by_role("button", name="Sign for marketing")).to_be_visible()
    expect(page.locator("#history")).to_contain_text("Sign-off of Mira Costa for marketing withdrawn")


def test_draft_is_compared_with_another_version_in_place(
    open_page: Any, marketer: User, version: Rulebook
) -> None:
    other = create_draft(by=marketer, at=timezone.now(), copy_of=version, name="Other")
    apply_edit(draft=other.pk, edit=Edit("mql.threshold", 70, 0), by=marketer, at=timezone.now())
    draft = create_draft(by=marketer, at=timezone.now(), copy_of=version)
    page = open_page(reverse("scoring:version", args=[draft.pk]), user=marketer)

    page.get_by_label("Compare with").select_option(str(other.pk))

    expect(page.locator("#difference")).to_contain_text("MQL threshold")
    page.reload()
    expect(page.locator("#difference-title")).to_contain_text(f"draft {other.pk}")


@pytest.mark.parametrize(("size", "theme"), [("desk", "dark"), ("phone", "light")])
def test_pages_of_the_rulebook_are_accessible_and_fit(
    open_page: Any, marketer: User, manager: User, version: Rulebook, theme: str, size: str
) -> None:
    """A draft that is signed by both and can be published, what it is compared with, and what all may read."""
    draft = create_draft(by=marketer, at=timezone.now(), copy_of=version, name="Fewer downloads")
    apply_edit(draft=draft.pk, edit=Edit("rules.downloads", None, 0), by=marketer, at=timezone.now())
    for side, by in ((Side.MARKETING, marketer), (Side.SALES, manager)):
        sign(book=draft, side=side, revision=1, by=by, at=timezone.now())
    addresses = [
        reverse("scoring:version", args=[draft.pk]),
        reverse("scoring:version", args=[version.pk]) + f"?against={draft.pk}",
        reverse("scoring:version", args=[draft.pk]) + "?against=x&before=x",
        reverse("scoring:versions"),
        reverse("scoring:definitions"),
    ]
    page = open_page(addresses[0], user=marketer, theme=theme, size=size)
    for address in addresses:
        page.goto(address, wait_until="networkidle")
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        assert problems(page) == [], address
        assert fits(page), address
