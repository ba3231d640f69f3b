"""Days in forms: typed or picked, as YYYY-MM-DD, with a sentence for what is none."""

from __future__ import annotations

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from leads.models.fields import EARLIEST_DAY, LATEST_DAY


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d", attrs={"class": "form-control"})


def day_field(label: str, *, required: bool = False) -> forms.DateField:
    """A day that can be stored. `label` begins the sentence that says what is wrong."""
    bounds = f"{label} must lie between {EARLIEST_DAY} and {LATEST_DAY}."
    return forms.DateField(
        label=label,
        required=required,
        widget=DayInput(),
        input_formats=["%Y-%m-%d"],
        validators=[MinValueValidator(EARLIEST_DAY, bounds), MaxValueValidator(LATEST_DAY, bounds)],
        error_messages={
            "required": f"{label} is missing.",
            "invalid": f"{label} is not a date: write it as YYYY-MM-DD.",
        },
    )
