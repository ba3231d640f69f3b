"""Absences: one's own, and those of the people one looks after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from leads.errors import LeadError
from leads.handoff.recipients import waiting_by_assignee
from leads.htmx import HtmxRequest
from leads.models import Absence, User
from leads.permissions import can_enter_absence, can_move_people
from leads.teams.absences import absences_of, add_absence, change_absence, remove_absence
from leads.views.teamforms import AbsenceForm

OTHERS = "Absences are entered by those who are away, their managers and administrators."


@require_GET
def absences(request: HtmxRequest) -> HttpResponse:
    return render_absences(request)


@require_POST
def absence_add(request: HtmxRequest) -> HttpResponse:
    def act(form: AbsenceForm) -> str:
        person = form.cleaned_data["person"]
        add_absence(user=person, days=form.days, by=request.user, at=timezone.now())
        return f"{person} is away from {form.days.first:%a %d %b} to {form.days.last:%a %d %b}."

    return do(request, act)


@require_POST
def absence_change(request: HtmxRequest, pk: int) -> HttpResponse:
    """Other days, or (`remove`) none."""
    absence = get_object_or_404(Absence.objects.select_related("user__team"), pk=pk)
    if not can_enter_absence(request.user, absence.user):
        raise PermissionDenied(OTHERS)
    if request.POST.get("remove"):
        remove_absence(absence=absence, by=request.user)
        messages.success(request, f"The absence of {absence.user} is removed.")
        return redirect("leads:absences")

    def act(form: AbsenceForm) -> str:
        change_absence(absence=absence, days=form.days, by=request.user, at=timezone.now())
        return f"{absence.user} is away from {form.days.first:%a %d %b} to {form.days.last:%a %d %b}."

    return do(request, act, person=absence.user)


def do(request: HtmxRequest, act: Callable[[AbsenceForm], str], person: User | None = None) -> HttpResponse:
    people = people_of(request.user)
    if not people:
        raise PermissionDenied(OTHERS)
    data = request.POST.copy()
    if person is not None:
        data["person"] = str(person.pk)
    form = AbsenceForm(data, people=User.objects.filter(pk__in=[one.pk for one in people]))
    if form.is_valid():
        try:
            messages.success(request, act(form))
            return redirect("leads:absences")
        except LeadError as refusal:
            form.add_error(None, str(refusal))
    return render_absences(request, form, status=422)


def render_absences(
    request: HtmxRequest, form: AbsenceForm | None = None, *, status: int = 200
) -> HttpResponse:
    people = people_of(request.user)
    now, waiting = timezone.now(), waiting_by_assignee([one.pk for one in people])
    context: dict[str, Any] = {
        "people": [(one, waiting.get(one.pk, 0)) for one in people],
        "calendar": absences_of(people, at=now),
        "today": timezone.localdate(now),
        "form": form or AbsenceForm(people=User.objects.none()),
    }
    return render(request, "leads/absences.html", context, status=status)


def people_of(user: User) -> list[User]:
    """Whose absences this user may enter, themselves first."""
    people = User.objects.in_sales().filter(is_active=True).select_related("team")
    if not can_move_people(user):
        people = people.filter(team=user.team_id) if user.is_manager else people.filter(pk=user.pk)
    return sorted(
        people.order_by("team__name", "first_name", "last_name", "username"),
        key=lambda one: one.pk != user.pk,
    )
