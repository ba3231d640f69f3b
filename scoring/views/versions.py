from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from leads.htmx import HtmxRequest, render_part
from scoring.effect.page import page_of as page_of_effect
from scoring.effect.study import effect_of, latest_count, latest_study, outdated
from scoring.linting import lint_form
from scoring.models import Rulebook
from scoring.permissions import can_comment, can_edit_rulebooks, can_see, can_see_drafts, can_study
from scoring.reviews import review_of_published
from scoring.rulebook.approval import approval_of
from scoring.rulebook.catalogue import (
    VersionPage,
    comparable,
    drafts,
    standard_of,
    versions_page,
    with_people,
)
from scoring.rulebook.difference import difference
from scoring.rulebook.events import BadPlace, events_page, latest_edit, place_in_list
from scoring.rulebook.page import page_of, signature_of
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of
from scoring.rulebook.values import ValueWords

# The part that htmx asks for, by the id that it replaces.
PARTS = {"difference": "scoring/_difference.html", "history": "scoring/_version_history.html"}


@require_GET
def versions(request: HtmxRequest) -> HttpResponse:
    """Every version that was published, and, for those who may see them, the drafts."""
    page, problem = VersionPage(rows=()), ""
    try:
        page = versions_page(before=request.GET.get("before", ""))
    except BadPlace as refusal:
        problem = str(refusal)
    discarded = "discarded" in request.GET
    sees_drafts, review = can_see_drafts(request.user), review_of_published()
    context = {
        "page": page,
        "problem": problem,
        "is_first": "before" not in request.GET,
        "drafts": drafts(discarded=discarded) if sees_drafts else [],
        "discarded": discarded,
        "can_see_drafts": sees_drafts,
        "can_edit": can_edit_rulebooks(request.user),
        "review": review,
        "is_due": bool(review and review.is_due(timezone.localdate())),
    }
    return render(request, "scoring/versions.html", context)


@require_GET
def version(request: HtmxRequest, pk: int) -> HttpResponse:
    """One version or draft: its rules in plain words, who stands behind it, and all that happened to it."""
    return version_page(request, visible(request, pk))


def visible(request: HtmxRequest, pk: int) -> Rulebook:
    """The rulebook with this id; 404 where there is none, 403 for a draft that the user may not see."""
    book = with_people(pk)
    if book is None:
        raise Http404(f"There is no rulebook {pk}.")
    if not can_see(request.user, book):
        raise PermissionDenied("Drafts are for marketers, sales managers and administrators.")
    return book


def version_page(
    request: HtmxRequest, book: Rulebook, *, status: int = 200, note: str = "", comment: str = ""
) -> HttpResponse:
    """The page, with what was typed into its forms; of htmx it is asked in parts."""
    words = ValueWords.here()
    context = {
        "book": book,
        **_rules(book, words),
        **_difference(request, book, words),
        **_history(request, book),
        **_impact(book),
        "approval": approval_of(book, user=request.user),
        "last_edit": latest_edit(book),
        "note": note or book.note,
        "comment": comment,
        "can_edit": can_edit_rulebooks(request.user),
        "can_comment": can_comment(request.user),
        "can_count": can_study(request.user),
    }
    part = PARTS.get(request.htmx.target or "", "")
    page = "scoring/version.html"
    return render_part(request, page, part or page, context, status=status)


def _rules(book: Rulebook, words: ValueWords) -> dict[str, Any]:
    try:
        form = form_of(book)
    except RulebookError as error:
        return {"page": None, "lint": None, "mistakes": error.mistakes, "signature": signature_of(book)}
    return {
        "page": page_of(book, form, words.words),
        "lint": lint_form(form),
        "mistakes": (),
        "signature": signature_of(book),
    }


def _difference(request: HtmxRequest, book: Rulebook, words: ValueWords) -> dict[str, Any]:
    others, problem = comparable(book, with_drafts=can_see_drafts(request.user)), ""
    asked = request.GET.get("against", "")
    against = next((one for one in others if str(one.pk) == asked), None)
    if asked and against is None:
        problem = f"“{asked[:60]}” is no rulebook that this one can be compared with; choose one of the list."
    elif not asked:
        against = standard_of(book, others)
    return {
        "others": others,
        "against": against,
        "difference": difference(against, book, words=words) if against else None,
        "difference_problem": problem,
    }


def _impact(book: Rulebook) -> dict[str, Any]:
    """What was counted of all leads, for the page of a draft; and of a version what was counted before it was one."""
    counted, latest = latest_count(book), latest_study(book)
    is_of_this = counted is not None and counted.revision == book.revision
    return {
        "impact": page_of_effect(effect_of(counted), shown=0) if counted and is_of_this else None,
        "counted": counted,
        "outdated": outdated(counted) if counted and book.is_draft else "",
        "counting": latest if latest and latest.is_active else None,
    }


def _history(request: HtmxRequest, book: Rulebook) -> dict[str, Any]:
    try:
        before = place_in_list(request.GET.get("before", ""))
    except BadPlace as refusal:
        return {"history": None, "history_problem": str(refusal), "is_newest": True}
    return {
        "history": events_page(book, before=before),
        "history_problem": "",
        "is_newest": before is None,
    }
