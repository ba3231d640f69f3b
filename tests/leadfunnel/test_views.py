from __future__ import annotations

import re

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from leadfunnel import views
from leadfunnel.navigation import THEME_COOKIE
from leads.models import Role
from tests.factories import UserFactory

# --- Where a person lands ----------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "screen"),
    [
        (Role.REP, "leads:queue"),
        (Role.MANAGER, "reports:first"),
        (Role.MARKETER, "leads:list"),
        (Role.ADMINISTRATOR, "leads:list"),
        (None, "leads:list"),
    ],
)
def test_home_is_the_screen_of_the_role(client, role, screen):
    client.force_login(UserFactory(role=role))

    assert client.get(reverse("home")).url == reverse(screen)


def test_home_asks_strangers_to_sign_in(client):
    assert client.get(reverse("home")).url.startswith(reverse("login"))


@pytest.mark.django_db
def test_navigation_offers_the_admin_to_those_it_lets_in(client):
    client.force_login(UserFactory(role=Role.REP))
    as_rep = client.get(reverse("leads:list")).content.decode()
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, is_staff=True))
    as_administrator = client.get(reverse("leads:list")).content.decode()

    assert f'href="{reverse("admin:index")}"' not in as_rep
    assert f'href="{reverse("admin:index")}"' in as_administrator
    assert re.search(rf'href="{reverse("leads:list")}"\s+aria-current="page"', as_rep)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [*Role, None])
def test_a_phone_has_at_most_four_pages_at_its_foot_and_all_behind_more(client, role):
    client.force_login(UserFactory(role=role))

    navigation = client.get(reverse("leads:list")).context["navigation"]

    assert 1 <= len(navigation.bar) <= 4
    assert {item.url for item in navigation.bar} <= {item.url for item in navigation.items}
    assert [item.label for item in navigation.items if item.is_current] == ["Leads"]


@pytest.mark.django_db
def test_a_page_behind_more_marks_it(client):
    client.force_login(UserFactory(role=Role.REP))

    assert client.get(reverse("scoring:definitions")).context["navigation"].is_in_more
    assert not client.get(reverse("leads:queue")).context["navigation"].is_in_more


# --- Signing in --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_login_with_a_wrong_password_says_so(client):
    UserFactory(username="alice", password="!")

    response = client.post(reverse("login"), {"username": "alice", "password": "wrong"})

    assert response.status_code == 200
    assert "Please enter a correct username and password" in response.content.decode()


@pytest.mark.django_db
def test_login_goes_where_one_was_going(client):
    user = UserFactory(username="alice", role=Role.REP)
    user.set_password("right")
    user.save()

    response = client.post(
        reverse("login"), {"username": "alice", "password": "right", "next": "/leads/?stage=mql"}
    )

    assert response.url == "/leads/?stage=mql"


# --- The theme ---------------------------------------------------------------------------------------------------


def test_theme_is_kept_in_a_cookie_and_shown_by_the_server(client, db):
    response = client.post(reverse("theme"), {"theme": "dark", "next": reverse("login")})

    assert response.url == reverse("login")
    assert client.cookies[THEME_COOKIE].value == "dark"
    assert 'data-bs-theme="dark"' in client.get(reverse("login")).content.decode()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "", "javascript:alert(1)"])
def test_theme_goes_back_only_to_our_own_pages(client, back):
    assert client.post(reverse("theme"), {"theme": "dark", "next": back}).url == reverse("home")


def test_theme_ignores_one_that_there_is_not_and_other_methods(client):
    assert THEME_COOKIE not in client.post(reverse("theme"), {"theme": '"><script>'}).cookies
    assert client.get(reverse("theme")).status_code == 405


def test_theme_ignores_a_cookie_that_makes_no_sense(client, db):
    client.cookies[THEME_COOKIE] = "purple"

    assert 'data-bs-theme="light"' in client.get(reverse("login")).content.decode()


# --- What went wrong ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_unknown_address_has_a_page_of_ours(client, settings):
    settings.DEBUG = False
    client.force_login(UserFactory())

    response = client.get("/no/such/page")

    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


def test_wrong_method_has_a_page_of_ours_and_names_the_right_one(client):
    response = client.get(reverse("theme"))

    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "This needs its button" in response.content.decode()


def test_old_form_has_a_page_of_ours():
    response = Client(enforce_csrf_checks=True).post(reverse("theme"), {"theme": "dark"})

    assert response.status_code == 403
    assert "This page was open too long" in response.content.decode()


def test_server_error_page_needs_no_database():
    # No django_db mark: a query would fail the test.
    response = views.server_error(HttpRequest())

    assert response.status_code == 500
    assert "Something went wrong on our side" in response.content.decode()


def test_bad_request_has_a_page_of_ours():
    response = views.bad_request(HttpRequest())

    assert response.status_code == 400
    assert "That request makes no sense" in response.content.decode()


# --- What browsers are told --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_pages_carry_a_strict_content_security_policy(client):
    policy = client.get(reverse("login"))["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
