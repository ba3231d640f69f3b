"""Deciding a selection of the queue's rows at once."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from leads.errors import LeadError
from leads.handoff.bulk import BulkAnswer, accept_each, give_each, reject_each, undo_each
from leads.handoff.decisions import DECIDERS, NotYours
from leads.handoff.reassigning import GIVERS, RecipientRefused
from leads.handoff.recipients import candidates_for
from leads.htmx import HtmxRequest
from leads.models import User
from leads.views.queue import place_of_form, render_queue
from leads.views.reasonform import ReasonForm

ROW_ID = re.compile(r"\d{1,18}", re.ASCII)
ACTIONS = ("accept", "reject", "reassign", "undo")


class NothingToDo(LeadError):
    """No lead was chosen, or nothing that could be done with it."""


@require_POST
def handoffs_decide(request: HtmxRequest) -> HttpResponse:
    """Each is decided on its own; the answer stands above the queue and lists what happened to each."""
    if not request.user.decides_handoffs:
        raise PermissionDenied(DECIDERS)
    try:
        answer = decide_each(request, by=request.user, at=timezone.now())
    except NotYours as refusal:
        raise PermissionDenied(str(refusal)) from None
    except LeadError as refusal:
        messages.warning(request, str(refusal))
        return render_queue(request, place_of_form(request), status=422, **refused(request))
    return render_queue(request, place_of_form(request), bulk=answer)


def decide_each(request: HtmxRequest, *, by: User, at: datetime) -> BulkAnswer:
    ids = chosen_ids(request)
    # The buttons of the reasons say nothing but the reason.
    action = request.POST.get("action") or ("reject" if "reason" in request.POST else "")
    if action == "accept":
        return accept_each(handoff_ids=ids, by=by, at=at)
    if action == "undo":
        return undo_each(handoff_ids=ids, by=by, at=at)
    if action == "reject":
        form = ReasonForm(request.POST)
        if not form.is_valid():
            raise NothingToDo(" ".join(str(error) for errors in form.errors.values() for error in errors))
        given = form.cleaned_data
        return reject_each(handoff_ids=ids, reason=given["reason"], note=given["note"], by=by, at=at)
    if action == "reassign":
        return reassign_chosen(ids, request.POST.get("to", ""), by=by, at=at)
    raise NothingToDo(f"Choose what to do with the leads: {', '.join(ACTIONS)}.")


def reassign_chosen(ids: list[int], key: str, *, by: User, at: datetime) -> BulkAnswer:
    if not by.is_manager:
        raise NotYours(GIVERS)
    for candidate in candidates_for(by, at=at):
        if candidate.key == key:
            return give_each(handoff_ids=ids, to=candidate.to, by=by, at=at)
    raise RecipientRefused("Choose to whom the leads go: somebody of the list, or a shared queue.")


def chosen_ids(request: HtmxRequest) -> list[int]:
    chosen = request.POST.getlist("handoff")
    if not chosen:
        raise NothingToDo("Choose one lead or more first: tick the boxes, or press x.")
    for text in chosen:
        if not ROW_ID.fullmatch(text):
            raise NothingToDo(f"“{text[:30]}” is no lead of the queue. Nothing was changed.")
    return [int(text) for text in chosen]


def refused(request: HtmxRequest) -> dict[str, Any]:
    """What was ticked and written stands there still."""
    chosen = {int(text) for text in request.POST.getlist("handoff") if ROW_ID.fullmatch(text)}
    return {"selected": chosen, "bulk_note": request.POST.get("note", "")}
