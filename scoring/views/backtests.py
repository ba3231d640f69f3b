"""What a rulebook would have meant for the decisions of sales: ask for a backtest, see it, open its numbers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from leads.htmx import HtmxRequest, render_part
from leads.views.dayfields import DayInput
from scoring.backtest.asked import DAILY, MOST_WITHIN, WITHIN, Asked, BacktestRefused, check
from scoring.backtest.figures import decisions_figure, timing_figure, weekly_figure
from scoring.backtest.listing import page_of_lines, part_of, title_of
from scoring.backtest.result import Result
from scoring.backtest.verdict import verdict
from scoring.models import Rulebook, Study
from scoring.permissions import can_study
from scoring.studies.ledger import request_study
from scoring.tasks import hand_out
from scoring.views.studies import study_context, visible_study
from scoring.views.versions import visible

PERIODS = {"30": "Last 30 days", "90": "Last 90 days", "180": "Last 180 days", "365": "Last year"}
OWN = "own"
SHOWN = 20


class BacktestForm(forms.Form):
    period = forms.ChoiceField(
        choices=[*PERIODS.items(), (OWN, "These days:")],
        initial="90",
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": "There is no period “%(value)s”; choose one of the list."},
    )
    first = forms.DateField(
        label="First day",
        required=False,
        widget=DayInput(),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "The first day is not a date: write it as YYYY-MM-DD."},
    )
    last = forms.DateField(
        label="Last day",
        required=False,
        widget=DayInput(),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "The last day is not a date: write it as YYYY-MM-DD."},
    )
    within = forms.IntegerField(
        label="The same within (days)",
        initial=WITHIN,
        min_value=0,
        max_value=MOST_WITHIN,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )

    def __init__(self, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.asked: Asked | None = None

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if self.errors:
            return found
        first, last = found.get("first"), found.get("last")
        if found["period"] != OWN:
            last = self.today - timedelta(days=1)
            first = self.today - timedelta(days=int(found["period"]))
        if first is None or last is None:
            raise forms.ValidationError("Choose the first and the last day of the period.")
        try:
            self.asked = check(Asked(first, last, found["within"]), today=self.today)
        except BacktestRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return found


@require_http_methods(["GET", "POST"])
def backtests(request: HtmxRequest, pk: int) -> HttpResponse:
    """The backtests of a rulebook, and the form that asks for another one."""
    book, now = visible(request, pk), timezone.now()
    form = BacktestForm(timezone.localdate(), request.POST or None)
    if request.method == "POST":
        if not can_study(request.user):
            raise PermissionDenied("Marketers, sales managers and administrators ask for backtests.")
        if form.is_valid() and form.asked:
            study = request_study(
                kind=Study.Kind.BACKTEST, book=book, asked=form.asked.as_json(), by=request.user, at=now
            )
            hand_out(study)
            return redirect("scoring:backtest", study.pk)
    context = {"book": book, "form": form, "rows": rows_of(book), "can_study": can_study(request.user)}
    return render(request, "scoring/backtests.html", context, status=422 if form.errors else 200)


def rows_of(book: Rulebook) -> list[dict[str, Any]]:
    studies = Study.objects.filter(rulebook=book, kind=Study.Kind.BACKTEST).order_by("-pk")
    found = studies.select_related("requested_by", "rulebook")[:SHOWN]
    return [
        {
            "study": study,
            "asked": Asked.from_json(study.asked),
            "verdict": verdict(Result(study)) if study.state == Study.State.DONE else "",
            "edits_since": book.revision - study.revision,
        }
        for study in found
    ]


@require_GET
def backtest(request: HtmxRequest, pk: int) -> HttpResponse:
    """One backtest: how far it is, or what it found."""
    study = _backtest_or_404(request, pk)
    context = {
        **study_context(request, study),
        "book": study.rulebook,
        "asked": Asked.from_json(study.asked),
        "daily": DAILY,
        "edits_since": study.rulebook.revision - study.revision,
    }
    if study.state != Study.State.DONE:
        return render(request, "scoring/backtest.html", context)
    result, base = Result(study), reverse("scoring:backtest_leads", args=[study.pk])
    context |= {
        "result": result,
        "verdict": verdict(result),
        "weekly": weekly_figure(result, base=base),
        "timing": timing_figure(result, base=base) if result.timing else None,
        "decisions": decisions_figure(result, base=base),
    }
    return render_part(request, "scoring/backtest.html", "scoring/_backtest.html", context)


@require_GET
def backtest_leads(request: HtmxRequest, pk: int) -> HttpResponse:
    """The leads that a number of a backtest counts."""
    study = _backtest_or_404(request, pk)
    context: dict[str, Any] = {"study": study, "book": study.rulebook, "part": None, "title": "Handoffs"}
    try:
        part = part_of({"side": "real", **request.GET.dict()})
        after = request.GET.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) < 19):
            raise BacktestRefused(f"“{after[:50]}” is no place in this list; begin at its first page.")
    except BacktestRefused as refusal:
        return render(request, "scoring/backtest_leads.html", {**context, "problem": str(refusal)})
    page = page_of_lines(study, part, after=int(after))
    context |= {"part": part, "title": title_of(part), "page": page, "problem": ""}
    context["next_query"] = f"{part.query}&after={page.after}"
    return render_part(request, "scoring/backtest_leads.html", "scoring/_backtest_leads.html", context)


def _backtest_or_404(request: HtmxRequest, pk: int) -> Study:
    study = visible_study(request, pk)
    if study.kind != Study.Kind.BACKTEST:
        raise Http404(f"Study {pk} is no backtest.")
    return study
