"""Snoozing a handoff, waking it, and what somebody has snoozed."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.errors import LeadError
from leads.handoff.decisions import DECIDERS, NotYours
from leads.handoff.snoozing import NoSuchNap, nap_choices, snooze, snoozed_by, wake
from leads.htmx import HtmxRequest, render_part
from leads.models import Handoff
from leads.views.panel import RETARGET
from leads.views.queue import after_decision, lost_race, place_of_form


@require_http_methods(["GET", "POST"])
def handoff_snooze(request: HtmxRequest, pk: int) -> HttpResponse:
    """Until when? And the answer to it."""
    if not request.user.decides_handoffs:
        raise PermissionDenied(DECIDERS)
    handoff = get_object_or_404(Handoff.objects.for_panel(), pk=pk)
    if request.method == "GET":
        return ask(request, handoff)
    try:
        nap = request.POST.get("nap", "")
        snoozed = snooze(handoff=handoff, nap=nap, by=request.user, at=timezone.now())
    except NotYours as refusal:
        raise PermissionDenied(str(refusal)) from None
    except NoSuchNap as refusal:
        messages.warning(request, str(refusal))
        return ask(request, handoff, status=422)
    except LeadError as refusal:
        return lost_race(request, handoff, refusal)
    messages.success(
        request,
        f"{handoff.lead} comes back {timezone.localtime(snoozed.until):%a %d %b, %H:%M}. Its clock runs on.",
    )
    return after_decision(request, handoff)


def ask(request: HtmxRequest, handoff: Handoff, *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    context = {
        "handoff": handoff,
        "choices": nap_choices(handoff=handoff, by=request.user, at=now),
        "place": place_of_form(request),
        "now": now,
    }
    response = render_part(request, "leads/snooze.html", "leads/_snooze.html", context, status=status)
    response[RETARGET] = "#queue-snooze"  # also where what was asked for is refused
    return response


@require_POST
def handoff_wake(request: HtmxRequest, pk: int) -> HttpResponse:
    handoff = get_object_or_404(Handoff.objects.select_related("lead"), pk=pk)
    if not request.user.decides_handoffs:
        raise PermissionDenied(DECIDERS)
    wake(handoff=handoff, by=request.user)
    messages.success(request, f"{handoff.lead} is in your list again.")
    return redirect("leads:queue_snoozed")


@require_GET
def queue_snoozed(request: HtmxRequest) -> HttpResponse:
    now = timezone.now()
    context = {"snoozed": snoozed_by(user=request.user, at=now), "now": now}
    return render_part(request, "leads/snoozed.html", "leads/_snoozed.html", context)
