"""What the address of an evidence page asks: which version, which decisions, and which part of a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from leads import distinct
from leads.models import Reason
from leads.views.dayfields import day_field
from scoring.evidence.asking import DEFAULT_DAYS, PERIODS, Asked
from scoring.evidence.listing import Outcome, Part, Side
from scoring.models import Rulebook

_ANY = ("", "Any")


def _choice(label: str, **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, required=False, widget=forms.Select(attrs={"class": "form-select"}), **kwargs
    )


class EvidenceForm(forms.Form):
    version = _choice(
        "Rulebook version",
        error_messages={"invalid_choice": "There is no rulebook with the number “%(value)s”."},
    )
    period = forms.ChoiceField(
        choices=[(str(days), label) for days, label in PERIODS.items()],
        required=False,
        widget=forms.HiddenInput(),
        error_messages={
            "invalid_choice": "There is no period “%(value)s”. Choose one of: "
            + ", ".join(map(str, PERIODS))
            + " days."
        },
    )
    first = day_field("First day")
    last = day_field("Last day")
    source = _choice("Source", error_messages={"invalid_choice": "No lead has the source “%(value)s”."})

    def __init__(self, data: dict[str, Any], books: dict[str, Rulebook]) -> None:
        super().__init__(data)
        versions = [
            (number, f"{number}, published" if book.state == Rulebook.State.PUBLISHED else number)
            for number, book in books.items()
        ]
        self._choose("version", versions)
        self._choose("source", [_ANY, *((source.value, source.label) for source in distinct.sources())])

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        for name, day in (("first", first), ("last", last)):
            if day is None and name not in self.errors:
                self.add_error(name, f"{self.fields[name].label} is missing.")
        if first and last and last < first:
            self.add_error("last", "The last day is before the first.")
        return cleaned


class PartForm(forms.Form):
    """Which part of a number of the page is to be listed."""

    side = forms.ChoiceField(choices=[(side.value, side.value) for side in Side], required=False)
    outcome = forms.ChoiceField(
        choices=[(outcome.value, outcome.value) for outcome in Outcome], required=False
    )
    reason = forms.ModelChoiceField(Reason.objects.all(), to_field_name="key", required=False)


@dataclass(frozen=True)
class Question:
    """The form as the address fills it, and what it asks: None where something of it is wrong, or no rulebook is."""

    form: EvidenceForm
    asked: Asked | None
    has_rulebook: bool


def question_of(parameters: QueryDict, *, today: date) -> Question:
    """Read the address, with defaults where it says nothing: the published version, the last year, any source."""
    books = {
        str(book.number): book for book in Rulebook.objects.filter(number__isnull=False).order_by("-number")
    }
    published = next((n for n, book in books.items() if book.state == Rulebook.State.PUBLISHED), "")
    data = {name: value for name in EvidenceForm.base_fields if (value := parameters.get(name, "").strip())}
    data = {"version": published or next(iter(books), "")} | _with_days(data, today)
    form = EvidenceForm(data, books)
    if not books or not form.is_valid():
        return Question(form, None, bool(books))
    chosen = form.cleaned_data
    asked = Asked(
        book=books[chosen["version"]],
        first=chosen["first"],
        last=chosen["last"],
        days=int(chosen["period"] or 0),
        source=chosen["source"] or None,
    )
    return Question(form, asked, True)


def _with_days(data: dict[str, str], today: date) -> dict[str, str]:
    """The parameters with the days of their period, so that the form shows what is counted; chosen days win."""
    presets = {str(days): _days_up_to(today, days) for days in PERIODS}
    if "first" in data or "last" in data:
        chosen = {name: data.get(name, "") for name in ("first", "last")}
        period = next((key for key, days in presets.items() if days == chosen), "")
        return data | {"period": period}
    period = data.get("period", str(DEFAULT_DAYS))
    return data | {"period": period} | presets.get(period, presets[str(DEFAULT_DAYS)])


def _days_up_to(today: date, days: int) -> dict[str, str]:
    return {"first": (today - timedelta(days=days - 1)).isoformat(), "last": today.isoformat()}


def part_of(parameters: QueryDict) -> Part | None:
    """The part that the address asks for; None where it names one that there is not."""
    form = PartForm(parameters)
    if not form.is_valid():
        return None
    chosen = form.cleaned_data
    return Part(
        rule=parameters.get("rule", ""),
        group=parameters.get("group", ""),
        side=Side(chosen["side"]) if chosen["side"] else None,
        outcome=Outcome(chosen["outcome"]) if chosen["outcome"] else None,
        reason=chosen["reason"],
    )
