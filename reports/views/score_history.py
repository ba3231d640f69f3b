from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from leads.htmx import HtmxRequest, render_part
from leads.models import Lead
from reports.charts.score_history import score_figure
from reports.metrics.score_history import score_history as history_of
from reports.period import today

# The table below the line; the line itself goes further back.
LISTED = 50


@require_GET
def score_history(request: HtmxRequest, pk: int) -> HttpResponse:
    """How the score of a lead went: a page, and a part of the lead's page."""
    lead = get_object_or_404(Lead, pk=pk)
    history = history_of(lead, today=today())
    context = {
        "lead": lead,
        "history": history,
        "rows": history.changes[:LISTED],
        "left_out": max(len(history.changes) - LISTED, 0),
        "figure": score_figure(history) if history.changes else None,
    }
    return render_part(request, "reports/score_history.html", "reports/_score_history.html", context)
