from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.conditions import FieldRegistry, lead_fields
from leads.htmx import HtmxRequest
from scoring.editor.conditions import registry_of
from scoring.editor.known import known_of
from scoring.rulebook.rows import vocabulary
from scoring.views.versions import visible


@require_GET
def known_values(request: HtmxRequest, pk: int) -> HttpResponse:
    """What real leads have in a field, the most frequent first: for whoever is typing a value."""
    visible(request, pk)
    kind = "fit" if request.GET.get("kind") == "fit" else "engagement"
    return _shown(request, registry_of(kind, vocabulary()))


@require_GET
def known_lead_values(request: HtmxRequest) -> HttpResponse:
    """The same for conditions on leads that belong to no rulebook."""
    return _shown(request, lead_fields())


def _shown(request: HtmxRequest, registry: FieldRegistry) -> HttpResponse:
    field = registry.get(request.GET.get("field", ""))
    known = known_of(field, text=request.GET.get("text", "")[:200]) if field else None
    context = {"field": field, "known": known, "list_id": request.GET.get("list", "")[:200]}
    return render(request, "scoring/editor/_known.html", context)
