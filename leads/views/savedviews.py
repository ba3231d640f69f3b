"""Saved views of any page that has registered: keep one, rename, share and delete one's own."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from leads.errors import LeadError
from leads.htmx import HtmxRequest, render_part, wants_part
from leads.models import SavedView
from leads.savedviews.keeping import (
    LONGEST_NAME,
    NotYourView,
    ViewExists,
    ViewRefused,
    ViewSheet,
    change_view,
    check_owner,
    remove_view,
    save_view,
)
from leads.savedviews.menu import view_menu
from leads.savedviews.pages import SavedPage, page_called


@require_GET
def view_list(request: HtmxRequest, page: str) -> HttpResponse:
    return render_views(request, page_or_404(page))


@require_POST
def view_save(request: HtmxRequest, page: str) -> HttpResponse:
    saved, data = page_or_404(page), request.POST
    query, sheet = data.get("query", ""), sheet_of(request)
    try:
        view = save_view(page=saved, query=query, sheet=sheet, by=request.user, at=timezone.now())
    except LeadError as refusal:
        return ask_again(request, saved, query, sheet, refusal)
    messages.success(request, f"Saved as “{view}”, {who_sees(view)}.")
    address = f"{saved.address}?{view.query}"
    return HttpResponseClientRedirect(address) if wants_part(request) else redirect(address)


@require_POST
def view_change(request: HtmxRequest, pk: int) -> HttpResponse:
    view = own_view(request, pk)
    try:
        change_view(view=view, sheet=sheet_of(request), by=request.user)
    except ViewRefused as refusal:
        messages.warning(request, str(refusal))
        return render_views(request, page_or_404(view.page), status=422)
    view.refresh_from_db()
    messages.success(request, f"“{view}” is {who_sees(view)} now.")
    return redirect("leads:views", view.page)


@require_POST
def view_remove(request: HtmxRequest, pk: int) -> HttpResponse:
    view = own_view(request, pk)
    remove_view(view=view, by=request.user)
    messages.success(request, f"The view “{view}” is deleted.")
    return redirect("leads:views", view.page)


def page_or_404(key: str) -> SavedPage:
    page = page_called(key)
    if page is None:
        raise Http404("There is no such page whose views could be saved.")
    return page


def own_view(request: HtmxRequest, pk: int) -> SavedView:
    """404 for what the user cannot see, 403 for what they see and somebody else owns."""
    view = SavedView.objects.visible_to(request.user).select_related("owner").filter(pk=pk).first()
    if view is None:
        raise Http404("There is no such view; perhaps it was deleted.")
    try:
        check_owner(view, request.user)
    except NotYourView as refusal:
        raise PermissionDenied(str(refusal)) from None
    return view


def sheet_of(request: HtmxRequest) -> ViewSheet:
    data = request.POST
    return ViewSheet(data.get("name", ""), data.get("shared") == "yes", replaces=data.get("replace", ""))


def ask_again(
    request: HtmxRequest, page: SavedPage, query: str, sheet: ViewSheet, refusal: LeadError
) -> HttpResponse:
    taken = refusal.view if isinstance(refusal, ViewExists) else None
    context = {
        "page": page,
        "query": page.lasting(query, request.user),
        "sheet": sheet,
        "refusal": str(refusal),
        "taken": taken,
        "longest": LONGEST_NAME,
    }
    status = 409 if taken else 422
    return render_part(request, "leads/save_view.html", "leads/_save_view.html", context, status=status)


def render_views(request: HtmxRequest, page: SavedPage, *, status: int = 200) -> HttpResponse:
    context = {"menu": view_menu(page=page, user=request.user)}
    return render(request, "leads/views.html", context, status=status)


def who_sees(view: SavedView) -> str:
    return "shared with everybody" if view.is_shared else "private"
