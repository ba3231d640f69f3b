"""The condition builder: lines of field, operator and values as they are typed, complete or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from leads.conditions.fields import Field, FieldRegistry, FieldType
from leads.conditions.parsing import Operator, operators_for, takes

OPERATORS = {
    Operator.IS: "is",
    Operator.IS_NOT: "is known and not",
    Operator.IN: "is one of",
    Operator.NOT_IN: "is known and none of",
    Operator.CONTAINS: "contains",
    Operator.NOT_CONTAINS: "does not contain",
    Operator.STARTS_WITH: "starts with",
    Operator.ENDS_WITH: "ends with",
    Operator.EQ: "is",
    Operator.GT: "is more than",
    Operator.GTE: "is at least",
    Operator.LT: "is less than",
    Operator.LTE: "is at most",
    Operator.BETWEEN: "is between",
    Operator.IS_TRUE: "is yes",
    Operator.IS_FALSE: "is no",
    Operator.IS_KNOWN: "is known",
    Operator.IS_UNKNOWN: "is unknown",
}
_OF_DATES = {
    Operator.GT: "is after",
    Operator.GTE: "is on or after",
    Operator.LT: "is before",
    Operator.LTE: "is on or before",
}
_FIRST = {
    FieldType.TEXT: Operator.CONTAINS,
    FieldType.CHOICE: Operator.IN,
    FieldType.NUMBER: Operator.GTE,
    FieldType.DATE: Operator.GTE,
    FieldType.BOOLEAN: Operator.IS_TRUE,
}
_SEVERAL = {Operator.IS: Operator.IN, Operator.IS_NOT: Operator.NOT_IN}
_WHOLE = {Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN}
_FIELD_OF_LINE = re.compile(r"c(\d{1,2})-field")


@dataclass(frozen=True)
class Line:
    """One condition as it was typed."""

    field: str
    operator: str
    values: tuple[str, ...] = ()

    @property
    def json(self) -> dict[str, Any]:
        written: dict[str, Any] = {"field": self.field, "operator": self.operator}
        return {**written, "values": list(self.values)} if self.values else written


@dataclass(frozen=True)
class LineEditor:
    """A line with what its field allows."""

    line: Line
    field: Field | None
    sentences: tuple[str, ...] = ()

    @property
    def operators(self) -> dict[str, str]:
        if self.field is None:
            return {self.line.operator: self.line.operator}
        labels = {**OPERATORS, **(_OF_DATES if self.field.type == FieldType.DATE else {})}
        return {operator.value: labels[operator] for operator in operators_for(self.field)}

    @property
    def widget(self) -> str:
        """none, one, two, chips; with choices: select, checks."""
        if self.field is None:
            return "chips"
        operator = Operator(self.line.operator)
        widget = {(0, 0): "none", (1, 1): "one", (2, 2): "two"}.get(takes(operator), "chips")
        if self.field.choices and operator in _WHOLE:
            return "select" if widget == "one" else "checks"
        return widget

    @property
    def input_type(self) -> str:
        return "date" if self.field and self.field.type == FieldType.DATE else "text"

    @property
    def input_mode(self) -> str:
        return "decimal" if self.field and self.field.type == FieldType.NUMBER else "text"

    @property
    def first(self) -> str:
        return self.line.values[0] if self.line.values else ""

    @property
    def second(self) -> str:
        return self.line.values[1] if len(self.line.values) > 1 else ""

    @property
    def is_pending(self) -> bool:
        return is_pending(self.line)


def grouped(registry: FieldRegistry, *, own: str) -> dict[str, list[Field]]:
    """The fields as a list of choices offers them; `own` is the heading of those without a prefix."""
    names = {
        "company": "The company",
        "score": "The score",
        "attributes": "Other facts",
        "properties": "Properties",
    }
    found: dict[str, list[Field]] = {}
    for name, field in registry.items():
        prefix, dot, _ = name.partition(".")
        found.setdefault(names.get(prefix, own) if dot else own, []).append(field)
    return found


def stored(value: Sequence[dict[str, Any]]) -> list[Line]:
    return [
        Line(one["field"], one["operator"], tuple(str(item) for item in one.get("values", ())))
        for one in value
    ]


# What was posted ----------------------------------------------------------------------------------------


def typed_lines(data: QueryDict, registry: FieldRegistry) -> list[Line]:
    """The lines of the form, with what its buttons did to them."""
    indexes = sorted(int(found[1]) for found in map(_FIELD_OF_LINE.fullmatch, data) if found)
    lines = [_line(data, index, registry) for index in indexes]
    removed = data.get("remove", "")
    if removed.isdecimal() and int(removed) in indexes:
        del lines[indexes.index(int(removed))]
    if "add" in data:
        lines.append(_new(registry, lines))
    return lines


def _line(data: QueryDict, index: int, registry: FieldRegistry) -> Line:
    name = data.get(f"c{index}-field", "")
    values = [value for value in data.getlist(f"c{index}-value") if value.strip()]
    place, _, dropped = data.get("drop", "").partition("-")
    if place == str(index) and dropped.isdecimal() and int(dropped) < len(values):
        del values[int(dropped)]
    if name != data.get(f"c{index}-was", name):  # values of another field mean nothing here
        values = []
    values += [value for value in re.split(r"[;\r\n]+", data.get(f"c{index}-new", "")) if value.strip()]
    line = Line(name, data.get(f"c{index}-operator", ""), tuple(dict.fromkeys(values)))
    return _fitting(line, registry)


def _fitting(line: Line, registry: FieldRegistry) -> Line:
    """With an operator that the field has, and no values where it takes none."""
    field = registry.get(line.field)
    if field is None:
        return line
    allowed = operators_for(field)
    operator = Operator(line.operator) if line.operator in allowed else _FIRST[field.type]
    if len(line.values) > 1:
        operator = _SEVERAL.get(operator, operator)
    _low, high = takes(operator)
    values = line.values[:high]
    if operator in _WHOLE or not field.is_text:
        values = tuple(value.strip() for value in values)  # elsewhere a space may be meant: “vp ”
    return Line(line.field, operator.value, values)


def _new(registry: FieldRegistry, lines: Sequence[Line]) -> Line:
    asked = {line.field for line in lines}
    name = next((name for name in registry if name not in asked and name != "email"), next(iter(registry)))
    return _fitting(Line(name, ""), registry)


def is_pending(line: Line) -> bool:
    """Whether a value is still to come."""
    try:
        low, _high = takes(Operator(line.operator))
    except ValueError:
        return False
    return len(line.values) < low
