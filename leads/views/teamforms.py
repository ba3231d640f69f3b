"""What is entered about a team, its people and their absences, with a sentence for each mistake."""

from __future__ import annotations

from datetime import time
from functools import cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from holidays.registry import COUNTRIES

from leads.models import Team, User, WorkingHours
from leads.models.people import CAP, WEIGHT
from leads.teams.absences import Days
from leads.teams.hours import HoursRefused, hours_text, parse_hours
from leads.teams.outlook import Settings
from leads.views.sellingforms import DAYS, NOT_A_DAY

WORKDAYS = tuple(WorkingHours.Weekday)


@cache
def time_zones() -> list[tuple[str, str]]:
    """Those named after a place, and UTC."""
    return [(zone, zone) for zone in sorted(available_timezones()) if "/" in zone or zone == "UTC"]


@cache
def countries() -> list[tuple[str, str]]:
    named = sorted((key.replace("_", " ").title(), names[1]) for key, names in COUNTRIES.items())
    return [("", "None"), *((code, name) for name, code in named)]


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    """A team with its hours, one line of text a weekday."""

    class Meta:
        model = Team
        fields = (
            "name",
            "time_zone",
            "holiday_country",
            "decide_minutes",
            "decide_fast_minutes",
            "first_touch_minutes",
            "weekly_capacity",
            "is_active",
        )
        labels: ClassVar = {
            "decide_minutes": "Minutes to decide",
            "decide_fast_minutes": "The same, fast-tracked",
            "first_touch_minutes": "Minutes to the first touch",
            "weekly_capacity": "Decisions in a week",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("time_zone", time_zones()), ("holiday_country", countries())):
            self.fields[name].widget = forms.Select(choices=choices)
        ranges: dict[int, tuple[tuple[time, time], ...]] = {}
        if self.instance.pk:
            for row in self.instance.working_hours.all():
                ranges[row.weekday] = (*ranges.get(row.weekday, ()), (row.opens_at, row.closes_at))
        for day in WORKDAYS:
            self.fields[f"hours_{day}"] = forms.CharField(
                label=day.label,
                max_length=200,
                required=False,
                initial=hours_text(ranges.get(day, ())),
                widget=forms.TextInput(attrs={"placeholder": "closed", "autocomplete": "off"}),
            )
        for name, field in self.fields.items():
            kind = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs["class"] = "form-check-input" if name == "is_active" else kind

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for day in WORKDAYS:
            try:
                cleaned[f"hours_{day}"] = parse_hours(cleaned.get(f"hours_{day}", ""), weekday=day)
            except HoursRefused as refusal:
                self.add_error(f"hours_{day}", str(refusal))
        return cleaned

    @property
    def week(self) -> list[forms.BoundField]:
        return [self[f"hours_{day}"] for day in WORKDAYS]

    @property
    def hours(self) -> dict[int, tuple[tuple[time, time], ...]]:
        """Once valid: the ranges of each day that has some."""
        return {day.value: tuple(found) for day in WORKDAYS if (found := self.cleaned_data[f"hours_{day}"])}

    @property
    def settings(self) -> Settings:
        """Once valid: what clocks are made of."""
        names = (
            "time_zone",
            "holiday_country",
            "decide_minutes",
            "decide_fast_minutes",
            "first_touch_minutes",
        )
        return Settings(**{name: self.cleaned_data[name] for name in names}, hours=self.hours)


class NewTeamForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Team
        fields = ("name",)


class ShareForm(forms.Form):
    routing_weight = forms.IntegerField(
        validators=WEIGHT,
        error_messages={
            "required": "The share must be 0 to 1000 percent.",
            "invalid": "The share is a number.",
        },
    )
    open_cap = forms.IntegerField(
        required=False, validators=CAP, error_messages={"invalid": "The most open is a number, or empty."}
    )


class PersonForm(forms.Form):
    person = forms.ModelChoiceField(
        queryset=User.objects.none(),
        error_messages={"required": "Choose somebody.", "invalid_choice": "Choose somebody of sales."},
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people


class AbsenceForm(PersonForm):
    first_day = forms.DateField(
        validators=DAYS, error_messages={"required": "Say from when.", "invalid": NOT_A_DAY}
    )
    last_day = forms.DateField(
        validators=DAYS, error_messages={"required": "Say until when.", "invalid": NOT_A_DAY}
    )
    note = forms.CharField(
        max_length=200,
        required=False,
        error_messages={"max_length": "The note is longer than 200 characters."},
    )

    @property
    def days(self) -> Days:
        data = self.cleaned_data
        return Days(data["first_day"], data["last_day"], " ".join(data["note"].split()))
