"""The panel beside the queue: a part of its page, and a page of its own without JavaScript."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from leads.feedback.past import past_of
from leads.handoff.panel import panel_of
from leads.handoff.place import Place
from leads.htmx import HtmxRequest, render_part
from leads.models import Handoff, Reason
from leads.permissions import may_enter_admin
from leads.views.leads import timeline_at

RETARGET = "HX-Retarget"


def render_panel(
    request: HtmxRequest, pk: int, place: Place, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The panel of a handoff; `place` is where in the queue the user is. With `?before=`, only its older past."""
    handoff = get_object_or_404(Handoff.objects.for_panel(), pk=pk)
    context = panel_context(request, handoff, place) | more
    part = "leads/_timeline.html" if context["is_continued"] else "leads/_panel.html"
    response = render_part(request, "leads/panel.html", part, context, status=status)
    if request.method == "POST":  # refused: what was wrong is said in the panel, not in the queue
        response[RETARGET] = "#queue-panel"
    return response


def panel_context(request: HtmxRequest, handoff: Handoff, place: Place) -> dict[str, Any]:
    now, before = timezone.now(), request.GET.get("before", "")
    timeline, problem = timeline_at(handoff.lead, before)
    panel = panel_of(handoff=handoff, user=request.user, at=now)
    return {
        "panel": panel,
        "past": past_of(handoff.lead, at=now),
        "sees_drafts": may_enter_admin(request.user),
        "place": place,
        "queue_url": f"{reverse('leads:queue')}?{place.query}",
        "timeline": timeline,
        "timeline_path": reverse("leads:handoff_panel", args=[handoff.pk]),
        "problem": problem,
        "is_continued": bool(before),
        "now": now,
        "reasons": list(Reason.objects.filter(is_active=True)) if panel.can_decide else [],
        "rejecting": None,
        "form": None,
        "queue": None,
    }
