"""From what sales decided to a change in a draft, by suggestion of one rule and of all."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import Role, User
from scoring.models import Rulebook, Study
from scoring.rulebook.document import read_form
from scoring.rulebook.rows import save_draft, vocabulary
from scoring.studies.working import work_on
from scoring.tasks import work_on_study
from tests.browser.conftest import SIZES
from tests.browser.test_pages import fits, problems
from tests.factories import UserFactory, contribution
from tests.scoring.conftest import document
from tests.scoring.evidence.conftest import decided
from tests.scoring.weights.conftest import RULES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def marketer(transactional_db: None) -> User:
    return UserFactory(username="mara", first_name="Mara", last_name="Lind", role=Role.MARKETER)


@pytest.fixture
def decisions(transactional_db: None) -> Rulebook:
    """120 of them: sales cares for demos, not for downloads."""
    book = save_draft(form=read_form(document(*RULES), vocabulary()), by=None)
    Rulebook.objects.filter(pk=book.pk).update(state="published", number=1, published_at=timezone.now())
    begun = timezone.now() - timedelta(days=60)
    for number in range(120):
        downloads, demos = number % 2, number // 2 % 2
        given = [contribution(rule="r0", points=20)] * downloads + [
            contribution(rule="r1", points=10)
        ] * demos
        accepted = number % 5 < (4 if demos else 2) - 2 * downloads
        decided(accepted=accepted, contributions=given, decided_at=begun + timedelta(hours=number))
    return Rulebook.objects.get(pk=book.pk)


def test_suggestion_becomes_a_change_in_a_draft_and_weights_are_applied(
    open_page, marketer, decisions, monkeypatch
):
    # There is no worker here: whoever asks does the work.
    monkeypatch.setattr(work_on_study, "delay", lambda study_id: work_on(study_id))
    page = open_page(reverse("scoring:evidence"), user=marketer)
    suggestion = page.locator(".lf-suggestions li")
    expect(suggestion).to_contain_text("Content downloaded: accepted")
    suggestion.get_by_role("button", name="Try in a draft").click()

    page.wait_for_url(re.compile(r"/rulebook/\d+/edit/"))
    draft = Rulebook.objects.get(state="draft")
    assert draft.rules.get(key="r0").points == 7
    expect(page.locator("body")).to_contain_text("Content downloaded: 20 to 7")

    page.get_by_role("link", name="Weights").click()
    page.get_by_label("Most points", exact=True).fill("30")
    page.get_by_role("button", name="Suggest weights").click()
    expect(page.get_by_role("heading", name="Tested on the newer decisions")).to_be_visible()
    suggested = {rule["key"]: rule["to"] for rule in Study.objects.get().result["rules"]}
    page.get_by_label("Apply to Content downloaded").uncheck()
    page.get_by_role("button", name="Apply to the draft").click()

    page.wait_for_url(re.compile(r"/rulebook/\d+/edit/"))
    points = dict(draft.rules.values_list("key", "points"))
    assert points == {"r0": 7, "r1": suggested["r1"], "r2": 5}
    assert suggested["r1"] > 10


def test_number_leads_to_its_handoffs_and_back(open_page, marketer, decisions):
    page = open_page(reverse("scoring:evidence"), user=marketer)
    row = page.locator("#evidence-rules tbody tr").filter(has_text="Content downloaded")
    row.get_by_role("link", name="60").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("With “Content downloaded”: decided handoffs")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("#evidence-handoffs tbody tr")).to_have_count(10)
    page.get_by_role("link", name="Back to the evidence").click()
    expect(row).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_have_no_accessibility_problem_and_fit(open_page, marketer, decisions, theme):
    draft = save_draft(form=read_form(document(*RULES), vocabulary()), by=marketer)
    study = Study.objects.create(
        kind="weights", rulebook=draft, revision=0, day=timezone.localdate(), asked=last_year()
    )
    work_on(study.pk)
    addresses = [
        reverse("scoring:evidence"),
        f"{reverse('scoring:evidence_handoffs')}?rule=r0&side=with",
        reverse("scoring:weights", args=[draft.pk]),
    ]
    for size in SIZES:
        page = open_page(addresses[0], user=marketer, theme=theme, size=size)
        for address in addresses:
            page.goto(address)
            for summary in page.locator("main details > summary").all():
                summary.click()
            assert problems(page) == [], address
            assert fits(page), (address, size)


def last_year() -> dict[str, object]:
    today = timezone.localdate()
    return {
        "first": (today - timedelta(days=364)).isoformat(),
        "last": today.isoformat(),
        "low": 1,
        "high": 40,
        "rules": {},
    }
