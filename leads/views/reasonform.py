"""A reason with a note: why a handoff is rejected, a lead given back, a deal lost."""

from __future__ import annotations

from django import forms

from leads.models import Reason


def note_field() -> forms.CharField:
    return forms.CharField(max_length=2000, required=False)


class ReasonForm(forms.Form):
    reason = forms.ModelChoiceField(
        queryset=Reason.objects.filter(is_active=True),
        to_field_name="key",
        error_messages={
            "required": "Choose a reason.",
            "invalid_choice": "This reason is not in use; choose another.",
        },
    )
    note = note_field()
