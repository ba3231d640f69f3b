"""What of a report's address is kept in a saved view: the filters and options."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import QueryDict

from leads.models import User
from leads.savedviews.pages import NothingToKeep, SavedPage, page_called, register
from reports.asking import ask
from reports.catalogue import Report, all_reports
from reports.dimensions import DIMENSIONS
from reports.filterbar import COMMON
from reports.period import today


def register_saved_pages() -> None:
    for report in all_reports():
        register(saved_page(report))


def saved_page(report: Report) -> SavedPage:
    def lasting(query: str, user: User) -> str:
        """Only what is known, in one order. What it means is looked at where it is saved."""
        said = QueryDict(query).dict()
        names = (*COMMON, *DIMENSIONS, *(option.key for option in report.options))
        return urlencode({name: text for name in names if (text := str(said.get(name, "")).strip())})

    def check(query: str, user: User) -> None:
        for _, sentence in ask(report, QueryDict(query).dict(), today=today()).sentences:
            raise NothingToKeep(sentence)

    return SavedPage(
        key=page_key(report),
        title=report.title,
        url_name="reports:report",
        args=(report.key,),
        lasting=lasting,
        check=check,
    )


def page_key(report: Report) -> str:
    return f"report-{report.key}"


def saved_page_of(report: Report) -> SavedPage:
    page = page_called(page_key(report))
    assert page is not None, report.key
    return page
