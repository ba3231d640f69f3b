"""Handing over what somebody has: what there is, to whom it goes, and doing it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from leads.handoff.decisions import NotYours
from leads.handoff.recipients import candidates_for, choices_of
from leads.handover.acting import Choice, HandOverRefused, Plan, Way, hand_over, takers_for
from leads.handover.holdings import Holdings, holdings_of
from leads.htmx import HtmxRequest
from leads.models import HandOver, User
from leads.permissions import can_hand_over, can_move_people

KINDS = (
    ("handoffs", Way.QUEUE, "the shared queue of their team"),
    ("leads", None, ""),
    ("companies", Way.NOBODY, "nobody: their leads go by the rules"),
)


class HandOverForm(forms.Form):
    why = forms.CharField(
        label="Because",
        max_length=200,
        required=False,
        error_messages={"max_length": "The reason is longer than 200 characters."},
    )
    deactivate = forms.BooleanField(label="End their access", required=False)

    def __init__(self, *args: Any, of: User, by: User, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = candidates_for(by, at=at, with_queues=False, everybody=can_move_people(by))
        people = [one for one in found if isinstance(one.to, User) and one.to.pk != of.pk]
        self.people = {one.key: one.to for one in people}
        self.takers = takers_for(of, at=at)
        for name, way, label in KINDS:
            first = [(Way.SPREAD.value, f"by turns in {of.team or 'no team'}")]
            first += [(way.value, label)] if way else []
            first += [(Way.LEAVE.value, f"nobody else: stays with {of}")]
            self.fields[name] = forms.ChoiceField(
                choices=[*first, *choices_of(people)],
                error_messages={
                    "required": "Choose who takes over.",
                    "invalid_choice": "Choose who takes over.",
                },
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        self.fields["why"].widget.attrs["class"] = "form-control"
        self.fields["deactivate"].widget.attrs["class"] = "form-check-input"

    def choice(self, name: str) -> Choice:
        person = self.people.get(self.cleaned_data[name])
        return (
            Choice(Way.PERSON, person) if isinstance(person, User) else Choice(Way(self.cleaned_data[name]))
        )

    @property
    def plan(self) -> Plan:
        """Once valid."""
        return Plan(
            handoffs=self.choice("handoffs"),
            leads=self.choice("leads"),
            companies=self.choice("companies"),
            deactivate=self.cleaned_data["deactivate"],
            why=self.cleaned_data["why"],
        )


@require_GET
def hand_over_plan(request: HtmxRequest, pk: int) -> HttpResponse:
    """For somebody who is away, only the queue is suggested; else everything."""
    of, now = person_of(request.user, pk), timezone.now()
    rest = Way.LEAVE if of.is_active and of.is_absent(on=timezone.localdate(now)) else Way.SPREAD
    initial = {"handoffs": Way.SPREAD.value, "leads": rest.value, "companies": rest.value}
    return render_plan(request, of, HandOverForm(of=of, by=request.user, at=now, initial=initial))


@require_POST
def hand_over_do(request: HtmxRequest, pk: int) -> HttpResponse:
    of, now = person_of(request.user, pk), timezone.now()
    form = HandOverForm(request.POST, of=of, by=request.user, at=now)
    if form.is_valid():
        try:
            done = hand_over(of=of, plan=form.plan, by=request.user, at=now)
        except NotYours as refusal:
            raise PermissionDenied(str(refusal)) from None
        except HandOverRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, words_of(done))
            return redirect("leads:hand_over_plan", pk)
    return render_plan(request, of, form, status=422)


def person_of(user: User, pk: int) -> User:
    of: User = get_object_or_404(User.objects.in_sales().select_related("team"), pk=pk)
    if not can_hand_over(user, of):
        raise PermissionDenied(f"What {of} has is handed over by the managers of {of.team or 'all teams'}.")
    return of


def render_plan(request: HtmxRequest, of: User, form: HandOverForm, *, status: int = 200) -> HttpResponse:
    holdings = holdings_of(of, at=timezone.now())
    context = {
        "of": of,
        "holdings": holdings,
        "lines": lines_of(holdings, form),
        "form": form,
        "may_end": of.is_active and of.pk != request.user.pk,
        "earlier": list(of.hand_overs.select_related("by")[:5]),
    }
    return render(request, "leads/hand_over.html", context, status=status)


def lines_of(holdings: Holdings, form: HandOverForm) -> list[tuple[str, int, str, forms.BoundField]]:
    """What there is of each kind, with what goes along with it."""
    leads = (
        f"{holdings.sqls:,} SQL, {holdings.opportunities:,} opportunities, {holdings.customers:,} customers"
    )
    along = f"with {holdings.open_deals:,} open deals and {holdings.open_steps:,} next steps"
    return [
        (
            "Waiting handoffs",
            holdings.waiting,
            f"{holdings.overdue:,} overdue; clocks run on",
            form["handoffs"],
        ),
        ("Leads that they work", holdings.leads, f"{leads}, {along}", form["leads"]),
        ("Companies", holdings.companies, "whose new leads come to the owner", form["companies"]),
    ]


def words_of(done: HandOver) -> str:
    ended = f" {done.of} can no longer sign in." if done.deactivated else ""
    return (
        f"Handed over: {done.handoffs:,} handoffs, {done.leads:,} leads with {done.deals:,} deals,"
        f" {done.companies:,} companies.{ended}"
    )
