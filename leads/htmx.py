"""Pages and their parts: the one place that decides which of the two a request gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from leads.models import User


class HtmxRequest(HttpRequest):
    """What a view of ours is given: signed in (LoginRequiredMiddleware), with htmx details."""

    htmx: HtmxDetails
    user: User


def wants_part(request: HtmxRequest) -> bool:
    """True where only the part is to be sent.

    A boosted link and a restored history entry want the whole page although htmx asks: else the back button
    could show a bare fragment.
    """
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


def render_part(
    request: HtmxRequest, page: str, part: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render template `part` for an htmx request, else `page`, which includes it; both with the same context."""
    response = render(request, part if wants_part(request) else page, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Boosted", "HX-History-Restore-Request"])
    return response
