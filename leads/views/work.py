"""My work, and the sheet of one lead that sales works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from leads.errors import LeadError
from leads.htmx import HtmxRequest, render_part, wants_part
from leads.models import Deal, Lead, Qualification, RepeatSignal, User
from leads.selling import deals, steps
from leads.selling.repeat import dismiss, signals_for
from leads.selling.rights import NotYourLead
from leads.selling.sheet import QUESTIONS, work_sheet
from leads.selling.work import work_page
from leads.views.reasonform import ReasonForm
from leads.views.sellingforms import AnswerForm, DealForm, StepForm, TouchForm, WinForm


@require_GET
def my_work(request: HtmxRequest) -> HttpResponse:
    """The leads that the user works, by when something is due."""
    number = PageForm(request.GET)
    page = number.cleaned_data["page"] if number.is_valid() and number.cleaned_data["page"] else 1
    now = timezone.now()
    context = {
        "work": work_page(user=request.user, at=now, number=page),
        "signals": signals_for(request.user) if page == 1 else (),
        "now": now,
    }
    return render_part(request, "leads/work.html", "leads/_work.html", context)


@require_POST
def repeat_dismiss(request: HtmxRequest, pk: int) -> HttpResponse:
    """A customer that qualified again buys nothing this time."""
    signal = get_object_or_404(RepeatSignal.objects.select_related("lead__owner"), pk=pk)
    try:
        dismiss(signal=signal, by=request.user, at=timezone.now())
    except NotYourLead as refusal:
        raise PermissionDenied(str(refusal)) from None
    except LeadError as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"Dismissed. {signal.lead} is shown again when it shows new interest.")
    return redirect("leads:work")


class PageForm(forms.Form):
    page = forms.IntegerField(min_value=1, max_value=100_000, required=False)


@require_GET
def lead_work(request: HtmxRequest, pk: int) -> HttpResponse:
    return render_sheet(request, get_object_or_404(Lead.objects.for_page(), pk=pk))


@require_POST
def touch_log(request: HtmxRequest, pk: int) -> HttpResponse:
    def act(lead: Lead, data: dict[str, Any]) -> str:
        touch = steps.log_touch(lead=lead, by=request.user, at=timezone.now(), **data)
        return f"{touch.get_kind_display()} with {lead} is logged."

    return do(request, pk, "touch", TouchForm(request.POST), act)


@require_POST
def step_plan(request: HtmxRequest, pk: int) -> HttpResponse:
    def act(lead: Lead, data: dict[str, Any]) -> str:
        step = steps.plan_step(lead=lead, by=request.user, at=timezone.now(), **data)
        return f"Next: {step.what}, by {step.due_on:%a %d %b}."

    return do(request, pk, "step", StepForm(request.POST), act)


@require_POST
def step_finish(request: HtmxRequest, pk: int) -> HttpResponse:
    def act(lead: Lead, data: dict[str, Any]) -> str:
        is_done = steps.finish_step(lead=lead, by=request.user, at=timezone.now())
        return "Done. What is next?" if is_done else "There was no open step."

    return do(request, pk, "step", forms.Form(request.POST), act)


@require_POST
def qualification_answer(request: HtmxRequest, pk: int) -> HttpResponse:
    def act(lead: Lead, data: dict[str, Any]) -> str:
        answers = {name: data[name] for name, _, _ in QUESTIONS}
        steps.answer(lead=lead, answers=answers, note=data["note"], by=request.user)
        return "The checklist is saved."

    return do(request, pk, "answers", AnswerForm(request.POST), act)


@require_POST
def lead_give_back(request: HtmxRequest, pk: int) -> HttpResponse:
    def act(lead: Lead, data: dict[str, Any]) -> str:
        deals.give_back(lead=lead, by=request.user, at=timezone.now(), **data)
        return f"{lead} is given back: {data['reason']}."

    return do(request, pk, "give_back", ReasonForm(request.POST), act)


@require_POST
def deal_open(request: HtmxRequest, pk: int) -> HttpResponse:
    def act(lead: Lead, data: dict[str, Any]) -> str:
        deals.open_deal(lead=lead, by=request.user, at=timezone.now(), **data)
        return f"A deal with {lead} is open."

    return do(request, pk, "deal", DealForm(request.POST), act)


@require_POST
def deal_win(request: HtmxRequest, pk: int) -> HttpResponse:
    deal = get_object_or_404(Deal.objects.select_related("lead"), pk=pk)

    def act(lead: Lead, data: dict[str, Any]) -> str:
        deals.win(deal=deal, by=request.user, at=timezone.now(), **data)
        return f"Won. {lead} is a customer."

    return do(request, deal.lead_id, f"deal-{pk}", WinForm(request.POST), act)


@require_POST
def deal_lose(request: HtmxRequest, pk: int) -> HttpResponse:
    deal = get_object_or_404(Deal.objects.select_related("lead"), pk=pk)

    def act(lead: Lead, data: dict[str, Any]) -> str:
        deals.lose(deal=deal, by=request.user, at=timezone.now(), **data)
        return f"The deal with {lead} is lost: {data['reason']}."

    return do(request, deal.lead_id, f"deal-{pk}", ReasonForm(request.POST), act)


def do(
    request: HtmxRequest, pk: int, what: str, form: forms.Form, act: Callable[[Lead, dict[str, Any]], str]
) -> HttpResponse:
    """Check, act, and show the sheet as it is now; what was refused stands at its form with what was typed."""
    lead = get_object_or_404(Lead.objects.for_page(), pk=pk)
    if not form.is_valid():
        return render_sheet(request, lead, status=422, refused=what, form=form)
    try:
        said = act(lead, form.cleaned_data)
    except NotYourLead as refusal:
        raise PermissionDenied(str(refusal)) from None
    except LeadError as refusal:
        form.add_error(None, str(refusal))
        return render_sheet(request, lead, status=409, refused=what, form=form)
    messages.success(request, said)
    if request.POST.get("next") == "work":  # pressed in the list
        return redirect("leads:work")
    if not wants_part(request):
        return redirect("leads:detail", pk)
    return render_sheet(request, Lead.objects.for_page().get(pk=pk))


def render_sheet(request: HtmxRequest, lead: Lead, *, status: int = 200, **more: Any) -> HttpResponse:
    context = sheet_context(lead, request.user) | more
    return render_part(request, "leads/worksheet.html", "leads/_worksheet.html", context, status=status)


def sheet_context(lead: Lead, user: User) -> dict[str, Any]:
    """The same for the card on the lead's page and for its own address."""
    return {
        "lead": lead,
        "sheet": work_sheet(lead=lead, user=user),
        "now": timezone.now(),
        "tomorrow": timezone.localdate() + timedelta(days=1),
        "answers": Qualification.Answer.choices,
        "refused": "",
        "form": None,
    }
