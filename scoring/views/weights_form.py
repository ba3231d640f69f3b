"""What somebody may choose before weights are suggested: the decisions to learn from, and limits for the points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms

from scoring.evidence.asking import DEFAULT_DAYS, PERIODS
from scoring.models.rulebook import POINTS_LIMIT
from scoring.rulebook.form import AnyRule, Form
from scoring.weights.asked import Limits, Wanted, usual_high


def _size(label: str, *, required: bool) -> forms.IntegerField:
    allowed = f"{label}: write a whole number from 1 to {POINTS_LIMIT}."
    return forms.IntegerField(
        label=label,
        required=required,
        min_value=1,
        max_value=POINTS_LIMIT,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), allowed),
    )


class WeightsForm(forms.Form):
    days = forms.TypedChoiceField(
        label="Decided in the",
        coerce=int,
        choices=list(PERIODS.items()),
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), f"Choose a period: {', '.join(map(str, PERIODS))} days."
        ),
    )
    low = _size("Least points", required=True)
    high = _size("Most points", required=True)

    def __init__(self, data: Mapping[str, Any] | None, form: Form) -> None:
        super().__init__(data, initial={"days": DEFAULT_DAYS, "low": 1, "high": usual_high(form)})
        self.rules = form.enabled_rules
        for rule in self.rules:
            for name in ("keep", "turn"):
                self.fields[f"{name}-{rule.key}"] = forms.BooleanField(
                    required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
                )
            self.fields[f"low-{rule.key}"] = _size(f"Least points of {rule.name}", required=False)
            self.fields[f"high-{rule.key}"] = _size(f"Most points of {rule.name}", required=False)
        for name, words in (
            ("keep", "Keep"),
            ("turn", "The sign may turn"),
            ("low", "Least"),
            ("high", "Most"),
        ):
            for rule in self.rules:
                self.fields[f"{name}-{rule.key}"].widget.attrs["aria-label"] = f"{words}: {rule.name}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for suffix, name in (("", ""), *((f"-{rule.key}", f" of {rule.name}") for rule in self.rules)):
            low, high = cleaned.get(f"low{suffix}"), cleaned.get(f"high{suffix}")
            if low is not None and high is not None and low > high:
                self.add_error(f"high{suffix}", f"The most points{name}, {high}, are below the least, {low}.")
        return cleaned

    def wanted(self, *, today: date) -> Wanted:
        """What a valid form asks for."""
        chosen = self.cleaned_data
        return Wanted(
            first=today - timedelta(days=chosen["days"] - 1),
            last=today,
            low=chosen["low"],
            high=chosen["high"],
            rules={
                rule.key: Limits(
                    keep=chosen[f"keep-{rule.key}"],
                    may_turn=chosen[f"turn-{rule.key}"],
                    low=chosen[f"low-{rule.key}"],
                    high=chosen[f"high-{rule.key}"],
                )
                for rule in self.rules
            },
        )

    @property
    def limits(self) -> Sequence[RuleLimits]:
        return [
            RuleLimits(rule, *(self[f"{name}-{rule.key}"] for name in ("keep", "turn", "low", "high")))
            for rule in self.rules
        ]


@dataclass(frozen=True)
class RuleLimits:
    """The fields of one rule, for a line of a table."""

    rule: AnyRule
    keep: forms.BoundField
    turn: forms.BoundField
    low: forms.BoundField
    high: forms.BoundField
