"""My work by stage. A card is moved by dragging or by its menu; both ask for the same small form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from leads.errors import LeadError
from leads.handoff.decisions import ReasonRefused
from leads.htmx import HtmxRequest, render_part, wants_part
from leads.models import Deal, Lead, Reason, User
from leads.selling import deals
from leads.selling.board import Place, board_of, open_deals_of, place_of
from leads.selling.moves import check_place, win_at_once
from leads.selling.rights import NotYourLead
from leads.views.reasonform import ReasonForm
from leads.views.sellingforms import DealForm, WinForm


class WhereForm(forms.Form):
    """What the board shows, and which card is about to be moved where."""

    of = forms.ChoiceField(choices=[("team", "My team")], required=False)
    lead = forms.IntegerField(min_value=1, max_value=10**17, required=False)
    to = forms.ChoiceField(choices=Place.choices, required=False)


class WinNowForm(DealForm):
    """An SQL that bought at once: what for."""


class WhichDealForm(forms.Form):
    """Which of several open deals; not asked where there is one."""

    deal = forms.IntegerField(
        min_value=1,
        max_value=10**17,
        required=False,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Choose one of the open deals."),
    )


class WinDealForm(WinForm, WhichDealForm):
    pass


class LoseDealForm(ReasonForm, WhichDealForm):
    pass


@require_GET
def work_board(request: HtmxRequest) -> HttpResponse:
    where = read_where(request.GET)
    moving: dict[str, Any] = {}
    if where["lead"] and where["to"]:
        lead = get_object_or_404(Lead.objects.select_related("owner"), pk=where["lead"])
        try:
            check_place(lead=lead, to=where["to"], by=request.user)
        except LeadError as refusal:
            messages.warning(request, str(refusal))
        else:
            moving = moving_context(lead, where["to"], form=None)
    return render_board(request, where["of_team"], **moving)


@require_POST
def board_move(request: HtmxRequest, pk: int) -> HttpResponse:
    """Do what the card's new column stands for."""
    where = read_where(request.POST)
    lead = get_object_or_404(Lead.objects.select_related("owner"), pk=pk)
    to = where["to"]
    if to is None:
        messages.warning(request, "Choose a column: " + ", ".join(place.label for place in Place) + ".")
        return render_board(request, where["of_team"], status=422)
    form: forms.Form | None = None
    try:
        check_place(lead=lead, to=to, by=request.user)
        form = form_of(lead, to)(request.POST)
        said = act(lead, to, form, by=request.user) if form.is_valid() else ""
    except NotYourLead as refusal:
        raise PermissionDenied(str(refusal)) from None
    except LeadError as refusal:
        messages.warning(request, str(refusal))
        lead.refresh_from_db()
        return render_board(request, where["of_team"], status=409)
    if not said:
        return render_board(request, where["of_team"], status=422, **moving_context(lead, to, form=form))
    messages.success(request, said)
    if wants_part(request):
        return render_board(request, where["of_team"])
    return redirect(reverse("leads:work_board") + ("?of=team" if where["of_team"] else ""))


def form_of(lead: Lead, to: Place) -> type[forms.Form]:
    if to is Place.OPPORTUNITY:
        return DealForm
    if to is Place.WON:
        return WinNowForm if place_of(lead) is Place.SQL else WinDealForm
    return ReasonForm if place_of(lead) is Place.SQL else LoseDealForm


def act(lead: Lead, to: Place, form: forms.Form, *, by: User) -> str:
    """What was done, in words; empty where the form is incomplete. Raises LeadError."""
    data, at = form.cleaned_data, timezone.now()
    try:
        if to is Place.OPPORTUNITY:
            deals.open_deal(lead=lead, by=by, at=at, **data)
            return f"A deal with {lead} is open."
        if isinstance(form, WinNowForm):
            win_at_once(lead=lead, amount=data["amount"], currency=data["currency"], by=by, at=at)
            return f"Won. {lead} is a customer."
        if isinstance(form, WinDealForm):
            deals.win(deal=chosen_deal(lead, form), by=by, at=at, amount=data["amount"])
            return f"Won. {lead} is a customer."
        reason, note = data["reason"], data["note"]
        if isinstance(form, LoseDealForm):
            deals.lose(deal=chosen_deal(lead, form), reason=reason, note=note, by=by, at=at)
            return f"The deal with {lead} is lost: {reason}."
        deals.give_back(lead=lead, reason=reason, note=note, by=by, at=at)
        return f"{lead} is given back: {reason}."
    except ReasonRefused as refusal:
        form.add_error(None, str(refusal))
        return ""


def chosen_deal(lead: Lead, form: forms.Form) -> Deal:
    found = open_deals_of(lead)
    chosen = form.cleaned_data.get("deal")
    for deal in found:
        if deal.pk == chosen or (chosen is None and len(found) == 1):
            return deal
    if not found:
        raise deals.DealClosed(f"{lead} has no open deal; nothing was changed.")
    raise deals.DealClosed(f"{lead} has {len(found)} open deals: choose which one. Nothing was changed.")


def read_where(parameters: QueryDict) -> dict[str, Any]:
    form = WhereForm(parameters)
    form.is_valid()
    data = form.cleaned_data
    return {
        "of_team": data.get("of") == "team",
        "lead": data.get("lead"),
        "to": Place(data["to"]) if data.get("to") else None,
    }


def moving_context(lead: Lead, to: Place, *, form: forms.Form | None) -> dict[str, Any]:
    """The card that is about to be moved, and what that asks for."""
    start = place_of(lead)
    return {
        "moving": lead,
        "to": to,
        "form": form,
        "needs_reason": to is Place.LOST,
        "needs_date": to is Place.OPPORTUNITY,
        "is_new_deal": to is Place.OPPORTUNITY or (to is Place.WON and start is Place.SQL),
        "open_deals": open_deals_of(lead) if start is Place.OPPORTUNITY else (),
        "reasons": Reason.objects.filter(is_active=True) if to is Place.LOST else (),
    }


def render_board(request: HtmxRequest, of_team: bool, *, status: int = 200, **more: Any) -> HttpResponse:
    now = timezone.now()
    context = {
        "board": board_of(user=request.user, at=now, of_team=of_team),
        "now": now,
        "today": timezone.localdate(now),
        "moving": None,
        "query": "of=team&" if of_team and request.user.is_manager else "",
        "can_see_team": request.user.is_manager,
        **more,
    }
    return render_part(request, "leads/board.html", "leads/_board.html", context, status=status)
