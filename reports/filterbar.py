"""The filter bar of all reports, and what an address or a command asks: one form, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from leads.models.fields import LATEST_DAY
from leads.views.dayfields import day_field
from reports.catalogue import COMPARISONS, Option, Report
from reports.choices import Choices
from reports.dimensions import DIMENSIONS
from reports.models import Journey
from reports.period import DEFAULT_PRESET, PRESETS, InvalidPeriod, Period, preset_period

# Fields that every report has beside the dimensions; a report's own options may not be called so.
COMMON = ("period", "first_day", "last_day", "as_of", "compare")
# Beyond these the filters fold away.
FIRST_FILTERS = ("source", "campaign", "country")
MOST_NAMED = 30


class PlainSelect(forms.Select):
    """A select written at once: a template for each of hundreds of options took longer than the numbers."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = "" if value is None else str(value)
        given = self.build_attrs(self.attrs, attrs)
        written = "".join(f' {key}="{conditional_escape(given[key])}"' for key in given)
        options = "".join(
            f'<option value="{conditional_escape(key)}"{" selected" if str(key) == chosen else ""}>'
            f"{conditional_escape(str(label))}</option>"
            for key, label in self.choices
        )
        # Everything that is put in was escaped above.
        return format_html(
            '<select name="{}"{}>{}</select>',
            name,
            mark_safe(written),
            mark_safe(options),
        )


class ReportForm(forms.Form):
    """The fields that no row is filtered by: which days, seen from when, compared with what.

    `today`: nobody looks back from a later day.
    """

    today = LATEST_DAY

    period = forms.ChoiceField(
        choices=[("", "Chosen days"), *((preset.key, preset.label) for preset in PRESETS.values())],
        required=False,
        widget=forms.HiddenInput(),
        error_messages={
            "invalid_choice": "There is no period “%(value)s”. Choose one of: " + ", ".join(PRESETS) + "."
        },
    )
    first_day = day_field("First day")
    last_day = day_field("Last day")
    as_of = day_field("As of")
    compare = forms.ChoiceField(
        label="Compare with",
        choices=list(COMPARISONS.items()),
        required=False,
        widget=PlainSelect(),
        error_messages={
            "invalid_choice": "“%(value)s” is nothing to compare with. Choose one of: "
            + ", ".join(COMPARISONS)
            + "."
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            is_select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if is_select else "form-control"
            if self.is_bound and name in self.errors:
                field.widget.attrs["class"] += " is-invalid"
                field.widget.attrs["aria-describedby"] = f"id_{name}_error"

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        for name, day in (("first_day", first), ("last_day", last)):
            if day is None and name not in self.errors:
                self.add_error(name, f"{self.fields[name].label} is missing.")
        as_of = self.cleaned_data.get("as_of")
        if as_of and as_of > self.today:
            self.add_error("as_of", f"As of must be no later than today, {self.today}.")
        if first and last:
            try:
                self.cleaned_data["days"] = Period.of_days(first, last)
            except InvalidPeriod as error:
                self.add_error("last_day", str(error))
        return self.cleaned_data


class DimensionFilter(django_filters.ChoiceFilter):  # type: ignore[misc]
    """Rows of `Counted` by a dimension, chosen as people write its values."""

    def __init__(self, choices: Choices) -> None:
        self.known = choices
        dimension = choices.dimension
        owner = "handoff" if dimension.of_handoff else "lead"
        named = [choice.written for choice in choices.all if choice.value]
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        known = (
            f"choose one of {', '.join(named[:MOST_NAMED])}{more}, or"
            if named
            else "there is none yet; choose"
        )
        super().__init__(
            label=dimension.label,
            choices=[(choice.written, choice.label) for choice in choices.all],
            empty_label="All",
            widget=PlainSelect,
            error_messages={
                "invalid_choice": f"“%(value)s” is not the {dimension.label.lower()} of any {owner}: "
                + f"{known} “-”, which stands for “{dimension.nothing}”.".replace("%", "%%")
            },
        )

    def filter(self, rows: QuerySet[Any], written: str) -> QuerySet[Any]:
        if not written:
            return rows
        chosen = self.known.meant_by(written)
        return rows.none() if chosen is None else rows.filter(self.known.dimension.condition(chosen.value))


class OptionFilter(django_filters.ChoiceFilter):  # type: ignore[misc]
    """A choice of one report; it filters nothing."""

    def __init__(self, option: Option) -> None:
        known = ", ".join(key for key, _ in option.choices)
        super().__init__(
            label=option.label,
            choices=list(option.choices),
            empty_label=None,
            widget=PlainSelect,
            error_messages={
                "invalid_choice": f"“%(value)s” is no choice of “{option.label}”. Choose one of: {known}."
            },
        )

    def filter(self, rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return rows


class ReportFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Parameters to a question. Invalid ones are errors of the form, and no question at all."""

    class Meta:
        model = Journey
        fields: ClassVar[list[str]] = []
        form = ReportForm

    def __init__(
        self, parameters: Mapping[str, str], *, report: Report, choices: Mapping[str, Choices], today: date
    ) -> None:
        completed = complete(parameters, report=report, choices=choices, today=today)
        super().__init__(completed, queryset=Journey.objects.all())
        self.today = today
        for key in DIMENSIONS:
            self.filters[key] = DimensionFilter(choices[key])
        for option in report.options:
            self.filters[option.key] = OptionFilter(option)

    def get_form_class(self) -> type[forms.Form]:
        # The form is checked while it is made.
        return type("FormOfToday", (super().get_form_class(),), {"today": self.today})

    @property
    def is_valid_question(self) -> bool:
        return bool(self.form.is_valid())

    @property
    def sentences(self) -> list[tuple[str, str]]:
        """What is wrong, as (name of the field, sentence)."""
        return [(name, str(error)) for name, errors in self.form.errors.items() for error in errors]


def complete(
    parameters: Mapping[str, str], *, report: Report, choices: Mapping[str, Choices], today: date
) -> dict[str, str]:
    """The parameters with what they leave out, so that the form shows what is counted.

    Days that differ from those of the preset win over it: somebody has just changed one of them.
    """
    defaults = {option.key: option.choices[0][0] for option in report.options}
    found = {"as_of": today.isoformat(), "compare": report.compares_with} | defaults
    found |= {name: text for name, value in parameters.items() if (text := value.strip())}
    if found["compare"] == "none":
        found["compare"] = report.compares_with
    key = found.get("period") or DEFAULT_PRESET
    preset = preset_period(key, today=today) if key in PRESETS else None
    days = {name: found.get(name, "") for name in ("first_day", "last_day")}
    if not any(days.values()):
        found["period"] = key
        days = days_of(preset) if preset else days
    elif preset and days != days_of(preset):
        found["period"] = ""
    for name in DIMENSIONS:
        if (chosen := choices[name].meant_by(found.get(name, ""))) is not None:
            found[name] = chosen.written
    return found | days


def days_of(period: Period) -> dict[str, str]:
    return {"first_day": period.start.isoformat(), "last_day": period.last_day.isoformat()}
