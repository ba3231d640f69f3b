"""The editor of a draft: its page, and what an open page asks every few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh, trigger_client_event

from leads.htmx import HtmxRequest
from scoring.editor.arrival import arrived
from scoring.editor.cells import Problem
from scoring.editor.desk import Desk, Notice
from scoring.editor.presence import look
from scoring.models import Rulebook
from scoring.permissions import can_edit_rulebooks, can_see_drafts
from scoring.views.versions import visible


# The browser's Back must not show numbers that have been changed since.
@cache_control(no_store=True)
@require_GET
def editor(request: HtmxRequest, pk: int) -> HttpResponse:
    """The draft at work: every number and condition can be changed where it stands."""
    book = visible(request, pk)
    if not is_open(book):
        return redirect("scoring:version", book.pk)
    return editor_page(request, desk_of(request, book))


@require_GET
def changes(request: HtmxRequest, pk: int) -> HttpResponse:
    """What has changed since the page was last up to date; 204 where nothing has."""
    if not can_see_drafts(request.user):
        raise PermissionDenied("Drafts are for marketers, sales managers and administrators.")
    found = look(pk, user=request.user, at=timezone.now())
    if found is None:
        raise Http404(f"There is no rulebook {pk}.")
    if not found.is_open:
        return HttpResponseClientRefresh()
    shown, here = request.GET.get("show", ""), request.GET.get("here", "")
    if not shown and (str(found.revision), found.here) == (request.GET.get("since"), here):
        return HttpResponse(status=204)
    desk = desk_of(request, visible(request, pk))
    if shown:
        desk.arrived.rules.add(shown)
    return editor_parts(request, desk)


def is_open(book: Rulebook) -> bool:
    return book.is_draft and book.discarded_at is None


def desk_of(request: HtmxRequest, book: Rulebook, **more: Any) -> Desk:
    """The draft with what the page has open, and what it has not seen yet."""
    data = request.POST if request.method == "POST" else request.GET
    since = whole_number(data, "since")
    desk = Desk(
        book,
        request.user,
        timezone.now(),
        may_edit=can_edit_rulebooks(request.user),
        open=data.getlist("open"),
        **more,
    )
    if since is not None:
        desk.arrived = arrived(book, since=since, user=request.user)
    return desk


def whole_number(data: QueryDict, name: str) -> int | None:
    text = data.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def editor_page(request: HtmxRequest, desk: Desk, *, status: int = 200) -> HttpResponse:
    return render(
        request, "scoring/editor.html", {"desk": desk, "book": desk.book, "oob": False}, status=status
    )


def editor_parts(request: HtmxRequest, desk: Desk, *, status: int = 200, focus: str = "") -> HttpResponse:
    """Those parts of the page that have changed, each to be put into its place."""
    context = {"desk": desk, "book": desk.book, "oob": True}
    response = render(request, "scoring/editor/_parts.html", context, status=status)
    if desk.arrived.is_anything:
        trigger_client_event(response, "draft-changed", {"revision": desk.book.revision})
    if focus:
        trigger_client_event(response, "editor-focus", {"id": focus}, after="settle")
    return response


def may_edit_or_403(request: HtmxRequest, pk: int) -> Rulebook:
    book = visible(request, pk)
    if not can_edit_rulebooks(request.user):
        raise PermissionDenied("Only marketers edit drafts of the rulebook.")
    return book


def answered(
    request: HtmxRequest,
    pk: int,
    *,
    path: str = "",
    problems: Mapping[str, Problem] | None = None,
    notice: Notice | None = None,
    status: int = 200,
    focus: str = "",
) -> HttpResponse:
    """The answer to an edit: the parts that have changed for htmx, else the page (again, where something is wrong)."""
    book = visible(request, pk)
    if not is_open(book):
        return HttpResponseClientRefresh() if request.htmx else redirect("scoring:version", pk)
    desk = desk_of(request, book, problems=problems or {}, answer=path, notice=notice)
    rule = path.removeprefix("rules.").split(".")[0] if path.startswith("rules.") else ""
    if focus or (problems and not request.htmx):
        desk.open = [*desk.open, rule]
    if request.htmx:
        if path:
            desk.arrived.add(path)
        return editor_parts(request, desk, status=status, focus=focus)
    if notice is not None:
        messages.add_message(request, messages.WARNING if status >= 400 else messages.SUCCESS, notice.text)
    if problems:
        return editor_page(request, desk, status=status)
    return redirect(f"{reverse('scoring:editor', args=[pk])}{f'?open={rule}#rule-{rule}' if rule else ''}")
