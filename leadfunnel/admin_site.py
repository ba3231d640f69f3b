"""The admin site: open to those roles that keep something there, through the ordinary sign-in page."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from leads.permissions import may_enter_admin


class LeadfunnelAdminSite(AdminSite):
    site_header = "Leadfunnel"
    site_title = "Leadfunnel"
    index_title = "Administration"
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        return may_enter_admin(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One way in, with its throttle. Who is signed in and may not enter is told so, not asked to sign in again."""
        if request.user.is_authenticated:
            raise PermissionDenied("The admin is for marketers, sales managers and administrators.")
        return redirect_to_login(request.GET.get("next", reverse("admin:index")))
