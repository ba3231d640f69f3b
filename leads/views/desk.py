"""The manager's desk: who has how much, what is overdue, and giving it to somebody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from leads.desk.lists import desk_of
from leads.desk.scope import scope_of
from leads.errors import LeadError
from leads.handoff.decisions import NotYours
from leads.handoff.reassigning import Answer, absence_warning, give_each, reassign_each
from leads.handoff.recipients import candidates_for
from leads.htmx import HtmxRequest, render_part, wants_part
from leads.models import User
from leads.views.reassignform import ReassignForm, chosen_ids, say_answers

ONLY_MANAGERS = "The desk is for sales managers; your role manages no team."


class DeskForm(forms.Form):
    """Where somebody is: in the address of the page, and hidden in its forms."""

    team = forms.IntegerField(min_value=1, max_value=2**31, required=False)


@require_GET
def desk(request: HtmxRequest) -> HttpResponse:
    return render_desk(request, request.GET)


@require_POST
def desk_reassign(request: HtmxRequest) -> HttpResponse:
    """Handoffs that wait."""

    def give(ids: Sequence[int], data: dict[str, Any]) -> list[Answer]:
        return reassign_each(handoff_ids=ids, by=request.user, at=timezone.now(), **data)

    return do(request, "handoffs", give)


@require_POST
def desk_give(request: HtmxRequest) -> HttpResponse:
    """Leads that are worked."""

    def give(ids: Sequence[int], data: dict[str, Any]) -> list[Answer]:
        return give_each(lead_ids=ids, by=request.user, at=timezone.now(), **data)

    return do(request, "leads", give)


def do(
    request: HtmxRequest, what: str, give: Callable[[Sequence[int], dict[str, Any]], list[Answer]]
) -> HttpResponse:
    """Check, give each, and show the desk as it is now; what was refused as a whole stands above it."""
    check_manager(request.user)
    form = form_for(request.user, what, request.POST)
    if not form.is_valid():
        return render_desk(request, request.POST, status=422, refused=sentence_of(form))
    try:
        answers = give(chosen_ids(request.POST), form.cleaned_data)
    except NotYours as refusal:
        raise PermissionDenied(str(refusal)) from None
    except LeadError as refusal:
        return render_desk(request, request.POST, status=422, refused=str(refusal))
    warning = absence_warning(form.cleaned_data["to"], at=timezone.now())
    say_answers(request, answers, warning=warning)
    if wants_part(request):
        return render_desk(request, request.POST)
    team = team_in(request.POST)
    return redirect(f"{reverse('leads:desk')}?team={team}" if team else reverse("leads:desk"))


def team_in(place: Mapping[str, str]) -> int | None:
    """A team that is not there, or not theirs, shows them all."""
    where = DeskForm(place)
    return where.cleaned_data["team"] if where.is_valid() else None


def form_for(user: User, what: str, data: Mapping[str, Any] | None = None) -> ReassignForm:
    candidates = candidates_for(user, at=timezone.now(), with_queues=what == "handoffs")
    return ReassignForm(data, candidates=candidates)


def sentence_of(form: forms.Form) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def check_manager(user: User) -> None:
    if not user.is_manager:
        raise PermissionDenied(ONLY_MANAGERS)


def render_desk(
    request: HtmxRequest, place: Mapping[str, str], *, status: int = 200, refused: str = ""
) -> HttpResponse:
    check_manager(request.user)
    context = desk_context(request.user, place) | {"refused": refused}
    return render_part(request, "leads/desk.html", "leads/_desk.html", context, status=status)


def desk_context(user: User, place: Mapping[str, str]) -> dict[str, Any]:
    """The same for the page and for its part."""
    now = timezone.now()
    candidates = candidates_for(user, at=now)
    people = [one for one in candidates if isinstance(one.to, User)]
    return {
        "desk": desk_of(scope_of(user, team=team_in(place)), at=now),
        "now": now,
        "overdue_form": ReassignForm(candidates=candidates, auto_id="overdue-%s"),
        "unassigned_form": ReassignForm(candidates=candidates, auto_id="unassigned-%s"),
        "touches_form": ReassignForm(candidates=people, auto_id="touches-%s"),
    }
