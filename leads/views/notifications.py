"""The bell, the page of what the user was told, and how the user wants to be told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.htmx import HtmxRequest, render_part, wants_part
from leads.models import Notification
from leads.notifications.inbox import inbox_page, read_all, read_one, undelivered_mail, unread_words
from leads.notifications.preferences import choices_of, choose


class PlaceForm(forms.Form):
    """Where somebody is in the list."""

    show = forms.ChoiceField(choices=[("all", "All"), ("unread", "Unread")], required=False)
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)


class SeenForm(forms.Form):
    up_to = forms.IntegerField(min_value=0, max_value=2**63 - 1)


class WishesForm(forms.Form):
    in_app = forms.MultipleChoiceField(choices=Notification.Kind.choices, required=False)
    email = forms.MultipleChoiceField(choices=Notification.Kind.choices, required=False)


@require_GET
def notification_list(request: HtmxRequest) -> HttpResponse:
    return render_part(request, "leads/notifications.html", "leads/_notifications.html", _context(request))


@require_GET
@login_not_required
def notification_bell(request: HtmxRequest) -> HttpResponse:
    """The number at the bell, asked for now and then. Whoever was signed out meanwhile keeps the page as it is."""
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    return render(request, "leads/_bell.html", {"unread": unread_words(request.user)})


@require_GET
def notification_open(request: HtmxRequest, pk: int) -> HttpResponse:
    """Read it and go where it leads. By GET, since it is a link, and reading twice changes nothing."""
    notification = get_object_or_404(Notification, pk=pk, user=request.user, in_app=True)
    read_one(notification=notification, at=timezone.now())
    return redirect(notification.link or "leads:notifications")


@require_POST
def notification_read(request: HtmxRequest, pk: int) -> HttpResponse:
    notification = get_object_or_404(Notification, pk=pk, user=request.user, in_app=True)
    read_one(notification=notification, at=timezone.now())
    return _list_again(request)


@require_POST
def notifications_read(request: HtmxRequest) -> HttpResponse:
    seen = SeenForm(request.POST)
    if not seen.is_valid():
        messages.error(request, "The request does not say which notifications you saw; use the button here.")
        return _list_again(request, status=422)
    read = read_all(user=request.user, up_to=seen.cleaned_data["up_to"], at=timezone.now())
    messages.success(request, f"{read} marked as read." if read else "There was nothing unread.")
    return _list_again(request)


@require_http_methods(["GET", "POST"])
def notification_settings(request: HtmxRequest) -> HttpResponse:
    """How the user is told of what: here, by e-mail, both, or not at all."""
    wishes = WishesForm(request.POST)
    if request.method == "POST" and wishes.is_valid():
        choose(user=request.user, **wishes.cleaned_data)
        messages.success(request, "Kept: from now on you are told as chosen here.")
        return redirect("leads:notification_settings")
    if request.method == "POST":
        messages.error(request, "The choices do not name kinds of notifications; use the form on this page.")
    context = {"choices": choices_of(request.user), "undelivered": undelivered_mail(user=request.user)}
    status = 422 if request.method == "POST" else 200
    return render(request, "leads/notification_settings.html", context, status=status)


def _list_again(request: HtmxRequest, *, status: int = 200) -> HttpResponse:
    if not wants_part(request) and status == 200:
        return redirect("leads:notifications")
    page, part = "leads/notifications.html", "leads/_notifications.html"
    return render_part(request, page, part, _context(request), status=status)


def _context(request: HtmxRequest) -> dict[str, Any]:
    place = PlaceForm(request.GET if request.method == "GET" else request.POST)
    place.is_valid()
    inbox = inbox_page(
        user=request.user,
        unread_only=place.cleaned_data.get("show") == "unread",
        number=place.cleaned_data.get("page") or 1,
    )
    return {"inbox": inbox}
