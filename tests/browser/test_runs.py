from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import Role, User
from scoring.models import Rulebook, ScoreChange, ScoringChunk, ScoringRun
from scoring.runs import LEASE, work_on
from scoring.tasks import work_on_run
from tests.browser.test_pages import fits, problems
from tests.factories import LeadFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def admin(transactional_db: None) -> User:
    user = UserFactory(username="ada", first_name="Ada", last_name="Brook", role=Role.ADMINISTRATOR)
    user.groups.add(*user.groups.model.objects.filter(name=Role.MARKETER.value))
    return user


def make_run(book: Rulebook, *, minutes: int, chunks: int = 1, **fields: object) -> ScoringRun:
    begun = timezone.now() - timedelta(minutes=minutes)
    run = ScoringRun.objects.create(
        rulebook=book,
        **{
            "kind": "manual",
            "state": "done",
            "day": begun.date(),
            "requested_at": begun,
            "started_at": begun,
            "ended_at": begun + timedelta(seconds=83),
            **fields,
        },
    )
    ScoringChunk.objects.bulk_create(
        ScoringChunk(run=run, first_lead=number * 5000, last_lead=number * 5000 + 4999)
        for number in range(chunks)
    )
    return run


@pytest.fixture
def history(rulebook: Rulebook, admin: User) -> dict[str, ScoringRun]:
    """A night that reached its limit, a failed one, a cancelled one, and one at work."""
    day = timezone.now().date()
    night = make_run(
        rulebook, minutes=1500, kind="nightly", scored=61_200, changed=4_310, promoted=50, left_over=34
    )
    for name, before, after in (("Anna", 12, 61), ("Bela", 55, 20)):
        ScoreChange.objects.create(
            lead=LeadFactory(first_name=name, last_name="Long-Surname"),
            run=night,
            day=day,
            rulebook_version=1,
            fit_before=before,
            engagement_before=0,
            qualified_before=before > 50,
            fit_after=after,
            engagement_after=0,
            qualified_after=after > 50,
        )
    failed = make_run(rulebook, minutes=300, chunks=4, state="failed", requested_by=admin, scored=15_000)
    failed.chunks.update(state="done", done_at=failed.ended_at, scored=5_000, changed=12, attempts=1)
    failed.chunks.filter(first_lead=5000).update(
        state="failed",
        done_at=None,
        attempts=3,
        scored=0,
        changed=0,
        error="DataError: bigint out of range " * 6,
    )
    cancelled_at = timezone.now()
    cancelled = make_run(
        rulebook, minutes=200, state="cancelled", cancelled_by=admin, cancelled_at=cancelled_at
    )
    active = make_run(
        rulebook, minutes=1, kind="publish", state="running", ended_at=None, chunks=8, requested_by=admin
    )
    active.chunks.filter(first_lead__lt=15_000).update(
        state="done", done_at=timezone.now(), scored=5_000, changed=40, attempts=1
    )
    active.chunks.filter(first_lead=15_000).update(
        state="taken", attempts=1, lease_token=uuid.uuid4(), leased_until=timezone.now() + LEASE
    )
    return {"night": night, "failed": failed, "cancelled": cancelled, "active": active}


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_runs_are_accessible_and_fit(open_page, admin, history, theme, size):
    page = open_page(reverse("scoring:runs"), user=admin, theme=theme, size=size)
    addresses = [reverse("scoring:runs")] + [
        reverse("scoring:run", args=[run.pk]) for run in history.values()
    ]
    for address in addresses:
        page.goto(address)
        assert problems(page) == [], address
        assert fits(page), address


def test_empty_page_of_runs_is_accessible(open_page, admin):
    page = open_page(reverse("scoring:runs"), user=admin)

    expect(page.get_by_role("heading", name="No run has ended yet")).to_be_visible()
    assert problems(page) == []


def test_rescore_is_followed_until_it_is_over(open_page, admin, rulebook, monkeypatch):
    handed_out: list[int] = []
    monkeypatch.setattr(work_on_run, "delay", handed_out.append)
    LeadFactory()
    page = open_page(reverse("scoring:runs"), user=admin)

    page.get_by_role("button", name="Rescore now").click()
    expect(page.locator("#runs")).to_contain_text("Waits for a worker")
    work_on(handed_out[0])

    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("table")).to_contain_text("Run by hand")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []


def test_cancel_asks_first_and_shows_the_run(open_page, admin, history):
    page = open_page(reverse("scoring:runs"), user=admin)
    name = f"Cancel run {history['active'].pk}"

    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name=name).click()
    page.wait_for_timeout(200)
    history["active"].refresh_from_db()
    assert history["active"].is_active

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=name).click()

    expect(page.locator("#run")).to_contain_text("by Ada Brook")
    history["active"].refresh_from_db()
    assert history["active"].cancelled_by == admin


def test_hour_is_edited_while_a_run_is_at_work(open_page, admin, history):
    page = open_page(reverse("scoring:runs"), user=admin)

    page.get_by_label("Hour (UTC)").select_option("5")
    with page.expect_response(lambda answer: answer.url.endswith(reverse("scoring:runs"))):
        pass  # the part with the run is fetched meanwhile
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("The nightly run begins at 05:00 (UTC).")).to_be_visible()
    expect(page.get_by_text("Once a day, at 05:00 in the time zone UTC.")).to_be_visible()
