from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from leads.htmx import HtmxRequest
from scoring.models import Rulebook


@require_GET
def rulebook(request: HtmxRequest) -> HttpResponse:
    """To the published rulebook, whichever it is today; to the list, which says what to do, where there is none."""
    book = Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).first()
    return redirect("scoring:version", book.pk) if book else redirect("scoring:versions")
