from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from leads.facts import fact_groups
from leads.feedback.past import past_of
from leads.filters import LeadFilter
from leads.handoff.clocks import clock_sheets
from leads.htmx import HtmxRequest, render_part
from leads.listing import SORT_OF, BadCursor, Cursor, LeadPage, lead_page
from leads.models import Lead, Reason, User
from leads.permissions import can_decide, may_enter_admin
from leads.selling.sheet import is_worked
from leads.timeline import BadPlace, Place, Timeline, timeline_of
from leads.views.work import sheet_context

# Those that fold away under "More filters", unless one of them is in use.
MORE_FILTERS = ("score_min", "score_max", "active_days", "country", "campaign", "created_from", "created_to")


@require_GET
def lead_list(request: HtmxRequest) -> HttpResponse:
    return render_part(request, "leads/list.html", "leads/_list.html", list_context(request))


def list_context(request: HtmxRequest) -> dict[str, Any]:
    leads = LeadFilter(request.GET, queryset=Lead.objects.all(), request=request)
    page, problem = LeadPage(rows=()), ""
    if leads.form.is_valid():
        try:
            cursor = Cursor.parse(after=request.GET.get("after", ""), before=request.GET.get("before", ""))
            page = lead_page(leads=leads.qs, sort=SORT_OF[leads.sort_key], cursor=cursor)
        except BadCursor as refusal:
            problem = str(refusal)
    return {
        "form": leads.form,
        "page": page,
        "problem": problem,
        "leaves_out_unscored": leads.form.is_valid() and SORT_OF[leads.sort_key].is_by_score,
        "is_filtered": leads.is_narrowed or bool(request.GET.get("after") or request.GET.get("before")),
        "has_more_chosen": leads.has_chosen(MORE_FILTERS),
    }


@require_GET
def lead_detail(request: HtmxRequest, pk: int) -> HttpResponse:
    return render_lead(request, pk)


def render_lead(request: HtmxRequest, pk: int, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of one lead. Its part is the timeline: the htmx request comes from the "older" link there."""
    lead = get_object_or_404(Lead.objects.for_page(), pk=pk)
    context = detail_context(lead, request.user, before=request.GET.get("before", "")) | more
    return render_part(request, "leads/detail.html", "leads/_timeline.html", context, status=status)


def detail_context(lead: Lead, user: User, *, before: str) -> dict[str, Any]:
    now = timezone.now()
    timeline, problem = timeline_at(lead, before)
    handoffs = list(lead.handoffs.for_lead_page())
    waiting = next((handoff for handoff in handoffs if handoff.is_waiting), None)
    decides = waiting is not None and can_decide(user, waiting, at=now)
    sheet = sheet_context(lead, user) if is_worked(lead) else {"sheet": None}
    return {
        **sheet,
        "lead": lead,
        "score": getattr(lead, "score", None),
        "fact_groups": fact_groups(lead),
        "handoffs": handoffs,
        "past": past_of(lead, at=now),
        "sees_drafts": may_enter_admin(user),
        "deals": lead.deals.select_related("owner").order_by("-opened_at"),
        "timeline": timeline,
        "timeline_path": reverse("leads:detail", args=[lead.pk]),
        "problem": problem,
        "is_continued": bool(before),
        "now": now,
        "waiting": waiting,
        "can_decide": decides,
        "reasons": list(Reason.objects.filter(is_active=True)) if decides else [],
        "rejecting": None,
        "form": None,
        "queue": None,
        "panel": None,
        "place": None,
    }


@require_GET
def lead_clocks(request: HtmxRequest, pk: int) -> HttpResponse:
    """What is counted until which deadline, of the latest handoff: loaded where a deadline is opened."""
    lead = get_object_or_404(Lead, pk=pk)
    handoff = lead.handoffs.for_lead_page().select_related("decided_by__team", "team").first()
    now = timezone.now()
    context = {"lead": lead, "clocks": clock_sheets(handoff, at=now) if handoff else [], "now": now}
    return render_part(request, "leads/clocks.html", "leads/_clocks.html", context)


def timeline_at(lead: Lead, before: str) -> tuple[Timeline, str]:
    try:
        return timeline_of(lead, before=Place.parse(before)), ""
    except BadPlace as refusal:
        return Timeline((), older=None), str(refusal)
