from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.htmx import HtmxRequest, render_part
from scoring.errors import ScoringError
from scoring.models import Rulebook, Study
from scoring.permissions import can_edit_rulebooks, can_see, can_study
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of
from scoring.studies.ledger import request_study
from scoring.tasks import hand_out
from scoring.views.studies import study_context, visible_study
from scoring.views.weights_form import WeightsForm
from scoring.weights.applying import apply_weights
from scoring.weights.result import suggested_by


@require_http_methods(["GET", "POST"])
def weights(request: HtmxRequest, pk: int) -> HttpResponse:
    """Ask for weights of a draft, and see what was suggested last."""
    book = get_object_or_404(Rulebook, pk=pk)
    if not can_see(request.user, book):
        raise PermissionDenied("Drafts are for marketers, sales managers and administrators.")
    asks = request.method == "POST"
    if asks and not can_study(request.user):
        raise PermissionDenied("Marketers, sales managers and administrators ask for weights.")
    try:
        form = WeightsForm(request.POST if asks else None, form_of(book)) if book.is_draft else None
    except RulebookError as error:
        messages.error(request, f"The draft cannot be read: {error}")
        return redirect("scoring:version", book.pk)
    if asks and form is not None and form.is_valid():
        asked = form.wanted(today=timezone.localdate()).to_json()
        hand_out(
            request_study(kind=Study.Kind.WEIGHTS, book=book, asked=asked, by=request.user, at=timezone.now())
        )
        return redirect("scoring:weights", book.pk)
    context = weights_context(request, book, form)
    return render_part(
        request, "scoring/weights.html", "scoring/_weights.html", context, status=422 if asks else 200
    )


def weights_context(request: HtmxRequest, book: Rulebook, form: WeightsForm | None) -> dict[str, Any]:
    study = (
        Study.objects.filter(kind=Study.Kind.WEIGHTS, rulebook=book)
        .select_related("requested_by", "cancelled_by", "rulebook")
        .first()
    )
    return {
        "book": book,
        "form": form,
        "is_asked": bool(form and form.is_bound),
        "can_ask": can_study(request.user),
        **(result_context(request, study) if study else {"study": None}),
    }


def result_context(request: HtmxRequest, study: Study) -> dict[str, Any]:
    return {
        **study_context(request, study),
        "suggested": suggested_by(study),
        "can_apply": can_edit_rulebooks(request.user) and study.rulebook.is_draft,
        "has_moved_on": study.rulebook.revision != study.revision,
    }


@require_GET
def weights_result(request: HtmxRequest, pk: int) -> HttpResponse:
    """What one study suggests, in the place of its progress."""
    study = visible_study(request, pk)
    if study.kind != Study.Kind.WEIGHTS or study.state != Study.State.DONE:
        return redirect("scoring:study", pk)
    context = {"book": study.rulebook, **result_context(request, study)}
    return render_part(request, "scoring/weights_result.html", "scoring/_weights_result.html", context)


@require_POST
def weights_apply(request: HtmxRequest, pk: int) -> HttpResponse:
    """Put the chosen points into the draft."""
    study = get_object_or_404(Study.objects.select_related("rulebook"), pk=pk, kind=Study.Kind.WEIGHTS)
    if not can_edit_rulebooks(request.user):
        raise PermissionDenied("Only marketers edit drafts of the rulebook.")
    rules = request.POST.getlist("rule")
    try:
        events = apply_weights(study=study, rules=rules, by=request.user, at=timezone.now())
    except ScoringError as refusal:
        messages.error(request, f"{refusal} Nothing was changed.")
        return redirect("scoring:weights", study.rulebook_id)
    if not events:
        messages.info(
            request, "No rule was chosen, or the draft has these points already. Nothing was changed."
        )
        return redirect("scoring:weights", study.rulebook_id)
    rules_changed = f"{len(events)} rule{'s' if len(events) > 1 else ''}"
    messages.success(
        request, f"The points of {rules_changed} are in the draft. Look at its effect and backtest it."
    )
    return redirect("scoring:editor", study.rulebook_id)
