from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from leads.htmx import HtmxRequest, render_part
from scoring.errors import ScoringError
from scoring.evidence.asking import PERIODS, Asked
from scoring.evidence.counting import tally
from scoring.evidence.listing import BadPart, Outcome, Part, Side, page_of_handoffs, title_of
from scoring.evidence.plots import Scale, scale_of
from scoring.evidence.trying import open_drafts, try_points
from scoring.evidence.verdicts import ENOUGH, MARGIN, Line, Verdict, findings_of
from scoring.models import Rulebook
from scoring.permissions import can_edit_rulebooks
from scoring.rulebook.reading import RulebookError
from scoring.rulebook.rows import form_of
from scoring.views.evidence_question import Question, part_of, question_of


@require_GET
def evidence(request: HtmxRequest) -> HttpResponse:
    """What sales decided with each rule and without it, and what that suggests."""
    question = question_of(request.GET, today=timezone.localdate())
    context: dict[str, Any] = {
        "form": question.form,
        "asked": question.asked,
        "has_rulebook": question.has_rulebook,
        "periods": [(label, days, f"period={days}") for days, label in PERIODS.items()],
        "found": None,
        "drafts": None,
    }
    if question.asked:
        context |= evidence_context(question.asked)
        context["drafts"] = open_drafts() if can_edit_rulebooks(request.user) else None
    return render_part(request, "scoring/evidence.html", "scoring/_evidence.html", context)


def evidence_context(asked: Asked) -> dict[str, Any]:
    found = findings_of(form_of(asked.book), tally(asked))
    scale = scale_of([*found.rules, *found.groups])
    return {
        "found": found,
        "total": found.tally.total,
        "rules": _rows(asked, "rule", found.rules, scale),
        "groups": _rows(asked, "group", found.groups, scale),
        "verdicts": [(verdict, found.having(verdict)) for verdict in Verdict],
        "scale": scale,
        "enough": ENOUGH,
        "margin": round(MARGIN * 100),
        "periods": [(label, days, asked.for_days(days).query()) for days, label in PERIODS.items()],
    }


class TryForm(forms.Form):
    """A suggestion, and the draft that it goes into: none for a new one."""

    version = forms.ModelChoiceField(Rulebook.objects.exclude(number=None), to_field_name="number")
    rule = forms.CharField(max_length=50)
    points = forms.IntegerField()
    draft = forms.ModelChoiceField(Rulebook.objects.filter(state=Rulebook.State.DRAFT), required=False)


@require_POST
def evidence_try(request: HtmxRequest) -> HttpResponse:
    """Put a suggestion into a draft, and go there."""
    if not can_edit_rulebooks(request.user):
        raise PermissionDenied("Only marketers edit drafts of the rulebook.")
    form = TryForm(request.POST)
    if not form.is_valid():
        messages.error(
            request,
            "This suggestion is gone: a rule, points and an open draft make one. Nothing was changed.",
        )
        return redirect("scoring:evidence")
    chosen = form.cleaned_data
    try:
        saved = try_points(
            book=chosen["version"],
            rule=chosen["rule"],
            points=chosen["points"],
            draft=chosen["draft"],
            by=request.user,
            at=timezone.now(),
        )
    except (ScoringError, RulebookError) as refusal:
        messages.error(request, f"{refusal} Nothing was changed.")
        return redirect("scoring:evidence")
    what = saved.event.what if saved.event else "The draft has these points already"
    messages.success(
        request, f"{what}, in {saved.book}. Look at its effect and backtest it before it is signed."
    )
    return redirect("scoring:editor", saved.book.pk)


@require_GET
def evidence_handoffs(request: HtmxRequest) -> HttpResponse:
    """The handoffs behind one number of the evidence page."""
    question = question_of(request.GET, today=timezone.localdate())
    context = handoffs_context(question, part_of(request.GET), after=request.GET.get("after", ""))
    return render_part(request, "scoring/evidence_handoffs.html", "scoring/_evidence_handoffs.html", context)


def handoffs_context(question: Question, part: Part | None, *, after: str) -> dict[str, Any]:
    asked = question.asked
    problems = [error for errors in question.form.errors.values() for error in errors]
    if part is None:
        problems.append("There is no such part of the evidence: choose a number on the page of the evidence.")
    context: dict[str, Any] = {
        "asked": asked,
        "part": part,
        "page": None,
        "title": "Handoffs",
        "problems": problems,
    }
    if asked is None or part is None:
        return context
    try:
        page = page_of_handoffs(asked, part, after=after)
    except BadPart as refusal:
        return context | {"problems": [str(refusal)]}
    return context | {
        "page": page,
        "title": title_of(asked, part),
        "next_query": asked.query(**part.query, after=page.after),
        "outcomes": [
            (outcome.label if outcome else "All", outcome, asked.query(**part.of(outcome).query))
            for outcome in (None, *Outcome)
        ],
    }


def _rows(asked: Asked, kind: str, lines: Sequence[Line], scale: Scale) -> list[dict[str, Any]]:
    return [_row(asked, kind, line, scale) for line in lines]


def _row(asked: Asked, kind: str, line: Line, scale: Scale) -> dict[str, Any]:
    """A line with its picture, and the addresses of the lists behind its numbers."""
    return {
        "line": line,
        "plot": scale.plot(line),
        "with_query": asked.query(**{kind: line.key, "side": Side.WITH.value}),
        "without_query": asked.query(**{kind: line.key, "side": Side.WITHOUT.value}),
        "reasons": [
            (reason, asked.query(**{kind: line.key, "side": Side.WITH.value, "reason": reason.key}))
            for reason in line.counts.reasons
        ],
    }
