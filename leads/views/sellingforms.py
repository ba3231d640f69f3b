"""What sellers may enter about a lead, with a sentence for each mistake."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator

from leads.models import Qualification, Touch
from leads.models.fields import EARLIEST_DAY, LATEST_DAY
from leads.selling.sheet import QUESTIONS
from leads.views.reasonform import note_field

DAYS = [
    MinValueValidator(EARLIEST_DAY, f"The day must be {EARLIEST_DAY} or later."),
    MaxValueValidator(LATEST_DAY, f"The day must be {LATEST_DAY} or earlier."),
]
NOT_A_DAY = "This is not a day; write it as 2026-03-31."


def amount_field() -> forms.DecimalField:
    return forms.DecimalField(
        min_value=0,
        max_digits=15,
        decimal_places=2,
        required=False,
        error_messages={
            "invalid": "The amount must be a number such as 1200 or 1200.50.",
            "min_value": "An amount cannot be negative.",
            "max_digits": "The amount has more than 15 digits.",
            "max_whole_digits": "The amount has more than 13 digits before the point.",
            "max_decimal_places": "The amount has more than two digits after the point.",
        },
    )


class TouchForm(forms.Form):
    kind = forms.ChoiceField(
        choices=Touch.Kind.choices,
        error_messages={
            "required": "Choose call, e-mail, meeting or note.",
            "invalid_choice": "Choose call, e-mail, meeting or note.",
        },
    )
    note = note_field()


class StepForm(forms.Form):
    what = forms.CharField(
        max_length=200,
        error_messages={
            "required": "Say what is to be done next.",
            "max_length": "The step is longer than 200 characters.",
        },
    )
    due_on = forms.DateField(
        validators=DAYS, error_messages={"required": "Say by when.", "invalid": NOT_A_DAY}
    )


class AnswerForm(forms.Form):
    note = note_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, _ in QUESTIONS:
            wrong = f"{label}: choose yes, no or unknown."
            self.fields[name] = forms.ChoiceField(
                choices=Qualification.Answer.choices,
                error_messages={"required": wrong, "invalid_choice": wrong},
            )


class DealForm(forms.Form):
    amount = amount_field()
    currency = forms.CharField(
        max_length=3,
        required=False,
        validators=[
            RegexValidator("^[A-Z]{3}$", "A currency has three capital letters, such as EUR or USD.")
        ],
    )
    expected_close_on = forms.DateField(
        validators=DAYS, required=False, error_messages={"invalid": NOT_A_DAY}
    )
    note = note_field()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("amount") is not None and not cleaned.get("currency") and not self.errors:
            self.add_error("currency", "An amount needs a currency, such as EUR.")
        return cleaned


class WinForm(forms.Form):
    amount = amount_field()
