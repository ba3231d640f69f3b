"""The meaning of conditions in plain Python: what the explainer uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from leads.conditions.fields import Column, Field, FieldType, NameOf, TypedKey
from leads.conditions.parsing import NUMBER_SCALE, Condition, Operator
from leads.models.fields import day_number

if TYPE_CHECKING:
    from leads.models import Activity, Lead

Fact = str | int | bool | None


def fact_of(owner: Lead | Activity, field: Field) -> Fact:
    """The fact in its typed form; None or '' where unknown."""
    source = field.source
    match source:
        case Column():
            row = owner.company if source.table == "c" else owner  # type: ignore[union-attr]
            return None if row is None else _typed(getattr(row, source.name))
        case TypedKey():
            return _guarded(field.type, (getattr(owner, source.name) or {}).get(source.key))
        case NameOf():
            named = getattr(owner, source.relation)
            return None if named is None else str(named.name_folded)


def is_known(fact: Fact) -> bool:
    return fact is not None and fact != ""


def holds(condition: Condition, fact: Fact) -> bool:
    """Whether the condition holds of the fact; an unknown one satisfies is_unknown and nothing else."""
    if not is_known(fact):
        return condition.operator == Operator.IS_UNKNOWN
    return _TESTS[condition.operator](fact, condition.typed)


def _typed(value: object) -> Fact:
    match value:
        case None | str() | bool():
            return value
        case date():
            return day_number(value)
        case int() | Decimal():
            return int(value * NUMBER_SCALE)
    raise TypeError(f"{type(value).__name__} is no type of a fact")


def _guarded(wanted: FieldType, value: object) -> Fact:
    """The value where it has the declared type; a key whose type was changed is unknown until converted."""
    match wanted, value:
        case FieldType.BOOLEAN, bool():
            return value
        case ((FieldType.NUMBER | FieldType.DATE), int()) if not isinstance(value, bool):
            return value
        case ((FieldType.TEXT | FieldType.CHOICE), str()):
            return value
    return None


_Test = Callable[[Any, tuple[Any, ...]], bool]
_TESTS: Mapping[Operator, _Test] = {
    Operator.IS: lambda fact, values: fact == values[0],
    Operator.IS_NOT: lambda fact, values: fact != values[0],
    Operator.IN: lambda fact, values: fact in values,
    Operator.NOT_IN: lambda fact, values: fact not in values,
    Operator.CONTAINS: lambda fact, values: any(value in fact for value in values),
    Operator.NOT_CONTAINS: lambda fact, values: not any(value in fact for value in values),
    Operator.STARTS_WITH: lambda fact, values: fact.startswith(values),
    Operator.ENDS_WITH: lambda fact, values: fact.endswith(values),
    Operator.EQ: lambda fact, values: fact == values[0],
    Operator.GT: lambda fact, values: fact > values[0],
    Operator.GTE: lambda fact, values: fact >= values[0],
    Operator.LT: lambda fact, values: fact < values[0],
    Operator.LTE: lambda fact, values: fact <= values[0],
    Operator.BETWEEN: lambda fact, values: values[0] <= fact <= values[1],
    Operator.IS_TRUE: lambda fact, _values: fact is True,
    Operator.IS_FALSE: lambda fact, _values: fact is False,
    Operator.IS_KNOWN: lambda _fact, _values: True,
    Operator.IS_UNKNOWN: lambda _fact, _values: False,
}
