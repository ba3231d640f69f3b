from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.htmx import HtmxRequest
from scoring.explanations import words
from scoring.linting import lint_form
from scoring.models import Rulebook
from scoring.rulebook.page import page_of
from scoring.rulebook.rows import form_of


@require_GET
def rulebook(request: HtmxRequest) -> HttpResponse:
    """What an MQL is today: the published rulebook in plain language."""
    book = (
        Rulebook.objects.filter(state=Rulebook.State.PUBLISHED)
        .select_related("published_by", "signed_marketing_by", "signed_sales_by")
        .first()
    )
    form = book and form_of(book)
    context = {
        "page": book and form and page_of(book, form, words()),
        "lint": form and lint_form(form),
    }
    return render(request, "scoring/rulebook.html", context)
