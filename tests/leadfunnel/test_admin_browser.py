"""The admin in a real browser, under the same strict Content-Security-Policy as everything else."""

from __future__ import annotations

import pytest
from django.urls import reverse

from leads.models import Team, User

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.ignore_template_errors]

PASSWORD = "correct-horse-12"


@pytest.fixture
def complaints(page) -> list[str]:
    """What the browser complains about: blocked by policy, broken scripts, missing files."""
    heard: list[str] = []
    page.on("console", lambda message: message.type == "error" and heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.mark.django_db(transaction=True)
def test_sign_in_and_add_a_team_without_a_complaint(complaints, page, live_server) -> None:
    User.objects.create_superuser("boss", "boss@example.com", PASSWORD)

    page.goto(live_server.url + reverse("admin:leads_team_add"))
    page.get_by_label("User name").fill("boss")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Name:").fill("North")
    page.get_by_text("Add another Working hours").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was added successfully").wait_for()

    assert Team.objects.filter(name="North").exists()
    assert complaints == []


@pytest.mark.django_db(transaction=True)
def test_a_blocked_script_would_be_heard(complaints, page, live_server) -> None:
    page.goto(live_server.url + reverse("login"))

    page.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.broken = 1'; document.body.append(s)"
    )

    assert page.evaluate("window.broken") is None
    assert any("Content Security Policy" in text for text in complaints)
