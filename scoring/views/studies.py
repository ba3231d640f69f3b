from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from leads.htmx import HtmxRequest, render_part
from scoring.errors import ScoringError
from scoring.models import Study
from scoring.permissions import can_see, can_study
from scoring.studies.kinds import KINDS
from scoring.studies.ledger import PATIENCE, cancel


@require_GET
def study(request: HtmxRequest, pk: int) -> HttpResponse:
    """How far a study is, asked for again and again by the part that shows it; its result once it is done."""
    found = visible_study(request, pk)
    if found.state == Study.State.DONE:
        return redirect(KINDS[found.kind].page, found.pk)
    context = study_context(request, found)
    return render_part(request, "scoring/study.html", "scoring/_study_progress.html", context)


@require_POST
def study_cancel(request: HtmxRequest, pk: int) -> HttpResponse:
    found = visible_study(request, pk)
    if not can_study(request.user):
        raise PermissionDenied("Marketers, sales managers and administrators cancel studies.")
    try:
        cancel(study=found, by=request.user, at=timezone.now())
    except ScoringError as refusal:
        messages.warning(request, str(refusal))
    return redirect("scoring:study", found.pk)


def visible_study(request: HtmxRequest, pk: int) -> Study:
    """404 where there is none, 403 where it is of a draft that the user may not see."""
    found = get_object_or_404(Study.objects.select_related("rulebook", "requested_by", "cancelled_by"), pk=pk)
    if not can_see(request.user, found.rulebook):
        raise PermissionDenied("Drafts are for marketers, sales managers and administrators.")
    return found


def study_context(request: HtmxRequest, found: Study) -> dict[str, Any]:
    """What scoring/_study_progress.html shows; a page that includes it adds its own."""
    waits_since = found.leased_until or found.requested_at
    return {
        "study": found,
        "is_stalled": found.is_active and timezone.now() - waits_since > PATIENCE,
        "can_cancel": found.is_active and can_study(request.user),
    }
