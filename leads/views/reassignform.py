"""Which of a selection, who shall have them, and why: for handoffs that wait, and for leads that are worked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

from leads.errors import LeadError
from leads.handoff.reassigning import Answer, Recipient
from leads.handoff.recipients import Candidate, choices_of

NOBODY = "Choose who shall have it."
# The first of those that were not given are named; the list itself shows them all.
MOST_NAMED = 5


class ReassignForm(forms.Form):
    to = forms.ChoiceField(label="Give to", error_messages={"required": NOBODY, "invalid_choice": NOBODY})
    why = forms.CharField(
        label="Because",
        max_length=200,
        required=False,
        error_messages={"max_length": "The reason is longer than 200 characters."},
    )

    def __init__(self, *args: Any, candidates: Sequence[Candidate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.recipients: dict[str, Recipient] = {one.key: one.to for one in candidates}
        to = self.fields["to"]
        assert isinstance(to, forms.ChoiceField)
        to.choices = [("", "Give to …"), *choices_of(candidates)]
        to.widget.attrs["class"] = "form-select"
        self.fields["why"].widget.attrs |= {"class": "form-control", "placeholder": "Because … (optional)"}

    def clean_to(self) -> Recipient:
        return self.recipients[self.cleaned_data["to"]]


class NothingChosen(LeadError):
    """The selection is empty, or not one."""


def chosen_ids(data: MultiValueDict[str, str]) -> list[int]:
    """What is ticked, in its order. Raises NothingChosen."""
    texts = data.getlist("chosen")
    ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) <= 18]
    if not ids or len(ids) != len(texts):
        raise NothingChosen("Tick those that shall be given to somebody else.")
    return ids


def say_answers(request: HttpRequest, answers: Sequence[Answer], *, warning: str) -> None:
    """One message for those that were given, and one each for those that were not."""
    given = [answer for answer in answers if answer.is_done]
    refused = [answer for answer in answers if not answer.is_done]
    if len(given) == 1:
        messages.success(request, given[0].words)
    elif given:
        messages.success(request, f"{len(given)} were given.")
    for answer in refused[:MOST_NAMED]:
        messages.warning(request, answer.words)
    if len(refused) > MOST_NAMED:
        messages.warning(request, f"{len(refused) - MOST_NAMED} more were left as they are.")
    if given and warning:
        messages.warning(request, warning)
