"""Views of no one area: where a person lands after login, and the light or dark theme."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

THEME_COOKIE = "leadfunnel_theme"
THEMES = ("light", "dark")
A_YEAR = 365 * 24 * 3600


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The screen that a role works in: the queue for sales, the funnel for its manager, the leads for everyone else."""
    roles = set(request.user.groups.values_list("name", flat=True))
    if "Sales manager" in roles:
        return redirect("reports:funnel")
    if "Sales rep" in roles:
        return redirect("leads:queue")
    return redirect("leads:list")


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember `theme` (light or dark) in a cookie and go back to the page `next`."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = settings.LOGIN_REDIRECT_URL
    response = redirect(target)
    if (chosen := request.POST.get("theme", "")) in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=A_YEAR,
            samesite="Lax",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response
