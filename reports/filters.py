"""What a report page or command is asked, checked: the filter bar and the address are this form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, Self
from urllib.parse import urlencode

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet

from leads import distinct
from leads.models import Campaign, Lead, Stage
from leads.models.fields import EARLIEST_DAY, LATEST_DAY
from leads.models.stage import SUCCESS_PATH
from reports.metrics.funnel import Mode
from reports.metrics.visits import Outcome
from reports.period import DEFAULT_PRESET, PRESETS, InvalidPeriod, Period, preset_period
from reports.scope import NOT_RECORDED, LeadFilter, Scope

NOT_RECORDED_CHOICE = (NOT_RECORDED, "Not recorded")
MODES = [(Mode.COHORT.value, "Cohort"), (Mode.PERIOD.value, "Period")]


@dataclass(frozen=True)
class Asked:
    """A valid question to the funnel, and how to write it as an address."""

    scope: Scope
    mode: Mode
    preset: str  # "" where the days were chosen one by one
    today: date

    def query(self, *, source: str | None = None, **more: str) -> str:
        """The address's query: what differs from the defaults only, with `source` ("" too) in place of its own."""
        leads = self.scope.leads if source is None else replace(self.scope.leads, source=source)
        parameters = self._period() | {
            "mode": "" if self.mode is Mode.COHORT else self.mode.value,
            "as_of": "" if self.scope.as_of == self.today else self.scope.as_of.isoformat(),
        }
        for name in ("source", "campaign", "country"):
            chosen = getattr(leads, name)
            parameters[name] = NOT_RECORDED if chosen == "" else chosen or ""
        return urlencode({name: value for name, value in (parameters | more).items() if value})

    def query_for(self, *, preset: str = "", mode: Mode | None = None) -> str:
        """The same question for the days of a preset, or in another mode."""
        other = replace(self, preset=preset or self.preset, mode=mode or self.mode)
        return other.query()

    @property
    def is_cohort(self) -> bool:
        return self.mode is Mode.COHORT

    def _period(self) -> dict[str, str]:
        if self.preset:
            return {"period": "" if self.preset == DEFAULT_PRESET else self.preset}
        return {
            "first_day": self.scope.period.start.isoformat(),
            "last_day": self.scope.period.last_day.isoformat(),
        }


@dataclass(frozen=True)
class DrillDown:
    """A number that was pressed: leads at a `stage`, or else MQL visits with an `outcome` (None: all)."""

    asked: Asked
    stage: Stage | None
    outcome: Outcome | None

    def query(self, **more: str) -> str:
        number = {"stage": self.stage.value} if self.stage else {}
        if self.outcome:
            number["outcome"] = self.outcome.value
        return self.asked.query(**number, **more)


def source_choices() -> list[tuple[str, str]]:
    return [*((source.label, source.label) for source in distinct.sources()), NOT_RECORDED_CHOICE]


def campaign_choices() -> list[tuple[str, str]]:
    names = Campaign.objects.order_by("name_folded").values_list("name", flat=True)
    return [*((name, name) for name in names), NOT_RECORDED_CHOICE]


def country_choices() -> list[tuple[str, str]]:
    return [*((country.value, country.label) for country in distinct.countries()), NOT_RECORDED_CHOICE]


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


# Days that every time zone and both databases can turn into instants, with room to spare.
EARLIEST, LATEST = EARLIEST_DAY, LATEST_DAY


def day_field(label: str) -> forms.DateField:
    bounds = f"{label} must lie between {EARLIEST} and {LATEST}."
    return forms.DateField(
        label=label,
        required=False,
        widget=DayInput(),
        input_formats=["%Y-%m-%d"],
        validators=[MinValueValidator(EARLIEST, bounds), MaxValueValidator(LATEST, bounds)],
        error_messages={"invalid": f"{label} is not a date: write it as YYYY-MM-DD."},
    )


class FunnelForm(forms.Form):
    """The fields that no lead is filtered by: which days, seen from when, counted how."""

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
    mode = forms.ChoiceField(
        choices=MODES,
        required=False,
        widget=forms.HiddenInput(),
        error_messages={"invalid_choice": "“%(value)s” is no way of counting. Choose cohort or period."},
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
        if first and last:
            try:
                self.cleaned_data["days"] = Period.of_days(first, last)
            except InvalidPeriod as error:
                self.add_error("last_day", str(error))
        return self.cleaned_data


class DrillDownForm(FunnelForm):
    stage = forms.ChoiceField(
        choices=[(stage.value, stage.label) for stage in SUCCESS_PATH],
        required=False,
        widget=forms.HiddenInput(),
    )
    outcome = forms.ChoiceField(
        choices=[(outcome.value, outcome.value) for outcome in Outcome],
        required=False,
        widget=forms.HiddenInput(),
    )


def fact_filter(label: str, choices: Callable[[], list[tuple[str, str]]]) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(label=label, empty_label="All", method="by_fact", choices=choices)


class FunnelFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Query parameters to a question. Invalid ones are form errors, and no question at all."""

    source = fact_filter("Source", source_choices)
    campaign = fact_filter("Campaign", campaign_choices)
    country = fact_filter("Country", country_choices)

    class Meta:
        model = Lead
        fields: ClassVar[list[str]] = []
        form = FunnelForm

    @classmethod
    def reading(cls, parameters: Mapping[str, str], *, today: date) -> Self:
        """The filter as an address asks it on the day `today`, with defaults where it says nothing."""
        filters = cls(_complete(parameters, today=today), queryset=Lead.objects.all())
        filters.today = today
        return filters

    today: date

    def filter_queryset(self, queryset: QuerySet[Lead]) -> QuerySet[Lead]:
        # Only the fields that are filters: the form has others.
        for name, lead_filter in self.filters.items():
            queryset = lead_filter.filter(queryset, self.form.cleaned_data[name])
        return queryset

    def by_fact(self, leads: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        return leads.filter(LeadFilter(**{name: _fact(value)}).condition())

    @property
    def asked(self) -> Asked | None:
        """What is asked; None where something of it is invalid (then the form says what)."""
        if not self.form.is_valid():
            return None
        chosen = self.form.cleaned_data
        return Asked(
            scope=Scope(
                period=chosen["days"],
                as_of=chosen["as_of"],
                leads=LeadFilter(**{name: _fact(chosen[name]) for name in self.filters}),
            ),
            mode=Mode(chosen["mode"] or Mode.COHORT.value),
            preset=chosen["period"],
            today=self.today,
        )


class DrillDownFilter(FunnelFilter):
    class Meta(FunnelFilter.Meta):
        form = DrillDownForm

    @property
    def drill_down(self) -> DrillDown | None:
        if (asked := self.asked) is None:
            return None
        stage, outcome = self.form.cleaned_data["stage"], self.form.cleaned_data["outcome"]
        return DrillDown(asked, Stage(stage) if stage else None, Outcome(outcome) if outcome else None)


def _fact(value: str) -> str | None:
    """A choice as a fact to filter by: nothing chosen is any, "not recorded" is the empty one."""
    return None if value == "" else "" if value == NOT_RECORDED else value


def _complete(parameters: Mapping[str, str], *, today: date) -> dict[str, str]:
    """The parameters with the days of their preset, so that the form shows what is counted.

    Days that differ from those of the preset win over it: somebody has just changed one of them.
    """
    found = {"as_of": today.isoformat()} | {
        name: text for name, value in parameters.items() if (text := value.strip())
    }
    key = found.get("period") or DEFAULT_PRESET
    preset = preset_period(key, today=today) if key in PRESETS else None
    days = {name: found.get(name, "") for name in ("first_day", "last_day")}
    if not any(days.values()):
        found["period"] = key
        days = _days(preset) if preset else days
    elif preset and days != _days(preset):
        found["period"] = ""
    return found | days


def _days(period: Period) -> dict[str, str]:
    return {"first_day": period.start.isoformat(), "last_day": period.last_day.isoformat()}
