from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from leads.htmx import HtmxRequest
from scoring.definitions import definitions as definitions_of
from scoring.errors import ScoringError
from scoring.models import Rulebook
from scoring.permissions import can_review
from scoring.reviews import confirm, review_of_published
from scoring.rulebook.catalogue import with_people
from scoring.rulebook.page import signature_of
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of


@require_GET
def definitions(request: HtmxRequest) -> HttpResponse:
    """What our words mean today, in plain language, and who has agreed on it."""
    review = review_of_published()
    book = with_people(review.book.pk) if review else None
    form, mistakes = None, tuple[str, ...]()
    try:
        form = form_of(book) if book else None
    except RulebookError as error:
        mistakes = error.mistakes
    context = {
        "book": book,
        "signature": book and signature_of(book),
        "defined": definitions_of(form),
        "mistakes": mistakes,
        "review": review,
        "is_due": bool(review and review.is_due(timezone.localdate())),
        "can_review": can_review(request.user),
    }
    return render(request, "scoring/definitions.html", context)


@require_POST
def review(request: HtmxRequest, pk: int) -> HttpResponse:
    """“Reviewed, stays as it is”, of the rulebook that the reviewer saw."""
    book = get_object_or_404(Rulebook, pk=pk)
    if not can_review(request.user):
        raise PermissionDenied("Marketers and sales managers review the rulebook.")
    try:
        confirm(book=book, by=request.user, at=timezone.now())
    except ScoringError as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "Recorded: reviewed, stays as it is.")
    return redirect("scoring:definitions")
