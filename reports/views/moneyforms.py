"""What may be entered about money, with a sentence for each mistake."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator

from leads.models import Campaign, CampaignCost
from leads.views.dayfields import day_field
from leads.views.sellingforms import amount_field
from reports.models import ExchangeRate


class CurrencyField(forms.CharField):
    """Three letters, in any case."""

    def __init__(self) -> None:
        super().__init__(
            label="Currency",
            max_length=3,
            validators=[
                RegexValidator("^[A-Z]{3}$", "A currency has three capital letters, such as EUR or USD.")
            ],
            error_messages={
                "required": "The currency is missing: three capital letters, such as EUR or USD.",
                "max_length": "A currency has three capital letters, such as EUR or USD.",
            },
        )

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").upper()


class MoneyForm(forms.ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            is_select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if is_select else "form-control"
            if self.is_bound and name in self.errors:
                field.widget.attrs["class"] += " is-invalid"
                field.widget.attrs["aria-describedby"] = f"id_{name}_error"


class RateForm(MoneyForm):
    currency = CurrencyField()
    day = day_field("From", required=True)
    rate = forms.DecimalField(
        label=f"One unit in {settings.CURRENCY}",
        max_digits=18,
        decimal_places=8,
        error_messages={
            "required": "The rate is missing.",
            "invalid": "The rate must be a number such as 0.92.",
            "max_digits": "The rate has more than 18 digits.",
            "max_whole_digits": "The rate has more than 10 digits before the point.",
            "max_decimal_places": "The rate has more than eight digits after the point.",
        },
    )

    class Meta:
        model = ExchangeRate
        fields: ClassVar = ["currency", "day", "rate"]

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"]
        if currency == settings.CURRENCY:
            raise forms.ValidationError(
                f"{currency} is the organisation’s own currency: its rate is always 1."
            )
        return currency


class CostForm(MoneyForm):
    campaign = forms.ModelChoiceField(
        Campaign.objects.all(),
        label="Campaign",
        required=False,
        empty_label="None: a source as a whole",
        error_messages={"invalid_choice": "There is no such campaign; choose one of the list."},
    )
    source = forms.CharField(
        label="or source as a whole",
        max_length=200,
        required=False,
        error_messages={"max_length": "The source is longer than 200 characters."},
    )
    starts_on = day_field("First day", required=True)
    ends_on = day_field("Last day", required=True)
    currency = CurrencyField()

    class Meta:
        model = CampaignCost
        fields: ClassVar = ["campaign", "source", "starts_on", "ends_on", "amount", "currency"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        amount = amount_field()
        amount.required, amount.label = True, "Amount"
        amount.error_messages["required"] = "The amount is missing."
        self.base_fields["amount"] = amount
        super().__init__(*args, **kwargs)
        self.order_fields(self.Meta.fields)

    def clean_source(self) -> str:
        return " ".join(self.cleaned_data["source"].split())
