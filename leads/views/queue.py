from __future__ import annotations

from itertools import chain
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from leads.errors import LeadError
from leads.handoff.claims import claim, release
from leads.handoff.decisions import DECIDERS, NotYours, ReasonRefused, accept, reject
from leads.handoff.filters import HandoffFilter
from leads.handoff.place import Place
from leads.handoff.recent import undoable_decisions
from leads.handoff.recipients import candidates_for
from leads.handoff.rows import arrived, queue_page
from leads.handoff.saved import QUEUE
from leads.handoff.undoing import undo
from leads.htmx import HtmxRequest, render_part, wants_part
from leads.models import Handoff, Reason, User
from leads.savedviews.menu import view_menu
from leads.views.leads import render_lead
from leads.views.panel import render_panel
from leads.views.reasonform import ReasonForm

# What static/js/queue.js answers to.
KEYS = (
    ("j, k", "next lead, previous lead"),
    ("Enter", "open the panel: why this lead, and all that happened"),
    ("Esc", "close the panel"),
    ("o", "from the panel: open the page of the lead"),
    ("a", "accept"),
    ("r", "reject; then the number of a reason, or its first letters and Enter"),
    ("s", "snooze; then the number of a time"),
    ("c", "claim, or release"),
    ("x", "choose the lead, or not; a and r are then about all that are chosen"),
    ("u", "undo the last decision"),
    ("/", "find a waiting lead by name, e-mail or company"),
    ("?", "this list"),
)


@require_GET
def handoff_queue(request: HtmxRequest) -> HttpResponse:
    return render_queue(request, place_of_address(request))


@require_GET
def queue_arrived(request: HtmxRequest) -> HttpResponse:
    """How many have arrived since the list was read; asked by the page every minute."""
    place = place_of_address(request)
    if not wants_part(request):
        return redirect(f"{reverse('leads:queue')}?{place.query}")
    count = arrived(user=request.user, at=timezone.now(), place=place, among=filtered(place).qs)
    return render(request, "leads/_queue_arrived.html", {"place": place, "arrived": count})


@require_GET
def handoff_panel(request: HtmxRequest, pk: int) -> HttpResponse:
    return render_panel(request, pk, place_of_form(request))


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
    form = ReasonForm(request.POST)
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


@require_POST
def handoff_undo(request: HtmxRequest, pk: int) -> HttpResponse:
    handoff = get_object_or_404(Handoff.objects.select_related("lead"), pk=pk)
    if not request.user.decides_handoffs:
        raise PermissionDenied(DECIDERS)
    try:
        undo(handoff=handoff, by=request.user, at=timezone.now())
    except LeadError as refusal:
        return lost_race(request, handoff, refusal)
    messages.success(request, f"{handoff.lead} waits in the queue again, as before.")
    return after_decision(request, handoff)


@require_POST
def handoff_claim(request: HtmxRequest, pk: int) -> HttpResponse:
    """Claim it, or give one's claim back: the button says which."""
    handoff = get_object_or_404(Handoff.objects.select_related("lead"), pk=pk)
    try:
        if request.POST.get("release"):
            release(handoff=handoff, by=request.user)
        else:
            claim(handoff=handoff, by=request.user, at=timezone.now())
    except NotYours as refusal:
        raise PermissionDenied(str(refusal)) from None
    except LeadError as refusal:
        return lost_race(request, handoff, refusal)
    return after_decision(request, handoff)


def place_of_address(request: HtmxRequest) -> Place:
    return Place.parse(request.GET.dict(), user=request.user, now=timezone.now())


def place_of_form(request: HtmxRequest) -> Place:
    """Of what a form sends, or a link to the panel: there the parameters of the queue's address would mean others."""
    data = request.POST if request.method == "POST" else request.GET
    return Place.of_form(data.dict(), user=request.user, now=timezone.now())


def filtered(place: Place) -> HandoffFilter:
    return HandoffFilter(dict(place.filters), queryset=Handoff.objects.all())


def queue_context(user: User, place: Place, **more: Any) -> dict[str, Any]:
    """The same for the page and for its part."""
    now = place.at if place.is_new else timezone.now()
    handoffs = filtered(place)
    queue = queue_page(user=user, at=now, place=place, among=handoffs.qs)
    decides = user.decides_handoffs
    return {
        "queue": queue,
        "panel": None,
        "place": queue.place,
        "filters": handoffs.form,
        "views": view_menu(page=QUEUE, user=user, query=queue.place.lasting_query),
        "now": now,
        "reasons": list(Reason.objects.filter(is_active=True)) if decides else [],
        "recent": undoable_decisions(user=user, at=now) if decides else [],
        "candidates": candidates_for(user, at=now) if user.is_manager else (),
        "selected": (),
        "bulk": None,
        "bulk_note": "",
        "rejecting": None,
        "form": None,
        "keys": KEYS if decides else (),
        **more,
    }


def render_queue(request: HtmxRequest, place: Place, *, status: int = 200, **more: Any) -> HttpResponse:
    context = queue_context(request.user, place, **more)
    if context["form"] and context["rejecting"] not in {row.handoff.pk for row in context["queue"].rows}:
        # Its row moved to another page or was decided meanwhile: what was wrong must still be said.
        for error in chain.from_iterable(context["form"].errors.values()):
            messages.error(request, str(error))
    return render_part(request, "leads/queue.html", "leads/_queue.html", context, status=status)


def answer(request: HtmxRequest, handoff: Handoff, *, status: int, **more: Any) -> HttpResponse:
    """The screen that the button was on: the queue, its panel, or the page of the lead."""
    if request.POST.get("next") == "lead":
        return render_lead(request, handoff.lead_id, status=status, **more)
    if request.POST.get("next") == "panel" and more:  # a form that was refused; all else is said by the queue
        return render_panel(request, handoff.pk, place_of_form(request), status=status, **more)
    return render_queue(request, place_of_form(request), status=status, **more)


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
    where = f"?{place_of_form(request).query}" if request.POST.get("place") else ""
    return redirect(f"{reverse('leads:queue')}{where}")


def first_touch_words(handoff: Handoff) -> str:
    due = handoff.first_touch_due_at
    return f"First touch is due by {timezone.localtime(due):%a %d %b, %H:%M}." if due else "It has no clock."


def what_follows(reason: Reason) -> str:
    if reason.leads_to == Reason.LeadsTo.RECYCLED:
        return f"It may come back after {reason.cooldown_days} days."
    return "It is disqualified."
