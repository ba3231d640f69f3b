from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from leads.htmx import HtmxRequest, render_part
from scoring.linting import lint_rulebook
from scoring.models import Rulebook
from scoring.permissions import can_see
from scoring.rulebook.reading import RulebookError
from scoring.sampling import a_sample


@require_GET
def lint(request: HtmxRequest, pk: int) -> HttpResponse:
    """What is odd about a rulebook, by its rules and by real leads: a page, and a part of the rulebook's page."""
    book = get_object_or_404(Rulebook, pk=pk)
    if not can_see(request.user, book):
        raise PermissionDenied
    found, mistakes = None, tuple[str, ...]()
    try:
        found = lint_rulebook(book, day=timezone.localdate(), look=a_sample())
    except RulebookError as error:
        mistakes = error.mistakes
    context = {"book": book, "lint": found, "mistakes": mistakes}
    return render_part(request, "scoring/lint.html", "scoring/_lint.html", context)
