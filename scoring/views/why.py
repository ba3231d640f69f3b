"""Why a lead has its score, why that changed, and what comes next: each a page, and a part of the lead's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from leads.htmx import HtmxRequest, render_part
from leads.models import Lead, LeadScore
from leads.models.fields import day_of
from scoring.changes import changes_of
from scoring.explanations import explain_change, explain_lead, explain_next, explain_score, recent_changes
from scoring.permissions import can_see_drafts
from scoring.prospects import prospects_of
from scoring.reasons import reasons_of
from scoring.rulebook.catalogue import newest_drafts
from scoring.rulebook.versions import NothingPublished
from scoring.views.comparison import comparison_of, links_of


@require_GET
def why(request: HtmxRequest, pk: int) -> HttpResponse:
    score = get_object_or_404(LeadScore.objects.select_related("lead"), pk=pk)
    found = explain_score(score, today=day_of(timezone.now()))
    context = {
        "lead": score.lead,
        "score": score,
        "found": found,
        "reasons": reasons_of(found.explained.explanation),
        "drafts": newest_drafts() if can_see_drafts(request.user) else (),
    }
    return render_part(request, "scoring/why.html", "scoring/_why.html", context)


@require_GET
def what_next(request: HtmxRequest, pk: int) -> HttpResponse:
    lead = get_object_or_404(Lead, pk=pk)
    context: dict[str, Any] = {"lead": lead, "prospects": None}
    try:
        explained = explain_lead(lead, day=day_of(timezone.now()))
    except NothingPublished:
        pass  # the page says so
    else:
        context |= {"prospects": prospects_of(explain_next(explained)), "rulebook": explained.book.number}
    return render_part(request, "scoring/what_next.html", "scoring/_what_next.html", context)


@require_GET
def why_changed(request: HtmxRequest, pk: int) -> HttpResponse:
    lead = get_object_or_404(Lead, pk=pk)
    recent = recent_changes(lead)
    asked = comparison_of(request.GET, recent, today=day_of(timezone.now()))
    found = explain_change(lead, before=asked.before, after=asked.after) if asked.is_complete else None
    context = {
        "lead": lead,
        "asked": asked,
        "links": links_of(recent, asked.recorded),
        "found": found,
        "changes": changes_of(found) if found else None,
    }
    return render_part(request, "scoring/why_changed.html", "scoring/_why_changed.html", context)
