from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from leads.errors import LeadError
from leads.handoff.decisions import DECIDERS, NotYours, ReasonRefused, accept, reject
from leads.handoff.rows import Share, queue_page
from leads.htmx import HtmxRequest, render_part, wants_part
from leads.models import Handoff, Reason, User
from leads.views.leads import render_lead


class QueueForm(forms.Form):
    """Where somebody is in the queue: in the address of the page, and hidden in the forms of its rows."""

    show = forms.ChoiceField(choices=Share.choices, required=False)
    page = forms.IntegerField(min_value=1, max_value=100_000, required=False)


class RejectForm(forms.Form):
    reason = forms.ModelChoiceField(
        queryset=Reason.objects.filter(is_active=True),
        to_field_name="key",
        error_messages={
            "required": "Choose a reason.",
            "invalid_choice": "This reason is not in use; choose another.",
        },
    )
    note = forms.CharField(max_length=2000, required=False, widget=forms.Textarea)


@require_GET
def handoff_queue(request: HtmxRequest) -> HttpResponse:
    return render_queue(request, request.GET)


@require_POST
def handoff_accept(request: HtmxRequest, pk: int) -> HttpResponse:
    handoff = get_object_or_404(Handoff.objects.select_related("lead"), pk=pk)
    try:
        accept(handoff=handoff, by=request.user, at=timezone.now())
    except NotYours as refusal:
        raise PermissionDenied(str(refusal)) from None
    except LeadError as refusal:
        return lost_race(request, handoff, refusal)
    messages.success(request, f"{handoff.lead} is yours now. {first_touch_words(handoff)}")
    return after_decision(request, handoff)


@require_POST
def handoff_reject(request: HtmxRequest, pk: int) -> HttpResponse:
    handoff = get_object_or_404(Handoff.objects.select_related("lead"), pk=pk)
    if not request.user.decides_handoffs:
        raise PermissionDenied(DECIDERS)
    form = RejectForm(request.POST)
    if not form.is_valid():
        return answer(request, handoff, status=422, rejecting=pk, form=form)
    reason, note = form.cleaned_data["reason"], form.cleaned_data["note"]
    try:
        reject(handoff=handoff, reason=reason, by=request.user, at=timezone.now(), note=note)
    except NotYours as refusal:
        raise PermissionDenied(str(refusal)) from None
    except ReasonRefused as refusal:
        form.add_error("note", str(refusal))
        return answer(request, handoff, status=422, rejecting=pk, form=form)
    except LeadError as refusal:
        return lost_race(request, handoff, refusal)
    messages.success(request, f"{handoff.lead} was rejected: {reason}. {what_follows(reason)}")
    return after_decision(request, handoff)


def queue_context(user: User, place: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """The same for the page and for its part. A mistyped address shows the first page of everything."""
    now = timezone.now()
    where = QueueForm(place)
    where.is_valid()
    queue = queue_page(
        user=user,
        at=now,
        share=Share(where.cleaned_data.get("show") or Share.ALL),
        number=where.cleaned_data.get("page") or 1,
    )
    reasons = list(Reason.objects.filter(is_active=True)) if user.decides_handoffs else []
    return {"queue": queue, "now": now, "reasons": reasons, "rejecting": None, "form": None, **more}


def render_queue(
    request: HtmxRequest, place: Mapping[str, str], *, status: int = 200, **more: Any
) -> HttpResponse:
    context = queue_context(request.user, place, **more)
    if context["form"] and context["rejecting"] not in {row.handoff.pk for row in context["queue"].rows}:
        # Its row moved to another page or was decided meanwhile: what was wrong must still be said.
        for error in chain.from_iterable(context["form"].errors.values()):
            messages.error(request, str(error))
    return render_part(request, "leads/queue.html", "leads/_queue.html", context, status=status)


def answer(request: HtmxRequest, handoff: Handoff, *, status: int, **more: Any) -> HttpResponse:
    """The screen that the button was on: the queue, or the page of the lead."""
    if request.POST.get("next") == "lead":
        return render_lead(request, handoff.lead_id, status=status, **more)
    return render_queue(request, request.POST, status=status, **more)


def lost_race(request: HtmxRequest, handoff: Handoff, refusal: LeadError) -> HttpResponse:
    """The loser sees who decided what and when, above things as they are now."""
    messages.warning(request, str(refusal))
    return answer(request, handoff, status=409)


def after_decision(request: HtmxRequest, handoff: Handoff) -> HttpResponse:
    """The queue without the row; to a browser without htmx, a redirect to where it was."""
    if wants_part(request):
        return answer(request, handoff, status=200)
    if request.POST.get("next") == "lead":
        return redirect("leads:detail", handoff.lead_id)
    where = {name: request.POST[name] for name in ("show", "page") if request.POST.get(name)}
    return redirect(f"{reverse('leads:queue')}?{urlencode(where)}" if where else reverse("leads:queue"))


def first_touch_words(handoff: Handoff) -> str:
    due = handoff.first_touch_due_at
    return f"First touch is due by {timezone.localtime(due):%a %d %b, %H:%M}." if due else "It has no clock."


def what_follows(reason: Reason) -> str:
    if reason.leads_to == Reason.LeadsTo.RECYCLED:
        return f"It may come back after {reason.cooldown_days} days."
    return "It is disqualified."
