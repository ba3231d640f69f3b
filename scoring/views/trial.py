"""Try a draft on one lead: its explanation beside that of the published rulebook."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from leads.htmx import HtmxRequest, render_part
from leads.models import Lead
from scoring.effect.trial import MOST_FOUND, Trial, found_leads, trial_of
from scoring.models import Rulebook
from scoring.rulebook.reading import RulebookError
from scoring.views.versions import visible

_LARGEST_ID = 10**18 - 1


class TrialForm(forms.Form):
    """Either a search, or the lead that was picked."""

    text = forms.CharField(
        label="Lead",
        max_length=254,
        required=False,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "class": "form-control",
                "placeholder": "Name, e-mail, company, external id or number",
                "autocomplete": "off",
            }
        ),
    )
    lead = forms.IntegerField(
        min_value=1,
        max_value=_LARGEST_ID,
        required=False,
        error_messages={"invalid": "The number of a lead is a whole number."},
    )


@require_GET
def effect_try(request: HtmxRequest, pk: int) -> HttpResponse:
    book = visible(request, pk)
    form = TrialForm(request.GET)
    trial, problems = None, list[str]()
    if not form.is_valid():
        problems = [str(error) for errors in form.errors.values() for error in errors]
    elif form.cleaned_data["lead"]:
        trial, problems = _tried(book, form.cleaned_data["lead"])
    text = "" if problems or trial else form.cleaned_data["text"]
    found = found_leads(text) if text else []
    context = {
        "book": book,
        "form": form,
        "trial": trial,
        "problems": problems,
        "text": text,
        "found": found,
        "most": MOST_FOUND,
    }
    return render_part(request, "scoring/effect_try.html", "scoring/_effect_try.html", context)


def _tried(book: Rulebook, pk: int) -> tuple[Trial | None, list[str]]:
    lead = Lead.objects.filter(pk=pk).first()
    if lead is None:
        return None, [f"There is no lead {pk}; it may have been erased. Search for another one."]
    try:
        return trial_of(book, lead, day=timezone.localdate()), []
    except RulebookError as error:
        return None, ["This draft cannot score yet.", *error.mistakes]
