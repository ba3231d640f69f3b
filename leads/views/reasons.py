"""The reasons for rejecting, giving back and losing: everybody reads them, managers edit them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.errors import LeadError
from leads.htmx import HtmxRequest, render_part
from leads.models import Reason, ReasonChange
from leads.permissions import can_edit_reasons
from leads.reasons import NotReasonEditor, ReasonSheet, add_reason, change_reason, is_used, move_reason

MOST_CHANGES = 20
LONGEST_COOLDOWN = 3650


class ReasonEditForm(forms.Form):
    label = forms.CharField(
        label="Name",
        max_length=100,
        error_messages={
            "required": "Give the reason a name.",
            "max_length": "The name is longer than 100 characters.",
        },
    )
    leads_to = forms.ChoiceField(
        label="The lead is",
        choices=Reason.LeadsTo.choices,
        error_messages={
            "required": "Choose recycled or disqualified.",
            "invalid_choice": "Choose recycled or disqualified.",
        },
    )
    cooldown_days = forms.IntegerField(
        label="Cool-down in days, where it is recycled",
        min_value=0,
        max_value=LONGEST_COOLDOWN,
        required=False,
        error_messages={
            "invalid": "The cool-down must be a whole number of days, such as 90.",
            "min_value": "The cool-down must be 0 days or more.",
            "max_value": f"The cool-down must be at most {LONGEST_COOLDOWN} days.",
        },
    )
    note_required = forms.BooleanField(label="A note is required", required=False)
    is_active = forms.BooleanField(label="In use: sales may choose it", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"
        self.fields["leads_to"].widget.attrs["class"] = "form-select"
        for name in ("note_required", "is_active"):
            self.fields[name].widget.attrs["class"] = "form-check-input"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("leads_to") == Reason.LeadsTo.DISQUALIFIED:
            cleaned["cooldown_days"] = None
        elif cleaned.get("cooldown_days") is None and "cooldown_days" not in self.errors:
            self.add_error(
                "cooldown_days", "Say for how many days a recycled lead is left alone; 0 for none."
            )
        return cleaned

    @property
    def sheet(self) -> ReasonSheet:
        data = self.cleaned_data
        return ReasonSheet(
            label=" ".join(data["label"].split()),
            leads_to=Reason.LeadsTo(data["leads_to"]),
            cooldown_days=data["cooldown_days"],
            note_required=data["note_required"],
            is_active=data["is_active"],
        )


@require_GET
def reason_list(request: HtmxRequest) -> HttpResponse:
    return render_part(request, "leads/reasons.html", "leads/_reasons.html", list_context(request))


@require_http_methods(["GET", "POST"])
def reason_add(request: HtmxRequest) -> HttpResponse:
    check_editor(request)
    blank = {"leads_to": Reason.LeadsTo.RECYCLED, "cooldown_days": 90, "is_active": True}
    form = ReasonEditForm(request.POST) if request.method == "POST" else ReasonEditForm(initial=blank)
    if request.method == "POST" and form.is_valid():
        try:
            reason = add_reason(sheet=form.sheet, by=request.user, at=timezone.now())
        except LeadError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"“{reason}” is in the list of reasons.")
            return redirect("leads:reasons")
    return render_form(request, form, reason=None)


@require_http_methods(["GET", "POST"])
def reason_edit(request: HtmxRequest, pk: int) -> HttpResponse:
    check_editor(request)
    reason = get_object_or_404(Reason, pk=pk)
    sheet = ReasonSheet.of(reason)
    form = ReasonEditForm(request.POST) if request.method == "POST" else ReasonEditForm(initial=vars(sheet))
    if request.method == "POST" and form.is_valid():
        try:
            saved = change_reason(reason=reason, sheet=form.sheet, by=request.user, at=timezone.now())
        except LeadError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, saved_words(reason, saved))
            return redirect("leads:reasons")
    return render_form(request, form, reason=reason)


@require_POST
def reason_move(request: HtmxRequest, pk: int) -> HttpResponse:
    reason = get_object_or_404(Reason, pk=pk)
    up = request.POST.get("to") == "up"
    try:
        move_reason(reason=reason, up=up, by=request.user, at=timezone.now())
    except NotReasonEditor as refusal:
        raise PermissionDenied(str(refusal)) from None
    if request.htmx:
        return render_part(request, "leads/reasons.html", "leads/_reasons.html", list_context(request))
    return redirect("leads:reasons")


def check_editor(request: HtmxRequest) -> None:
    if not can_edit_reasons(request.user):
        raise PermissionDenied("Reasons are edited by sales managers.")


def list_context(request: HtmxRequest) -> dict[str, Any]:
    reasons = list(Reason.objects.order_by("position", "label", "pk"))
    return {
        "in_use": [reason for reason in reasons if reason.is_active],
        "out_of_use": [reason for reason in reasons if not reason.is_active],
        "changes": ReasonChange.objects.select_related("reason", "by")[:MOST_CHANGES],
        "can_edit": can_edit_reasons(request.user),
    }


def render_form(request: HtmxRequest, form: ReasonEditForm, *, reason: Reason | None) -> HttpResponse:
    context = {
        "form": form,
        "reason": reason,
        "is_used": reason is not None and is_used(reason),
        "changes": reason.changes.select_related("by")[:MOST_CHANGES] if reason else [],
    }
    return render(request, "leads/reason.html", context, status=422 if form.errors else 200)


def saved_words(before: Reason, after: Reason) -> str:
    if after.pk == before.pk:
        return f"“{after}” is saved. It holds for decisions from now on."
    return f"“{after}” takes the place of “{before}”, which stays with what was decided by it."
