"""What a draft would change, today: a page, and a part beside the editor that follows each change."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, retarget

from leads.htmx import HtmxRequest, render_part, wants_part
from scoring.effect.effect import sample_effect
from scoring.effect.page import page_of
from scoring.effect.study import effect_of, latest_count, latest_study, outdated
from scoring.models import Rulebook, Study
from scoring.permissions import can_study
from scoring.rulebook.reading import RulebookError
from scoring.studies.ledger import request_study
from scoring.tasks import hand_out
from scoring.views.studies import study_context, visible_study
from scoring.views.versions import visible

# Leads by name, of those who enter and of those who leave.
SHOWN_BESIDE, SHOWN_ON_PAGE, SHOWN_OF_ALL = 6, 15, 100


@require_GET
def effect(request: HtmxRequest, pk: int) -> HttpResponse:
    book = visible(request, pk)
    page, mistakes = None, tuple[str, ...]()
    shown = SHOWN_BESIDE if wants_part(request) else SHOWN_ON_PAGE
    try:
        page = page_of(sample_effect(book, day=timezone.localdate(), shown=shown), shown=shown)
    except RulebookError as error:
        mistakes = error.mistakes
    context = {"book": book, "page": page, "mistakes": mistakes, **count_context(request, book)}
    return render_part(request, "scoring/effect.html", "scoring/_effect.html", context)


@require_POST
def effect_all(request: HtmxRequest, pk: int) -> HttpResponse:
    """Count the effect on all leads. A broker that is down delays it to the next tick, and fails nothing."""
    book = visible(request, pk)
    if not can_study(request.user):
        raise PermissionDenied("Marketers, sales managers and administrators ask for studies.")
    study = request_study(kind=Study.Kind.EFFECT, book=book, asked={}, by=request.user, at=timezone.now())
    hand_out(study)
    if not wants_part(request):
        return redirect("scoring:study", study.pk)
    return render_all(request, book)


@require_GET
def effect_count(request: HtmxRequest, pk: int) -> HttpResponse:
    """What was counted of all leads; as a part, in the place of the bar that showed how far it was."""
    study = visible_study(request, pk)
    if study.kind != Study.Kind.EFFECT or study.state != Study.State.DONE:
        return redirect("scoring:study", study.pk)
    if not wants_part(request):
        page = page_of(effect_of(study), shown=SHOWN_OF_ALL)
        context = {"book": study.rulebook, "page": page, "counted": study, "outdated": outdated(study)}
        return render(request, "scoring/effect_count.html", context)
    if request.htmx.current_url_abs_path == reverse("scoring:study", args=[study.pk]):
        return HttpResponseClientRedirect(reverse("scoring:effect_count", args=[study.pk]))
    return retarget(render_all(request, study.rulebook), "#effect-all")


def render_all(request: HtmxRequest, book: Rulebook) -> HttpResponse:
    return render(request, "scoring/_effect_all.html", {"book": book, **count_context(request, book)})


def count_context(request: HtmxRequest, book: Rulebook) -> dict[str, Any]:
    """What scoring/_effect_all.html shows: the study that is under way, and the latest that is done."""
    counted, latest = latest_count(book), latest_study(book)
    context: dict[str, Any] = {
        "counted": counted,
        "outdated": outdated(counted) if counted else "",
        "count": page_of(effect_of(counted), shown=0) if counted else None,
        "can_count": can_study(request.user),
        "study": None,
    }
    if latest and latest.state != Study.State.DONE:
        context |= study_context(request, latest)
    return context
