"""The list behind a number of any report."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from leads.htmx import HtmxRequest, render_part
from leads.permissions import can_export_leads
from reports.answering import read_up_to_date
from reports.asking import Asked, Asking, ask
from reports.catalogue import Report
from reports.document import Drill
from reports.drilling.conditions import WrongCondition
from reports.drilling.listing import BadPlace, Listing, listing
from reports.period import today
from reports.views.report import report_or_404


@require_GET
def rows(request: HtmxRequest, key: str) -> HttpResponse:
    report = report_or_404(key)
    asking = ask(report, request.GET.dict(), today=today())
    context = rows_context(report, asking, after=request.GET.get("after", ""))
    context["may_export"] = can_export_leads(request.user)
    return render_part(request, "reports/rows.html", "reports/_rows.html", context)


def rows_context(report: Report, asking: Asking, *, after: str) -> dict[str, Any]:
    asked = asking.asked
    page: Listing | None = None
    problems = list(asking.sentences)
    notices: list[str] = []
    if asked:
        try:
            scope = asked.scope
            found, notices = read_up_to_date(lambda: listing(asking.drill, scope, after=after))
            page = found
            notices += [found.found.notice] if found.found.notice else []
        except (WrongCondition, BadPlace) as refusal:
            problems.append(("rows", str(refusal)))
    return {
        "report": report,
        "address": reverse("reports:report", args=[report.key]),
        "asked": asked,
        "page": page,
        "problems": problems,
        "notices": notices,
        "title": page.found.title if page else "Rows behind a number",
        "file": asked.address_of(asking.drill, "reports:rows_file") if asked else "",
        "next": next_address(asked, asking.drill, page) if asked and page and page.after else "",
    }


def next_address(asked: Asked, drill: Drill, page: Listing) -> str:
    return f"{asked.address_of(drill)}&after={page.after}"
