"""Views of no one area: where a person lands after login, the theme, and the pages for what went wrong."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from leadfunnel.navigation import THEME_COOKIE, THEMES, YEAR_IN_SECONDS, theme_of
from leads.htmx import HtmxRequest
from leads.models import Role

# What somebody opens Leadfunnel for; the first role that fits wins.
HOME_OF_ROLE = {
    Role.MANAGER: "reports:first",
    Role.REP: "leads:queue",
    Role.MARKETER: "leads:list",
    Role.ADMINISTRATOR: "leads:list",
}


@require_GET
def home(request: HtmxRequest) -> HttpResponseRedirect:
    roles = set(request.user.groups.values_list("name", flat=True))
    page = next((url_name for role, url_name in HOME_OF_ROLE.items() if role.value in roles), "leads:list")
    return redirect(page)


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember `theme` (light or dark) in this browser, and go back to `next`, where the button was pressed."""
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(back if is_ours else reverse("home"))
    if (chosen := request.POST.get("theme", "")) in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=YEAR_IN_SECONDS,
            samesite="Lax",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


@login_not_required
@require_GET
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    return redirect(static("favicon.svg"))


def error_page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """One look for everything that went wrong. Reads nothing but the cookie: the database may be the cause."""
    context = {"theme": theme_of(request), "status": status, "title": title, "text": text}
    return HttpResponse(render_to_string("error.html", context), status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 400, "That request makes no sense", "Go back, reload the page and try again.")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(
        request,
        403,
        "You may not do this",
        str(exception or "")
        or "Your role does not allow it. Ask a manager or an administrator if it should.",
    )


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(
        request, 404, "There is no such page", "It may have been removed, or the address is mistyped."
    )


def method_not_allowed(request: HttpRequest) -> HttpResponse:
    return error_page(
        request,
        405,
        "This needs its button",
        "Nothing was changed. Go to the page with the button and press it there.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return error_page(
        request,
        500,
        "Something went wrong on our side",
        "Nothing was half-saved. Try again in a moment; if it happens again, tell your administrator when it was.",
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(
        request,
        403,
        "This page was open too long",
        "Its form is no longer valid: you may have signed in or out in another tab. Go back, reload and try again.",
    )


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: object) -> HttpResponse:
    """After too many wrong passwords (settings.AXES_...)."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return error_page(
        request,
        429,
        "Too many wrong passwords",
        f"Try again in {minutes} minutes, or ask an administrator to set a new password.",
    )
