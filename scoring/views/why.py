from __future__ import annotations

from datetime import date

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from leads.htmx import HtmxRequest, render_part
from leads.models import LeadScore
from scoring.engine.explainer import Explanation, explain
from scoring.engine.loading import load_leads
from scoring.models import Rulebook
from scoring.reasons import reasons_of
from scoring.rulebook.rows import form_of


@require_GET
def why(request: HtmxRequest, pk: int) -> HttpResponse:
    """Why a lead has its score, rule by rule: a page, and a part of the lead's page."""
    score = get_object_or_404(LeadScore.objects.select_related("lead"), pk=pk)
    explanation = explain_score(score, day=timezone.localdate())
    context = {
        "lead": score.lead,
        "score": score,
        "reasons": reasons_of(explanation),
        # Facts may have come since the last run: then the page says that both numbers are right in their time.
        "is_stale": (explanation.score.fit, explanation.score.engagement) != (score.fit, score.engagement),
    }
    return render_part(request, "scoring/why.html", "scoring/_why.html", context)


def explain_score(score: LeadScore, *, day: date) -> Explanation:
    """By the rulebook that made the stored score, with the facts and activities of now."""
    form = form_of(Rulebook.objects.get(number=score.rulebook_version))
    (lead,) = load_leads(form, [score.pk])
    return explain(form, lead, day)
