"""Which two sides of a lead's score are compared: read from the address, or the latest recorded change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict

from leads.views.dayfields import DayInput
from scoring.explanations import RecentChange, Side
from scoring.models import Rulebook, ScoreChange

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)
MONTH = timedelta(days=30)


def _day(label: str) -> forms.DateField:
    return forms.DateField(label=label, widget=DayInput(), input_formats=["%Y-%m-%d"])


def _version(label: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, coerce=int, required=False, widget=forms.Select(attrs={"class": "form-select"})
    )


class ComparisonForm(forms.Form):
    """Two days and, where there is more than one, the version of the rulebook on each."""

    first = _day("From")
    last = _day("To")
    first_rulebook = _version("Rulebook then")
    last_rulebook = _version("Rulebook now")

    def __init__(self, data: dict[str, Any], versions: Sequence[int]) -> None:
        super().__init__(data)
        choices = [(number, f"Rulebook {number}") for number in versions]
        for name in ("first_rulebook", "last_rulebook"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("first", "last"):
            day = cleaned.get(name)
            if day is not None and not FIRST_DAY <= day <= LAST_DAY:
                self.add_error(name, f"Choose a day from {FIRST_DAY} to {LAST_DAY}.")
        return cleaned


@dataclass(frozen=True)
class Comparison:
    """What is compared; `recorded` is the recorded change that these sides belong to, if any."""

    form: ComparisonForm
    versions: Sequence[int]
    sides: tuple[Side, Side] | None
    recorded: RecentChange | None

    @property
    def asks_for_versions(self) -> bool:
        """Whether there is more than one to choose from, or something to put right."""
        return len(self.versions) > 1 or bool({"first_rulebook", "last_rulebook"} & set(self.form.errors))

    @property
    def is_complete(self) -> bool:
        return self.sides is not None

    @property
    def before(self) -> Side:
        assert self.sides is not None
        return self.sides[0]

    @property
    def after(self) -> Side:
        assert self.sides is not None
        return self.sides[1]


def comparison_of(asked: QueryDict, recent: Sequence[RecentChange], *, today: date) -> Comparison:
    """What the address asks for; with nothing in it the latest recorded change, else the last 30 days."""
    numbered = Rulebook.objects.filter(number__isnull=False).order_by("-number")
    versions = [number for number in numbered.values_list("number", flat=True) if number is not None]
    data = {name: asked[name] for name in ComparisonForm.base_fields if name in asked}
    if not data:
        data = default_query(recent, today)
    newest = versions[0] if versions else 0
    form = ComparisonForm({"first_rulebook": newest, "last_rulebook": newest, **data}, versions)
    if not versions or not form.is_valid():
        return Comparison(form, versions, None, None)
    chosen = form.cleaned_data
    sides = (
        Side(chosen["first"], chosen["first_rulebook"] or newest),
        Side(chosen["last"], chosen["last_rulebook"] or newest),
    )
    recorded = next((item for item in recent if (item.before, item.after) == sides), None)
    return Comparison(form, versions, sides, recorded)


def default_query(recent: Sequence[RecentChange], today: date) -> dict[str, Any]:
    explicable = next((item for item in recent if item.before is not None), None)
    if explicable is not None and explicable.before is not None:
        return query_of(explicable.before, explicable.after)
    return {"first": today - MONTH, "last": today}


def query_of(before: Side, after: Side) -> dict[str, Any]:
    """The fields of the form that stand for these sides."""
    return {
        "first": before.day.isoformat(),
        "last": after.day.isoformat(),
        "first_rulebook": before.version,
        "last_rulebook": after.version,
    }


@dataclass(frozen=True)
class ChangeLink:
    """A recorded change to choose; without a query where there is nothing before it to compare with."""

    change: ScoreChange
    query: str
    is_chosen: bool


def links_of(recent: Sequence[RecentChange], chosen: RecentChange | None) -> list[ChangeLink]:
    return [
        ChangeLink(
            item.change, urlencode(query_of(item.before, item.after)) if item.before else "", item is chosen
        )
        for item in recent
    ]
