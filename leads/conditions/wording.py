"""Conditions in plain language."""

from __future__ import annotations

from collections.abc import Sequence

from leads.conditions.fields import FieldType
from leads.conditions.parsing import Condition, Operator

# More values than these are counted, not listed.
_LISTED = 6

_OPERATORS = {
    Operator.IS: "is",
    Operator.IS_NOT: "is known and not",
    Operator.IN: "is",
    Operator.NOT_IN: "is known and not",
    Operator.CONTAINS: "contains",
    Operator.NOT_CONTAINS: "is known and does not contain",
    Operator.STARTS_WITH: "starts with",
    Operator.ENDS_WITH: "ends with",
    Operator.EQ: "is",
    Operator.GT: "is more than",
    Operator.GTE: "is at least",
    Operator.LT: "is less than",
    Operator.LTE: "is at most",
    Operator.BETWEEN: "is",
    Operator.IS_TRUE: "is yes",
    Operator.IS_FALSE: "is no",
    Operator.IS_KNOWN: "is known",
    Operator.IS_UNKNOWN: "is unknown",
}


def condition_wording(condition: Condition) -> str:
    """For example: job title contains “growth” or “demand”."""
    words = f"{lower_first(condition.field.label)} {_OPERATORS[condition.operator]}"
    if condition.operator == Operator.BETWEEN:
        return f"{words} {condition.values[0]} to {condition.values[1]}"
    if not condition.values:
        return words
    labels = dict(condition.field.choices)
    values = [
        labels.get(str(typed), text) for typed, text in zip(condition.typed, condition.values, strict=True)
    ]
    quoted = values if condition.field.type != FieldType.TEXT else [f"“{value}”" for value in values]
    return f"{words} {either(quoted)}"


def either(names: Sequence[str]) -> str:
    """For example: “a”, “b” or “c”; long lists end in how many more there are."""
    if len(names) > _LISTED:
        return f"{', '.join(names[: _LISTED - 1])} or one of {len(names) - _LISTED + 1} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def lower_first(text: str) -> str:
    """“Job title” becomes “job title”; “VAT number” stays."""
    return text if text[1:2].isupper() or text[1:2] == "-" else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]
