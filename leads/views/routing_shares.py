"""Routing looked at: where leads would go, who was given how much, and why each went there."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from leads.htmx import HtmxRequest, render_part
from leads.models import HandoffAssignment, Lead, User
from leads.models.fields import day_of
from leads.routing.fairness import shared_queues, team_shares
from leads.routing.trial import try_rules

PAGE_SIZE = 50
PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "12 months"}


class PeriodForm(forms.Form):
    days = forms.ChoiceField(choices=list(PERIODS.items()), required=False)
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    def read(self) -> tuple[int, int]:
        """Days and page; the usual ones for what cannot be."""
        days = (self.cleaned_data.get("days") if not self.is_valid() else self.cleaned_data["days"]) or "30"
        return int(days), self.cleaned_data.get("page") or 1


@require_GET
def routing_test(request: HtmxRequest) -> HttpResponse:
    """The last leads that were offered, or one that is asked for: where by the rules in force, where by the draft."""
    asked = request.GET.get("lead", "").strip()[:254]
    lead = _lead(asked) if asked else None
    trial = None if asked and lead is None else try_rules(day=day_of(timezone.now()), only=lead)
    context = {"trial": trial, "asked": asked}
    return render_part(request, "leads/routing_test.html", "leads/routing/_trial.html", context)


def _lead(text: str) -> Lead | None:
    """By e-mail address, name or external id, as in the search of leads; by number, too."""
    found = Lead.objects.select_related("score")
    lead: Lead | None = None
    if text.isascii() and text.isdecimal() and len(text) < 16:
        lead = found.filter(pk=text).first()
    return lead or found.found_by(text.replace("\0", "")).order_by("pk").first()


@require_GET
def routing_shares(request: HtmxRequest) -> HttpResponse:
    days, _page = PeriodForm(request.GET).read()
    today = day_of(timezone.now())
    first = today - timedelta(days=days - 1)
    context = {
        "teams": team_shares(first=first, last=today, today=today),
        "shared": shared_queues(first=first, last=today),
        "days": str(days),
        "periods": PERIODS,
    }
    return render_part(request, "leads/routing_shares.html", "leads/routing/_shares.html", context)


@require_GET
def routing_member(request: HtmxRequest, pk: int) -> HttpResponse:
    """What one person was given in the period, the latest first, each with why."""
    member = get_object_or_404(User.objects.select_related("team"), pk=pk)
    days, page = PeriodForm(request.GET).read()
    first = day_of(timezone.now()) - timedelta(days=days - 1)
    rows = HandoffAssignment.objects.filter(assignee=member, day__gte=first).select_related("handoff__lead")
    found = Paginator(rows.order_by("-day", "-pk"), PAGE_SIZE).get_page(page)
    context = {"member": member, "rows": found, "days": str(days), "period": PERIODS[str(days)]}
    return render(request, "leads/routing_member.html", context)
