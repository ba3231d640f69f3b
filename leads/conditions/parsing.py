"""Conditions as people write them, checked and brought to the types of the database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from leads.conditions.fields import Field, FieldRegistry, FieldType, Letters
from leads.folding import fold
from leads.models.fields import day_number

MAX_VALUES = 200
MAX_VALUE_LENGTH = 500
NUMBER_SCALE = 10_000

_NUMBER = re.compile(r"-?[0-9]{1,11}(\.[0-9]{1,4})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CAPITALS = str.maketrans({chr(code): chr(code - 32) for code in range(ord("a"), ord("z") + 1)})


class Operator(StrEnum):
    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    EQ = "eq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    IS_TRUE = "is_true"
    IS_FALSE = "is_false"
    IS_KNOWN = "is_known"
    IS_UNKNOWN = "is_unknown"


_EVERY = (Operator.IS_KNOWN, Operator.IS_UNKNOWN)
_TEXT = (
    Operator.IS,
    Operator.IS_NOT,
    Operator.IN,
    Operator.NOT_IN,
    Operator.CONTAINS,
    Operator.NOT_CONTAINS,
    Operator.STARTS_WITH,
    Operator.ENDS_WITH,
    *_EVERY,
)
_ORDERED = (Operator.EQ, Operator.GT, Operator.GTE, Operator.LT, Operator.LTE, Operator.BETWEEN, *_EVERY)
_OPERATORS = {
    FieldType.TEXT: _TEXT,
    FieldType.CHOICE: _TEXT,
    FieldType.NUMBER: _ORDERED,
    FieldType.DATE: _ORDERED,
    FieldType.BOOLEAN: (Operator.IS_TRUE, Operator.IS_FALSE, *_EVERY),
}
_WITHOUT_VALUE = {Operator.IS_TRUE, Operator.IS_FALSE, *_EVERY}
_ANY_OF = {
    Operator.IN,
    Operator.NOT_IN,
    Operator.CONTAINS,
    Operator.NOT_CONTAINS,
    Operator.STARTS_WITH,
    Operator.ENDS_WITH,
}
_WHOLE_VALUE = {Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN}


@dataclass(frozen=True)
class Condition:
    """A checked condition. `values` is what was written; `typed` is what the database compares:

    folded text (capitals for countries), number x 10^4, or day number.
    """

    field: Field
    operator: Operator
    values: tuple[str, ...]
    typed: tuple[str | int, ...]


class ConditionError(ValueError):
    """A condition that cannot be: `part` is where ("field", "operator", "values", "values[2]")."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part
        self.message = message


def operators_for(field: Field) -> tuple[Operator, ...]:
    """The operators that fit the type of the field."""
    return _OPERATORS[field.type]


def takes(operator: Operator) -> tuple[int, int]:
    """The least and the most values that an operator takes."""
    if operator in _WITHOUT_VALUE:
        return 0, 0
    if operator == Operator.BETWEEN:
        return 2, 2
    return 1, MAX_VALUES if operator in _ANY_OF else 1


def parse_condition(
    registry: FieldRegistry, *, field: object, operator: object, values: Sequence[object] = ()
) -> Condition:
    """The condition, or ConditionError with one sentence that names what is wrong and what is allowed.

    Values may be texts, numbers (int, float or Decimal) or, on their own, the texts of numbers and dates.
    """
    found = _field(registry, field)
    chosen = _operator(found, operator)
    _check_count(found, chosen, values)
    texts = tuple(_as_text(found, f"values[{index}]", value) for index, value in enumerate(values))
    typed = tuple(_typed(found, chosen, f"values[{index}]", text) for index, text in enumerate(texts))
    if chosen == Operator.BETWEEN and typed[0] > typed[1]:  # type: ignore[operator]
        raise ConditionError(
            "values",
            f"{found.name} between {texts[0]} and {texts[1]} is empty: the first must not be the larger.",
        )
    return Condition(found, chosen, texts, typed)


def _field(registry: FieldRegistry, name: object) -> Field:
    if isinstance(name, str) and name in registry:
        return registry[name]
    guess = registry.closest(name) if isinstance(name, str) else None
    hint = f"did you mean “{guess}”? Allowed: " if guess else "allowed: "
    raise ConditionError("field", f"There is no field “{shorten(name)}”; {hint}{_listed(registry)}.")


def _operator(field: Field, name: object) -> Operator:
    allowed = operators_for(field)
    if name not in allowed:
        raise ConditionError(
            "operator",
            f"“{shorten(name)}” does not fit {field.name}, a {field.type} field; allowed: {_listed(allowed)}.",
        )
    return Operator(str(name))


def _check_count(field: Field, operator: Operator, values: Sequence[object]) -> None:
    low, high = takes(operator)
    if not low <= len(values) <= high:
        wanted = {(0, 0): "no values", (1, 1): "one value", (2, 2): "two values"}
        expected = wanted.get((low, high), f"{low} to {high} values")
        raise ConditionError("values", f"{field.name} {operator} takes {expected}, not {len(values)}.")


def _as_text(field: Field, part: str, value: object) -> str:
    if (
        isinstance(value, (int, float, Decimal))
        and not isinstance(value, bool)
        and field.type == FieldType.NUMBER
    ):
        value = format(Decimal(str(value)), "f")
    if not isinstance(value, str):
        raise ConditionError(part, f"{_shown(value)} is no value for {field.name}; write {_wanted(field)}.")
    if not value:
        raise ConditionError(
            part, f"A value for {field.name} is empty; write {_wanted(field)}, or use is_unknown."
        )
    if len(value) > MAX_VALUE_LENGTH:
        raise ConditionError(
            part,
            f"A value for {field.name} has {len(value)} characters; at most {MAX_VALUE_LENGTH} are allowed.",
        )
    if not is_storable(value):
        raise ConditionError(
            part, f"A value for {field.name} has a NUL or half a character in it; write plain text."
        )
    return value


def _typed(field: Field, operator: Operator, part: str, text: str) -> str | int:
    match field.type:
        case FieldType.NUMBER:
            if not _NUMBER.fullmatch(text):
                raise _unreadable(field, part, text)
            return int(Decimal(text) * NUMBER_SCALE)
        case FieldType.DATE:
            if not _DATE.fullmatch(text):  # other ways of ISO 8601 would be read, and written back otherwise
                raise _unreadable(field, part, text)
            try:
                return day_number(date.fromisoformat(text))
            except ValueError:
                raise _unreadable(field, part, text) from None
        case _:
            return _typed_text(field, operator, part, text)


def _typed_text(field: Field, operator: Operator, part: str, text: str) -> str:
    letters = text.translate(_CAPITALS) if field.letters == Letters.CAPITALS else fold(text)
    if operator in _WHOLE_VALUE:
        codes = [code for code, _label in field.choices]
        is_code = field.letters != Letters.CAPITALS or re.fullmatch("[A-Z]{2}", letters)
        if not is_code or (codes and letters not in codes):
            raise _unreadable(field, part, text)
    return letters


def _unreadable(field: Field, part: str, text: str) -> ConditionError:
    return ConditionError(part, f"“{shorten(text)}” is no value for {field.name}; write {_wanted(field)}.")


def _wanted(field: Field) -> str:
    if field.choices:
        return f"one of {_listed(code for code, _label in field.choices)}"
    if field.letters == Letters.CAPITALS:
        return "a country as two letters (ISO 3166), such as DE"
    return {
        FieldType.NUMBER: "a number of at most 11 digits and 4 decimal places",
        FieldType.DATE: "a date as YYYY-MM-DD",
    }.get(field.type, "a text")


def is_storable(text: str) -> bool:
    """Whether both databases can keep the text: no NUL, no unpaired surrogate."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def shorten(value: object) -> str:
    """What was written, short enough to name in a sentence."""
    text = str(value).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 60 else text[:59] + "…"


def _shown(value: object) -> str:
    in_json = {None: "null", True: "true", False: "false"}
    return in_json[value] if value is None or isinstance(value, bool) else f"“{shorten(value)}”"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
