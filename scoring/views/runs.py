from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from leads.htmx import HtmxRequest, render_part
from leads.models import Organisation
from scoring.errors import ScoringError
from scoring.history import (
    BadCursor,
    RunPage,
    at_work,
    chunks_of,
    history_page,
    largest_changes,
    last_ordinary_run,
    reports,
)
from scoring.models import Rulebook, ScoringRun
from scoring.nights import next_night
from scoring.permissions import can_set_nightly_hour, can_steer_runs
from scoring.runs import join_or_request_run
from scoring.steering import cancel, set_nightly_hour
from scoring.tasks import work_on_run


class NightlyHourForm(forms.Form):
    hour = forms.TypedChoiceField(
        label="Hour of the nightly run",
        coerce=int,
        choices=[(hour, f"{hour:02d}:00") for hour in range(24)],
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={
            "required": "Choose an hour, 00:00 to 23:00.",
            "invalid_choice": "“%(value)s” is not an hour of the day; choose 0 to 23.",
        },
    )


@require_GET
def runs(request: HtmxRequest) -> HttpResponse:
    """The ledger: what is at work, when the next night begins, and what the runs before did."""
    return render_part(request, "scoring/runs.html", "scoring/_runs.html", runs_context(request))


def runs_context(request: HtmxRequest, **more: Any) -> dict[str, Any]:
    now = timezone.now()
    page, problem = RunPage(rows=()), ""
    try:
        page = history_page(
            at=now, older_than=request.GET.get("before", ""), newer_than=request.GET.get("after", "")
        )
    except BadCursor as refusal:
        problem = str(refusal)
    organisation = Organisation.current()
    return {
        "active": at_work(at=now),
        "page": page,
        "problem": problem,
        "latest": last_ordinary_run(),
        "now": now,
        "next_night": next_night(at=now),
        "hour": organisation.nightly_hour,
        "promotion_limit": organisation.effective_promotion_limit(),
        "is_published": Rulebook.objects.filter(state=Rulebook.State.PUBLISHED).exists(),
        "zone": settings.TIME_ZONE,
        "can_steer": can_steer_runs(request.user),
        "can_set_hour": can_set_nightly_hour(request.user),
        "form": NightlyHourForm(initial={"hour": organisation.nightly_hour}),
        **more,
    }


@require_GET
def run(request: HtmxRequest, pk: int) -> HttpResponse:
    """One run: how far it is or how it ended, its ranges, and what it changed."""
    found = get_object_or_404(
        ScoringRun.objects.select_related("rulebook", "requested_by", "cancelled_by"), pk=pk
    )
    (report,) = reports([found], at=timezone.now())
    context = {
        "report": report,
        "run": found,
        "chunks": chunks_of(found),
        "changes": [] if found.is_active else largest_changes(found),
        "promotion_limit": Organisation.current().effective_promotion_limit(),
        "can_steer": can_steer_runs(request.user),
    }
    return render_part(request, "scoring/run.html", "scoring/_run.html", context)


@require_POST
def rescore(request: HtmxRequest) -> HttpResponse:
    """Ask for a run by hand. A broker that is down delays it to the next tick, and fails nothing."""
    if not can_steer_runs(request.user):
        raise PermissionDenied("Marketers and administrators start runs.")
    try:
        asked, is_new = join_or_request_run(
            kind=ScoringRun.Kind.MANUAL,
            at=timezone.now(),
            full=request.POST.get("leads") == "all",
            by=request.user,
        )
    except ScoringError as refusal:
        messages.error(request, str(refusal))
        return redirect("scoring:runs")
    # Not a partial: Django names the function when it logs that the broker is down.
    transaction.on_commit(lambda: work_on_run.delay(asked.pk), robust=True)
    if is_new:
        whom = "All leads" if asked.full else "Leads whose score can have changed"
        messages.success(request, f"{whom} are being rescored. This page shows how far it is.")
    else:
        who = f" by {asked.requested_by}" if asked.requested_by else ""
        messages.info(request, f"Such a run was asked for already{who}, and is not over: see below.")
    return redirect("scoring:runs")


@require_POST
def run_cancel(request: HtmxRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ScoringRun, pk=pk)
    if not can_steer_runs(request.user):
        raise PermissionDenied("Marketers and administrators cancel runs.")
    try:
        cancel(run=found, by=request.user, at=timezone.now())
    except ScoringError as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"{found.title} is cancelled. What it has scored so far stays.")
    address = reverse("scoring:run", args=[found.pk])
    # Its button asks "are you sure" by htmx; the answer is a page.
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


@require_POST
def nightly_hour(request: HtmxRequest) -> HttpResponse:
    if not can_set_nightly_hour(request.user):
        raise PermissionDenied("Administrators choose the hour of the nightly run.")
    form = NightlyHourForm(request.POST)
    if not form.is_valid():
        return render(request, "scoring/runs.html", runs_context(request, form=form), status=422)
    hour = form.cleaned_data["hour"]
    set_nightly_hour(hour=hour)
    messages.success(request, f"The nightly run begins at {hour:02d}:00 ({settings.TIME_ZONE}).")
    return redirect("scoring:runs")
