"""Teams in the browser: settings, hours and holidays, members and their shares, absences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from leads.errors import LeadError
from leads.handoff.recipients import waiting_by_assignee
from leads.htmx import HtmxRequest, render_part
from leads.models import Handoff, Team, User
from leads.permissions import can_keep_team, can_move_people
from leads.teams.absences import absences_of
from leads.teams.keeping import NotYourTeam, create_team, move_person, save_team, set_share
from leads.teams.outlook import outlook
from leads.views.teamforms import NewTeamForm, PersonForm, ShareForm, TeamForm

MOST_CHANGES = 20
BY_NAME = ("first_name", "last_name", "username")


@require_GET
def team_list(request: HtmxRequest) -> HttpResponse:
    return render_teams(request, NewTeamForm())


@require_POST
def team_add(request: HtmxRequest) -> HttpResponse:
    if not can_move_people(request.user):
        raise PermissionDenied("Teams are made by administrators and managers who look after all teams.")
    form = NewTeamForm(request.POST)
    if not form.is_valid():
        return render_teams(request, form, status=422)
    team = create_team(name=form.cleaned_data["name"], by=request.user, at=timezone.now())
    messages.success(
        request, f"{team} is there. Its hours are Monday to Friday, 9:00 to 17:00, until you say else."
    )
    return redirect("leads:team", team.pk)


def render_teams(request: HtmxRequest, form: NewTeamForm, *, status: int = 200) -> HttpResponse:
    members = Count("members", filter=Q(members__is_active=True))
    context = {
        "teams": Team.objects.annotate(people=members).order_by("-is_active", "name"),
        "without": list(sales_people().filter(team=None).order_by(*BY_NAME)),
        "form": form,
        "may_add": can_move_people(request.user),
    }
    return render(request, "leads/teams.html", context, status=status)


@require_GET
def team(request: HtmxRequest, pk: int) -> HttpResponse:
    return render_team(request, get_object_or_404(Team, pk=pk))


@require_POST
def team_save(request: HtmxRequest, pk: int) -> HttpResponse:
    def act(form: TeamForm) -> str:
        save_team(team=form.instance, hours=form.hours, by=request.user, at=timezone.now())
        return f"{form.instance} is saved. It holds for what is offered and accepted from now on."

    return do(request, pk, lambda team: TeamForm(request.POST, instance=team), act)


@require_GET
def team_outlook(request: HtmxRequest, pk: int) -> HttpResponse:
    """What the settings that are typed, and not yet saved, would come to."""
    team = get_object_or_404(Team, pk=pk)
    form = TeamForm(request.GET, instance=team)
    context = team_context(get_object_or_404(Team, pk=pk), request.user, form)
    return render_part(request, "leads/team.html", "leads/_team_outlook.html", context)


@require_POST
def team_share(request: HtmxRequest, pk: int) -> HttpResponse:
    """How much of what the team is given a member gets."""
    person = get_object_or_404(User.objects.select_related("team"), pk=pk, team__isnull=False)
    assert person.team_id is not None

    def act(form: ShareForm) -> str:
        weight, cap = form.cleaned_data["routing_weight"], form.cleaned_data["open_cap"]
        set_share(person=person, weight=weight, cap=cap, by=request.user, at=timezone.now())
        return f"{person} has a share of {weight} %" + (f" and at most {cap} open." if cap else ".")

    return do(request, person.team_id, lambda team: ShareForm(request.POST), act)


@require_POST
def team_member(request: HtmxRequest, pk: int) -> HttpResponse:
    """Put somebody into the team, or (`out`) out of it."""
    if not can_move_people(request.user):
        raise PermissionDenied("People are moved by administrators and managers who look after all teams.")

    def act(form: PersonForm) -> str:
        person, is_out = form.cleaned_data["person"], bool(request.POST.get("out"))
        team = None if is_out else get_object_or_404(Team, pk=pk)
        before = person.team
        move_person(person=person, team=team, by=request.user, at=timezone.now())
        was = f", no longer in {before}" if before and team else ""
        return f"{person} is in {team or 'no team'} now{was}. What waits for them stays with them."

    return do(request, pk, lambda team: PersonForm(request.POST, people=sales_people()), act)


def do(
    request: HtmxRequest, pk: int, form_of: Callable[[Team], Any], act: Callable[[Any], str]
) -> HttpResponse:
    """Check, act, and go back to the page of the team; what was refused stands on it with what was typed."""
    team = get_object_or_404(Team, pk=pk)
    if not can_keep_team(request.user, team):
        raise PermissionDenied(f"{team} is looked after by its sales managers and by administrators.")
    form = form_of(team)
    if form.is_valid():
        try:
            messages.success(request, act(form))
            return redirect("leads:team", pk)
        except NotYourTeam as refusal:
            raise PermissionDenied(str(refusal)) from None
        except LeadError as refusal:
            form.add_error(None, str(refusal))
    return render_team(request, get_object_or_404(Team, pk=pk), form, status=422)


def render_team(
    request: HtmxRequest, team: Team, form: forms.BaseForm | None = None, *, status: int = 200
) -> HttpResponse:
    context = team_context(team, request.user, form)
    return render(request, "leads/team.html", context, status=status)


def team_context(team: Team, user: User, form: forms.BaseForm | None = None) -> dict[str, Any]:
    """The same for the page, and for the outlook alone. `form`: the one that was refused, or is tried out."""
    now = timezone.now()
    team_form = form if isinstance(form, TeamForm) else TeamForm(instance=team)
    shown = team_form if team_form.is_bound else TeamForm(form_data(team), instance=team)
    members = list(team.members.filter(is_active=True).prefetch_related("groups").order_by(*BY_NAME))
    waiting = waiting_by_assignee([member.pk for member in members])
    return {
        "team": team,
        "form": team_form,
        "refused": form if form is not None and not isinstance(form, TeamForm) else None,
        "outlook": outlook(shown.settings, at=now) if shown.is_valid() else None,
        "problems": [str(error) for errors in shown.errors.values() for error in errors],
        "running": Handoff.objects.waiting().filter(team=team, decide_due_at__isnull=False).count(),
        "members": [(member, waiting.get(member.pk, 0)) for member in members],
        "others": sales_people().exclude(team=team).select_related("team").order_by(*BY_NAME),
        "calendar": absences_of(members, at=now),
        "today": timezone.localdate(now),
        "changes": team.changes.select_related("by")[:MOST_CHANGES],
        "may_keep": can_keep_team(user, team),
        "may_move": can_move_people(user),
    }


def form_data(team: Team) -> dict[str, Any]:
    """What the form of the team would send, as it stands."""
    form = TeamForm(instance=team)
    return {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}


def sales_people() -> Any:
    return User.objects.in_sales().filter(is_active=True)
