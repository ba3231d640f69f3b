"""What conditions mean taken together: which ask the same, and which no fact can meet at once.

Pure logic over conditions, without a database. Where it cannot be sure, it says that a fact may exist.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from django.db.models import IntegerField

from leads.conditions import Condition, Field, FieldType, Operator, holds
from leads.conditions.fields import Column
from leads.conditions.parsing import NUMBER_SCALE
from leads.models import Company, Lead
from leads.models.fields import day_from_number

# Beyond every number (x 10^4) and every day that a condition may name.
LOWEST, HIGHEST = -(10**18), 10**18
_MODELS = {"l": Lead, "c": Company}
_ORDERED = (FieldType.NUMBER, FieldType.DATE)


@dataclass(frozen=True)
class Range:
    """Numbers x 10^4, or days, from `low` to `high`, both included; LOWEST and HIGHEST are open ends."""

    low: int = LOWEST
    high: int = HIGHEST

    @property
    def is_empty(self) -> bool:
        return self.low > self.high

    def meet(self, other: Range) -> Range:
        return Range(max(self.low, other.low), min(self.high, other.high))


def range_of(condition: Condition) -> Range | None:
    """The facts that meet a comparison of numbers or dates; None for conditions of another kind.

    On a field of whole numbers the ends are whole: less than 1000 is up to 999, which does not touch 1000.
    """
    if condition.field.type not in _ORDERED or not condition.typed:
        return None
    unit = step_of(condition.field)
    first, last = int(condition.typed[0]), int(condition.typed[-1])
    from_first, to_last = -(-first // unit) * unit, last // unit * unit
    match condition.operator:
        case Operator.GT:
            return Range(low=(first // unit + 1) * unit)
        case Operator.GTE:
            return Range(low=from_first)
        case Operator.LT:
            return Range(high=from_first - unit)
        case Operator.LTE:
            return Range(high=to_last)
    return Range(from_first, to_last)  # between, and eq


def step_of(field: Field) -> int:
    """The smallest difference between two facts of an ordered field."""
    if field.type == FieldType.NUMBER and isinstance(field.source, Column):
        column = _MODELS[field.source.table]._meta.get_field(field.source.name)
        return NUMBER_SCALE if isinstance(column, IntegerField) else 1
    return 1


def range_wording(field: Field, span: Range) -> str:
    """For example: 11 to 1,000; 1,000 or more; 2026-01-01 or later."""
    is_date = field.type == FieldType.DATE
    low, high = _shown(field, span.low), _shown(field, span.high)
    if span.low == span.high:
        return low
    if span.high == HIGHEST:
        return "any" if span.low == LOWEST else f"{low} or {'later' if is_date else 'more'}"
    return f"{high} or {'earlier' if is_date else 'less'}" if span.low == LOWEST else f"{low} to {high}"


def _shown(field: Field, typed: int) -> str:
    if typed in (LOWEST, HIGHEST):
        return ""
    if field.type == FieldType.DATE:
        return day_from_number(typed).isoformat()
    whole, rest = divmod(abs(typed), NUMBER_SCALE)
    decimals = f".{rest:04}".rstrip("0") if rest else ""
    return f"{'−' if typed < 0 else ''}{whole:,}{decimals}"


def sense(condition: Condition) -> Hashable:
    """Equal for conditions that ask the same, however they are written."""
    span = range_of(condition)
    if span is not None:
        return condition.field.name, span
    one = {Operator.IS: Operator.IN, Operator.IS_NOT: Operator.NOT_IN}
    return condition.field.name, one.get(condition.operator, condition.operator), frozenset(condition.typed)


def by_field(conditions: Iterable[Condition]) -> dict[Field, list[Condition]]:
    found: dict[Field, list[Condition]] = defaultdict(list)
    for condition in conditions:
        found[condition.field].append(condition)
    return found


def conflict_among(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Conditions that no fact can meet together, one or two where they suffice; empty where none conflict."""
    for same in by_field(conditions).values():
        if not can_hold(same):
            small = (some for size in (1, 2) for some in combinations(same, size) if not can_hold(some))
            return next(small, tuple(same))
    return ()


def can_hold(conditions: Sequence[Condition]) -> bool:
    """Whether one fact may meet all of these conditions on its field."""
    operators = {condition.operator for condition in conditions}
    if Operator.IS_UNKNOWN in operators:
        return operators == {Operator.IS_UNKNOWN}
    tests = [condition for condition in conditions if condition.operator != Operator.IS_KNOWN]
    if not tests:
        return True
    match tests[0].field.type:
        case FieldType.BOOLEAN:
            return not {Operator.IS_TRUE, Operator.IS_FALSE} <= operators
        case FieldType.NUMBER | FieldType.DATE:
            return not meet_of(tests).is_empty
    return _text_can_hold(tests)


def meet_of(conditions: Iterable[Condition]) -> Range:
    """The facts that meet all comparisons among the conditions."""
    met = Range()
    for condition in conditions:
        met = met.meet(range_of(condition) or met)
    return met


def _text_can_hold(tests: Sequence[Condition]) -> bool:
    whole = next((test for test in tests if test.operator in (Operator.IS, Operator.IN)), None)
    values = whole.typed if whole else [code for code, _label in tests[0].field.choices]
    if values:
        return any(all(holds(test, value) for test in tests) for value in values)
    return not any(_exclude(one, other) for one, other in permutations(tests, 2))


def _exclude(one: Condition, other: Condition) -> bool:
    """Whether no text can meet both, as far as their parts tell."""
    parts, others = [str(part) for part in one.typed], [str(part) for part in other.typed]
    match one.operator, other.operator:
        case Operator.STARTS_WITH, Operator.STARTS_WITH:
            return not any(a.startswith(b) or b.startswith(a) for a in parts for b in others)
        case Operator.ENDS_WITH, Operator.ENDS_WITH:
            return not any(a.endswith(b) or b.endswith(a) for a in parts for b in others)
        case ((Operator.CONTAINS | Operator.STARTS_WITH | Operator.ENDS_WITH), Operator.NOT_CONTAINS):
            return all(any(b in a for b in others) for a in parts)
    return False
