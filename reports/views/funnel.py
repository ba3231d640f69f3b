from __future__ import annotations

from itertools import accumulate
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET
from django_htmx.http import push_url

from leads.htmx import HtmxRequest, render_part
from reports.charts import funnel_figure
from reports.drilldown import BadPlace, listing, title
from reports.filters import DrillDownFilter, FunnelFilter
from reports.metrics.funnel import Mode, MqlRate, funnel_report, ratio
from reports.metrics.visits import Outcome
from reports.period import PRESETS, today


@require_GET
def funnel(request: HtmxRequest) -> HttpResponse:
    filters = FunnelFilter.reading(request.GET.dict(), today=today())
    response = render_part(request, "reports/funnel.html", "reports/_funnel.html", funnel_context(filters))
    if request.htmx and filters.asked:
        # The form sends every field; a bookmark says only what was chosen.
        push_url(response, f"{reverse('reports:funnel')}?{filters.asked.query()}".rstrip("?"))
    return response


def funnel_context(filters: FunnelFilter) -> dict[str, Any]:
    asked = filters.asked
    report = funnel_report(asked.scope, mode=asked.mode) if asked else None
    return {
        "form": filters.form,
        "asked": asked,
        "presets": [
            (preset, asked.query_for(preset=preset.key) if asked else f"period={preset.key}")
            for preset in PRESETS.values()
        ],
        "modes": [(mode, asked.query_for(mode=mode) if asked else f"mode={mode.value}") for mode in Mode],
        "report": report,
        "outcomes": _outcomes(report.rate) if report else [],
        "figure": funnel_figure(report.funnel, mode=report.mode) if report else None,
    }


def _outcomes(rate: MqlRate) -> list[tuple[str, int, float | None, int]]:
    """Name, visits, share of all, and visits before it: what the bar and its legend are made of."""
    counts = [(outcome.value, getattr(rate, outcome.value)) for outcome in Outcome]
    starts = accumulate((visits for _, visits in counts), initial=0)
    return [
        (name, visits, ratio(visits, rate.visits), start)
        for (name, visits), start in zip(counts, starts, strict=False)
    ]


@require_GET
def funnel_leads(request: HtmxRequest) -> HttpResponse:
    """The leads, or MQL visits, behind one number of the funnel page."""
    filters = DrillDownFilter.reading(request.GET.dict(), today=today())
    context = drill_down_context(filters, after=request.GET.get("after", ""))
    return render_part(request, "reports/funnel_leads.html", "reports/_funnel_leads.html", context)


def drill_down_context(filters: DrillDownFilter, *, after: str) -> dict[str, Any]:
    context: dict[str, Any] = {
        "form": filters.form,
        "asked": None,
        "page": None,
        "title": "Leads",
        "problem": "",
        "next_query": "",
    }
    if asked := filters.drill_down:
        context |= {"asked": asked, "title": title(asked)}
        try:
            page = listing(asked, after=after)
            context |= {"page": page, "next_query": asked.query(after=page.after)}
        except BadPlace as refusal:
            context["problem"] = str(refusal)
    return context
