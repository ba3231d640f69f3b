"""The page of any report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET
from django_htmx.http import push_url

from leads.htmx import HtmxRequest, render_part, wants_part
from leads.models import User
from leads.savedviews.menu import view_menu
from reports.answering import answered
from reports.asking import Asked, Asking, ask
from reports.catalogue import Option, Report, all_reports, report_called
from reports.dimensions import DIMENSIONS
from reports.filterbar import COMMON, FIRST_FILTERS
from reports.period import PRESETS, today
from reports.saved import saved_page_of
from reports.store import state

# Options of no more choices than these lie open.
FEW_CHOICES = 4


@dataclass(frozen=True)
class OptionLinks:
    """A choice of few: each as (value, words, query)."""

    option: Option
    chosen: str
    links: Sequence[tuple[str, str, str]]


@require_GET
def first(request: HtmxRequest) -> HttpResponse:
    """The report that is read first."""
    return redirect("reports:report", all_reports()[0].key)


@require_GET
def report(request: HtmxRequest, key: str) -> HttpResponse:
    found = report_or_404(key)
    asking = ask(found, request.GET.dict(), today=today(), may_defer=True)
    context = report_context(found, asking, request.user)
    response = render_part(request, "reports/report.html", "reports/_report.html", context)
    if wants_part(request) and asking.asked:
        # The form sends every field; a bookmark says only what was chosen.
        push_url(response, f"{context['address']}?{asking.asked.query()}".rstrip("?"))
    return response


@require_GET
def section(request: HtmxRequest, key: str, section: str) -> HttpResponse:
    """One section of a report, that its page asks for when it is there; the whole page without JavaScript."""
    found = report_or_404(key)
    asking = ask(found, request.GET.dict(), today=today())
    context = report_context(found, asking, request.user)
    if not wants_part(request):
        return render(request, "reports/report.html", context)
    sections = context["document"].sections if context["document"] else []
    context["section"] = next((one for one in sections if one.key == section), None)
    if context["section"] is None:
        raise Http404("There is no such section in this report.")
    return render(request, "reports/_section.html", context)


def report_or_404(key: str) -> Report:
    found = report_called(key)
    if found is None:
        raise Http404("There is no such report.")
    return found


def report_context(found: Report, asking: Asking, user: User) -> dict[str, Any]:
    asked, form = asking.asked, asking.filters.form
    document = answered(asked) if asked else None
    rest = [key for key in DIMENSIONS if key not in FIRST_FILTERS]
    return {
        "report": found,
        "reports": all_reports(),
        "address": reverse("reports:report", args=[found.key]),
        "asked": asked,
        "form": form,
        "sentences": asking.sentences,
        "document": document,
        "marks": document.marks if document else [],
        "notices": document.notices if document else [],
        "folded_at": state.folded_at(),
        "presets": [
            (preset, asked.query_of_preset(preset.key) if asked else f"period={preset.key}")
            for preset in PRESETS.values()
        ],
        "few": few_options(asked) if asked else [],
        "many": [form[option.key] for option in found.options if len(option.choices) > FEW_CHOICES],
        "hidden": [option.key for option in found.options if len(option.choices) <= FEW_CHOICES],
        "first_filters": [form[key] for key in FIRST_FILTERS],
        "more_filters": [form["as_of"], *(form[key] for key in rest)],
        "has_more": any(form.errors.get(key) for key in ("as_of", *rest))
        or bool(asked and any(key in asked.parameters for key in ("as_of", *rest))),
        "has_wrong_days": any(form.errors.get(key) for key in COMMON[:3]),
        "views": view_menu(page=saved_page_of(found), user=user, query=asked.query() if asked else ""),
        "chips": asked.chips() if asked else [],
    }


def few_options(asked: Asked) -> list[OptionLinks]:
    return [
        OptionLinks(
            option,
            asked.question.options[option.key],
            [(value, words, asked.query_of_option(option.key, value)) for value, words in option.choices],
        )
        for option in asked.report.options
        if len(option.choices) <= FEW_CHOICES
    ]
