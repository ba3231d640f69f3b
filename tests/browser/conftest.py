from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from leadfunnel.navigation import THEME_COOKIE
from leads.handoff.offering import Occasion, offer_leads
from leads.models import Handoff, LeadScore, Organisation, Role, Stage, Team, User
from leads.models.fields import day_of
from scoring.models import Rulebook
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from tests.factories import (
    ActivityFactory,
    HandoffFactory,
    LeadFactory,
    TeamFactory,
    TouchFactory,
    UserFactory,
    contribution,
)
from tests.scoring.views.test_why import RULEBOOK

# Playwright runs an event loop in this thread; Django would refuse to touch the database beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

# Only what fails waits that long: a machine that does much else is no reason to.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)

SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
# Reported as events in the page, so that one that a script swallows is seen too.
WATCH_POLICY = """
window.policyViolations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.policyViolations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""


@pytest.fixture
def team(transactional_db: None) -> Team:
    team = TeamFactory(name="North")
    Organisation.objects.update(default_team=team)
    return team


@pytest.fixture
def rep(team: Team) -> User:
    user = UserFactory(username="rita", first_name="Rita", last_name="Reyes", role=Role.REP, team=team)
    user.set_password("a long password")
    user.save()
    return user


@pytest.fixture
def rulebook(transactional_db: None) -> Rulebook:
    """Number 1, published 50 days ago."""
    book = save_draft(form=read_form(RULEBOOK, vocabulary()), by=None)
    Rulebook.objects.filter(pk=book.pk).update(
        state="published", number=1, published_at=timezone.now() - timedelta(days=50)
    )
    return book


@pytest.fixture
def handoffs(team: Team, rep: User, rulebook: Rulebook) -> list[Handoff]:
    """Three that wait: Anna overdue, Bela with time left, Cleo imported. In the order of the queue."""
    now = timezone.now()
    anna = LeadFactory(
        first_name="Anna", last_name="Schmidt", company_name="Acme", source="Webinar", stage=Stage.MQL
    )
    bela = LeadFactory(first_name="Bela", last_name="Rossi", job_title="CTO", employees=250, stage=Stage.MQL)
    cleo = LeadFactory(first_name="Cleo", last_name="Jensen", stage=Stage.MQL)
    ActivityFactory(lead=anna, code="demo_request", occurred_at=now - timedelta(days=1))
    TouchFactory(lead=anna, kind="call", by=rep, note="Left a message")
    LeadScore.objects.create(
        lead=anna,
        fit=40,
        engagement=30,
        total=70,
        grade="A2",
        qualified=True,
        fast_tracked=False,
        disqualified=False,
        known_facts=3,
        asked_facts=4,
        rulebook_version=1,
        day=day_of(now),
    )
    unscored: dict[str, Any] = {
        "fit": None,
        "engagement": None,
        "total": None,
        "grade": "",
        "rulebook_version": None,
    }
    return [
        HandoffFactory(lead=anna, team=team, decide_due_at=now - timedelta(hours=1), offered_at=now),
        HandoffFactory(
            lead=bela,
            team=team,
            decide_due_at=now + timedelta(hours=3),
            fast_tracked=True,
            contributions=[contribution(name="Demo requested", points=30, matches=2)],
        ),
        HandoffFactory(lead=cleo, team=team, origin="import", contributions=[], **unscored),
    ]


@pytest.fixture
def ten(team: Team) -> list[Handoff]:
    """Ten that wait; the one offered first stands first."""
    leads = [LeadFactory(first_name=f"Lead{number}", last_name="") for number in range(10)]
    for number, lead in enumerate(leads):
        at = timezone.now() - timedelta(minutes=30 - number)
        offer_leads(evidence={lead.pk: None}, occasion=Occasion(origin=Handoff.Origin.HAND, at=at))
    return list(Handoff.objects.order_by("offered_at"))


class Watched:
    """A page that may not complain: no error in the console, no script error, no policy violation."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))
        page.add_init_script(WATCH_POLICY)

    def _note(self, kind: str, text: str) -> None:
        # Chromium and htmx log each answer of 4xx; those are expected where a test provokes them.
        answered = "Failed to load resource" in text or "Response Status Error Code" in text
        # So does htmx where a test cuts the line, or leaves the page in the midst of a question.
        lost = ("htmx:sendError", "htmx:sendAbort", "htmx:afterRequest")
        answered = answered or any(event in text for event in lost)
        if kind in ("error", "warning") and not answered:
            self.complaints.append(f"{self.page.url}: {text}")

    def check(self) -> None:
        violations = self.page.evaluate("window.policyViolations")
        assert violations == []
        assert self.complaints == []


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """`open_page(address, user=…, theme="dark", size="phone")`; at the end each page must not have complained."""
    watched: list[Watched] = []
    contexts = []

    def open_it(address: str, *, user: User | None = None, theme: str = "light", size: str = "desk") -> Page:
        context = browser.new_context(viewport=SIZES[size], base_url=live_server.url, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        cookies = {THEME_COOKIE: theme}
        if user is not None:
            client = Client()
            client.force_login(user)
            cookies |= {name: morsel.value for name, morsel in client.cookies.items()}
        context.add_cookies(
            [{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()]
        )
        watched.append(Watched(context.new_page()))
        watched[-1].page.goto(address)
        return watched[-1].page

    yield open_it
    for one in watched:
        one.check()
    for context in contexts:
        context.close()
