"""What is true of every answer, and of signing in."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from leadfunnel.addresses import client_address
from leads.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-12"
OPEN = {"login", "theme", "healthz", "favicon"}


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ann", password=PASSWORD)


def sign_in(client: Client, password: str, address: str = "192.0.2.1") -> int:
    return post_login(client, password, address).status_code


def post_login(client: Client, password: str, address: str = "192.0.2.1") -> HttpResponse:
    form = {"username": "ann", "password": password}
    return client.post(reverse("login"), form, REMOTE_ADDR=address)


def test_answers_carry_a_strict_policy(client) -> None:
    headers = client.get(reverse("login")).headers

    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=()" in headers["Permissions-Policy"]


def test_every_address_without_parameters_asks_for_a_login(client) -> None:
    asked = 0
    for pattern in plain_patterns(get_resolver()):
        if pattern not in OPEN:
            asked += 1
            response = client.get(reverse(pattern))
            # A part that is asked for now and then says nothing, so that the page of the signed-out stays.
            assert response.status_code in (302, 405) or (
                response.status_code == 204 and not response.content
            ), pattern
            if response.status_code == 302:
                assert response.url.startswith(reverse("login")), pattern

    assert asked >= 3


def plain_patterns(resolver: URLResolver, namespace: str = "") -> list[str]:
    names = []
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                names += plain_patterns(pattern, f"{pattern.namespace}:" if pattern.namespace else namespace)
        elif pattern.name and not pattern.pattern.converters:
            names.append(namespace + pattern.name)
    return names


def test_the_eleventh_guess_is_locked_out_even_with_the_right_password(client, user) -> None:
    assert [sign_in(client, "wrong") for _ in range(10)][:9] == [200] * 9

    response = post_login(client, PASSWORD)
    assert response.status_code == 429
    assert "Try again in 15 minutes" in response.content.decode()


def test_a_stranger_who_guesses_does_not_lock_out_a_colleague_elsewhere(client, user) -> None:
    for _ in range(11):
        sign_in(client, "wrong", address="192.0.2.66")

    assert sign_in(Client(), PASSWORD, address="192.0.2.1") == 302


def test_signing_in_forgets_earlier_mistakes(client, user) -> None:
    for _ in range(9):
        sign_in(client, "wrong")
    assert sign_in(client, PASSWORD) == 302
    client.logout()

    assert [sign_in(client, "wrong") for _ in range(9)] == [200] * 9


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "expected"),
    [
        (False, "203.0.113.9", "192.0.2.1"),
        (True, "203.0.113.9", "203.0.113.9"),
        (True, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (True, "", "192.0.2.1"),
    ],
)
def test_a_visitor_cannot_choose_the_address_that_is_counted(
    rf, settings, behind_proxy, forwarded, expected
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)

    assert client_address(request) == expected


def test_passwords_are_hashed_with_argon2() -> None:
    from leadfunnel.settings import PASSWORD_HASHERS

    assert PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
