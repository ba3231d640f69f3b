from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import Absence, Handoff, Role, User
from tests.browser.test_pages import fits, problems
from tests.factories import LeadFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def manager(team) -> User:
    return UserFactory(username="mona", first_name="Mona", last_name="Moll", role=Role.MANAGER, team=team)


@pytest.fixture
def colleague(team) -> User:
    return UserFactory(username="carl", first_name="Carl", last_name="Cole", role=Role.REP, team=team)


@pytest.fixture
def away(rep, handoffs) -> Absence:
    """Rita is away, and three handoffs wait for her, one of them overdue."""
    Handoff.objects.update(assignee=rep)
    LeadFactory(first_name="Dora", owner=rep, stage="sql")
    today = timezone.localdate()
    return Absence.objects.create(user=rep, first_day=today, last_day=today + timedelta(days=4))


def test_a_manager_gives_the_queue_of_an_absent_rep_to_others(open_page, manager, colleague, rep, away):
    page = open_page(reverse("leads:desk"), user=manager)
    expect(page.locator("#team").get_by_text("Away until")).to_be_visible()

    # The overdue one at once, to somebody who is told by name …
    page.get_by_label("Choose Anna Schmidt").check()
    overdue = page.locator("#overdue")
    overdue.get_by_label("Give to").select_option(label="Carl Cole (0 waiting)")
    overdue.get_by_label("Because").fill("Rita is away")
    overdue.get_by_role("button", name="Give").click()
    expect(page.get_by_text("Anna Schmidt is with Carl Cole now.")).to_be_visible()
    assert Handoff.objects.get(lead__first_name="Anna").assignee == colleague

    # … and the rest of the queue in one act.
    page.get_by_role("link", name="Hand over what Rita Reyes has").click()
    expect(page.get_by_label("2 waiting handoffs")).to_have_value("spread")
    expect(page.get_by_label("1 leads that they work")).to_have_value("leave")
    page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_text("Handed over: 2 handoffs")).to_be_visible()

    assert set(Handoff.objects.values_list("assignee", flat=True)) == {colleague.pk}
    assert User.objects.get(pk=rep.pk).is_active


def test_hours_are_tried_out_while_they_are_typed(open_page, manager, team):
    page = open_page(reverse("leads:team", args=[team.pk]), user=manager)
    expect(page.locator("#team-outlook")).to_contain_text("No hours are entered")

    page.get_by_label("Monday").fill("9-12, 11-17")
    expect(page.locator("#team-outlook")).to_contain_text("11:00-17:00 overlaps")
    page.get_by_label("Monday").fill("0-24")
    expect(page.locator("#team-outlook")).to_contain_text("Decision Mon")
    assert not team.working_hours.exists()


@pytest.mark.parametrize(("size", "theme"), [("desk", "light"), ("phone", "dark")])
def test_desk_teams_absences_and_hand_over_are_accessible_and_fit(
    open_page, manager, colleague, rep, away, team, theme, size
):
    page = open_page(reverse("leads:desk"), user=manager, theme=theme, size=size)
    for address in (
        reverse("leads:desk"),
        reverse("leads:teams"),
        reverse("leads:team", args=[team.pk]),
        reverse("leads:absences"),
        reverse("leads:hand_over_plan", args=[rep.pk]),
        reverse("leads:routing_shares"),
    ):
        page.goto(address)
        assert problems(page) == [], address
        assert fits(page), address
