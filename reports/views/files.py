"""What a report shows, as files: a table, or the list behind a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from leads.htmx import HtmxRequest
from leads.permissions import can_export_leads
from reports.answering import answered, read_up_to_date
from reports.asking import ask
from reports.document import Drill
from reports.drilling.conditions import WrongCondition
from reports.drilling.listing import Found, all_rows, rows_behind
from reports.exports.as_csv import csv_lines, file_name, table_lines
from reports.period import today
from reports.scope import Scope
from reports.views.report import report_or_404

ROW_COLUMNS = (
    "lead", "external_id", "name", "email", "company", "source", "country", "stage", "at", "then", "amount", "score",
)  # fmt: skip


@require_GET
def table(request: HtmxRequest, key: str, table: str) -> HttpResponseBase:
    """A table as CSV, of the same numbers that the page shows."""
    asking = ask(report_or_404(key), request.GET.dict(), today=today())
    if asking.asked is None:
        return refused(sentence for _, sentence in asking.sentences)
    document = answered(asking.asked)
    found = next((one for one in document.tables if one.key == table), None)
    if found is None:
        raise Http404("There is no such table in this report.")
    return streamed(table_lines(found), file_name(asking.asked, found.key, "csv"))


@require_GET
def rows(request: HtmxRequest, key: str) -> HttpResponseBase:
    """The list behind a number as CSV."""
    if not can_export_leads(request.user):
        raise PermissionDenied(
            "Lists of leads are taken out by marketers, sales managers and administrators."
        )
    asking = ask(report_or_404(key), request.GET.dict(), today=today())
    if asking.asked is None:
        return refused(sentence for _, sentence in asking.sentences)
    drill, scope = asking.drill, asking.asked.scope
    try:
        found, _ = read_up_to_date(lambda: _begun(drill, scope))
    except WrongCondition as refusal:
        return refused([str(refusal)])
    lines = csv_lines(ROW_COLUMNS, (_row(row) for row in all_rows(found)))
    return streamed(lines, file_name(asking.asked, found.title, "csv"))


def _begun(drill: Drill, scope: Scope) -> Found:
    """The rows, to be read from where they were found: a copy that is away is known now, not amid the file."""
    found = rows_behind(drill, scope)
    found.rows.exists()
    return found.using(found.rows.db)


def _row(row: Any) -> list[Any]:
    lead = row.lead
    at = row.at.isoformat() if row.at else None
    return [
        lead.pk, lead.external_id, lead.display_name, lead.email, lead.company_name, lead.source,
        lead.country, lead.stage, at, row.then, row.amount, row.score,
    ]  # fmt: skip


def streamed(lines: Iterator[str], name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def refused(sentences: Iterable[str]) -> HttpResponse:
    return HttpResponseBadRequest("\n".join(sentences), content_type="text/plain; charset=utf-8")
