"""What sales said of the leads that marketing offered, and marketing's answers to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from leads import distinct
from leads.errors import LeadError
from leads.feedback.answering import MOST_AT_ONCE, About, NotAnswerer, answer_feedback
from leads.feedback.asking import Asked, Kind
from leads.feedback.reading import (
    BadFeedback,
    FeedbackPage,
    Key,
    feedback_keys,
    feedback_page,
    latest_news,
    summary_of,
)
from leads.filters import DAYS, NOT_RECORDED, NOT_RECORDED_CHOICE
from leads.htmx import HtmxRequest, render_part, wants_part
from leads.models import Reason, Team
from leads.permissions import can_answer_feedback
from scoring.models import Rulebook

PERIODS = {7: "Last 7 days", 30: "Last 30 days", 90: "Last 90 days"}
DEFAULT_DAYS, LONGEST_DAYS = 30, 366
OWN = "own"  # the period is what From and To say
ANSWERED = (("no", "Not answered"), ("yes", "Answered"))
NEWS_SHOWN = 3


def _choice(label: str, wrong: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": wrong},
    )


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}, format="%Y-%m-%d"),
        validators=DAYS,
        error_messages={"invalid": "Write days as 2026-03-31."},
    )


class FeedbackForm(forms.Form):
    """The filters, as they stand in the address."""

    period = _choice(
        "Period", "There is no period “%(value)s”; choose one of " + ", ".join(map(str, PERIODS)) + " days."
    )
    since = _day("From")
    until = _day("To")
    kind = _choice("What", "There is no feedback called “%(value)s”.")
    reason = _choice("Reason", "There is no reason “%(value)s”.")
    source = _choice("Source", "No lead has the source “%(value)s”.")
    team = _choice("Team", "There is no team “%(value)s”.")
    version = _choice("Rulebook", "There is no rulebook with the number “%(value)s”.")
    answered = _choice("Answered", "Choose yes or no.")

    def __init__(self, data: Mapping[str, str]) -> None:
        super().__init__(data)
        numbers = Rulebook.objects.filter(number__isnull=False).order_by("-number")
        choices = {
            "period": [*((str(days), label) for days, label in PERIODS.items()), (OWN, "From, to")],
            "kind": [("", "Any"), *Kind.choices],
            "reason": [("", "Any"), *Reason.objects.values_list("key", "label")],
            "source": [
                ("", "Any"),
                *((one.value, one.label) for one in distinct.sources()),
                NOT_RECORDED_CHOICE,
            ],
            "team": [("", "Any"), *((str(team.pk), team.name) for team in Team.objects.all())],
            "version": [
                ("", "Any"),
                *((str(n), f"Version {n}") for n in numbers.values_list("number", flat=True)),
            ],
            "answered": [("", "Any"), *ANSWERED],
        }
        for name, options in choices.items():
            self.fields[name].choices = options  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("since", f"It ends on {until:%d %b %Y}, before it begins.")
        # Counted anew on every look.
        elif since and (until or timezone.localdate()) - since >= timedelta(days=LONGEST_DAYS):
            self.add_error("since", f"At most {LONGEST_DAYS} days are shown at once.")
        return self.cleaned_data

    def asked(self, today: date) -> Asked:
        """Call it on a valid form."""
        chosen = self.cleaned_data
        source, last = chosen["source"], chosen["until"] or today
        days = DEFAULT_DAYS if chosen["period"] == OWN else int(chosen["period"])
        return Asked(
            first=chosen["since"] or last - timedelta(days=days - 1),
            last=last,
            kind=Kind(chosen["kind"]) if chosen["kind"] else None,
            reason=Reason.objects.get(key=chosen["reason"]) if chosen["reason"] else None,
            source=("" if source == NOT_RECORDED else source) if source else None,
            team=Team.objects.get(pk=chosen["team"]) if chosen["team"] else None,
            version=int(chosen["version"]) if chosen["version"] else None,
            is_answered=chosen["answered"] == "yes" if chosen["answered"] else None,
        )

    @property
    def query(self) -> dict[str, str]:
        """What differs from the defaults."""
        if not self.is_valid():
            return {}
        return {
            name: str(value)
            for name, value in self.cleaned_data.items()
            if value and (name, value) not in (("period", str(DEFAULT_DAYS)), ("period", OWN))
        }


class AnswerForm(forms.Form):
    text = forms.CharField(
        max_length=2000,
        error_messages={
            "required": "Write an answer first.",
            "max_length": "The answer is longer than 2000 characters.",
        },
    )
    rulebook = forms.ModelChoiceField(
        Rulebook.objects.filter(discarded_at=None),
        required=False,
        error_messages={"invalid_choice": "There is no such rulebook."},
    )

    @property
    def about(self) -> About | None:
        book = self.cleaned_data["rulebook"]
        return About(book.pk, book.number, str(book)) if book else None


@require_GET
def feedback(request: HtmxRequest) -> HttpResponse:
    return render_feedback(request, request.GET)


@require_GET
def feedback_news(request: HtmxRequest) -> HttpResponse:
    """What was said since the page was shown: asked for every few seconds, and so one small part."""
    form = read_filters(request.GET)
    try:
        at = parse_datetime(request.GET.get("after", "").replace(" ", "+"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not form.is_valid():
        return redirect("scoring:feedback")
    news, count = latest_news(form.asked(timezone.localdate()), after=at, most=NEWS_SHOWN)
    context = {"news": news, "count": count, **addresses_of(form, at)}
    return render_part(request, "scoring/feedback_news.html", "scoring/_feedback_news.html", context)


@require_POST
def feedback_answer(request: HtmxRequest) -> HttpResponse:
    """Answer what was selected, or (`all`) everything that the filters show."""
    if not can_answer_feedback(request.user):
        raise PermissionDenied("Feedback of sales is answered by marketers.")
    filters, form = read_filters(request.POST), AnswerForm(request.POST)
    refusal = " ".join(str(error) for errors in form.errors.values() for error in errors)
    if not refusal:
        try:
            keys = chosen_keys(request.POST, filters)
            answers = answer_feedback(
                keys=keys,
                text=form.cleaned_data["text"],
                about=form.about,
                by=request.user,
                at=timezone.now(),
            )
        except NotAnswerer as error:
            raise PermissionDenied(str(error)) from None
        except LeadError as error:
            refusal = str(error)
    if refusal:
        messages.error(request, refusal)
        typed = request.POST.get("text", "")[:2000]
        return render_feedback(request, request.POST, status=422, typed=typed)
    messages.success(
        request, f"Answered {len(answers)}." if answers else "That was answered in these words already."
    )
    if wants_part(request):
        return render_feedback(request, request.POST)
    return redirect(f"{reverse('scoring:feedback')}?{urlencode(filters.query)}")


def chosen_keys(data: QueryDict, filters: FeedbackForm) -> list[Key]:
    if data.get("all"):
        return (
            feedback_keys(filters.asked(timezone.localdate()), most=MOST_AT_ONCE)
            if filters.is_valid()
            else []
        )
    return sorted({Key.parse(text) for text in data.getlist("item")[: MOST_AT_ONCE + 1]})


def read_filters(parameters: Mapping[str, str]) -> FeedbackForm:
    data = {name: parameters.get(name, "").strip() for name in FeedbackForm.base_fields}
    return FeedbackForm(data | period_of(data, was=parameters.get("was", "")))


def period_of(data: Mapping[str, str], *, was: str) -> dict[str, str]:
    """Days that are typed win, unless another period was chosen beside them: `was` is the one that was shown."""
    chosen, has_days = data["period"], bool(data["since"] or data["until"])
    if has_days and chosen in ("", OWN, was):
        return {"period": OWN}
    if chosen == OWN:  # to be changed from what is shown
        today = timezone.localdate()
        return {"since": str(today - timedelta(days=DEFAULT_DAYS - 1)), "until": str(today)}
    return {"period": chosen or str(DEFAULT_DAYS), "since": "", "until": ""}


def render_feedback(
    request: HtmxRequest, parameters: Mapping[str, str], *, status: int = 200, typed: str = ""
) -> HttpResponse:
    form = read_filters(parameters)
    context = feedback_context(form, before=parameters.get("before", ""))
    context |= {"can_answer": can_answer_feedback(request.user), "typed": typed}
    if context["can_answer"]:
        context["rulebooks"] = Rulebook.objects.filter(discarded_at=None).order_by("-pk")[:20]
    return render_part(request, "scoring/feedback.html", "scoring/_feedback.html", context, status=status)


def feedback_context(form: FeedbackForm, *, before: str) -> dict[str, Any]:
    """The same for the page and for its part. Bad filters show what is wrong, and no feedback."""
    now = timezone.now()
    page, summary = FeedbackPage((), None), None
    problems = [error for errors in form.errors.values() for error in errors]
    if form.is_valid():
        asked = form.asked(timezone.localdate())
        try:
            page = feedback_page(asked, before=before)
            summary = summary_of(asked)
        except BadFeedback as refusal:
            problems = [str(refusal)]
    return {
        "form": form,
        "page": page,
        "summary": summary,
        "reasons": linked(form, "reason", summary.reasons if summary else ()),
        "sources": linked(form, "source", summary.sources if summary else ()),
        "problems": problems,
        "is_narrowed": bool(set(form.query) - {"period", "since", "until"}),
        "books": dict(Rulebook.objects.filter(number__isnull=False).values_list("number", "pk")),
        "older_query": urlencode(form.query | {"before": page.older}) if page.older else "",
        "today": timezone.localdate(),
        "rulebooks": (),
        "most": MOST_AT_ONCE,
        "news": (),
        "count": 0,
        **addresses_of(form, now),
    }


def linked(form: FeedbackForm, name: str, shares: Any) -> list[dict[str, Any]]:
    """Each line of a group with the address that shows its feedback, or all where it is chosen already."""
    chosen = form.query.get(name)
    others = {key: value for key, value in form.query.items() if key != name}
    labels = dict(form.fields[name].choices)  # type: ignore[attr-defined]
    lines = []
    for share in shares:
        key = share.key or NOT_RECORDED
        query = others if chosen == key else others | {name: key}
        lines.append(
            {
                "share": share,
                "label": labels.get(key, share.label),
                "query": urlencode(query),
                "is_chosen": chosen == key,
            }
        )
    return lines


def addresses_of(form: FeedbackForm, at: datetime) -> dict[str, str]:
    query = form.query
    return {
        "query": urlencode(query),
        "hidden": query,  # type: ignore[dict-item]
        "news_query": urlencode(query | {"after": at.isoformat()}),
    }
