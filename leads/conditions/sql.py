"""Conditions as SQL for two databases. Values are parameters, never text of the statement.

Aliases: `l` the lead, `c` its company (left joined), `a` the activity. A fragment is true or not
true; null means "not true", so use it under WHERE, FILTER or CASE WHEN, never under NOT.
LIKE is not used: its wildcards and letter case differ between databases and settings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from leads.conditions.fields import Column, Field, FieldType, NameOf, TypedKey
from leads.conditions.parsing import NUMBER_SCALE, Condition, Operator


class Dialect(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def dialect_of(connection: BaseDatabaseWrapper) -> Dialect:
    return Dialect(connection.vendor)


@dataclass(frozen=True)
class Fragment:
    """A piece of SQL with `%s` placeholders and their parameters, in order."""

    sql: str
    params: tuple[Any, ...] = ()

    def __add__(self, other: Fragment | str) -> Fragment:
        if isinstance(other, str):
            return Fragment(self.sql + other, self.params)
        return Fragment(self.sql + other.sql, self.params + other.params)

    def __radd__(self, text: str) -> Fragment:
        return Fragment(text + self.sql, self.params)


def sql(template: str, *parts: Any) -> Fragment:
    """The template with each `{}` replaced by a fragment, or by the placeholder of a value."""
    texts = template.split("{}")
    if len(texts) != len(parts) + 1:
        raise ValueError(f"{len(parts)} parts for {len(texts) - 1} places in: {template}")
    pieces = [texts[0]]
    params: list[Any] = []
    for part, text in zip(parts, texts[1:], strict=True):
        fragment = part if isinstance(part, Fragment) else Fragment("%s", (part,))
        pieces += (fragment.sql, text)
        params += fragment.params
    return Fragment("".join(pieces), tuple(params))


def joined(separator: str, fragments: Iterable[Fragment]) -> Fragment:
    """The fragments one after another, with a separator between them."""
    fragments = list(fragments)
    return Fragment(
        separator.join(fragment.sql for fragment in fragments),
        tuple(param for fragment in fragments for param in fragment.params),
    )


_COMPARISONS = {Operator.EQ: "=", Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<="}
_NEGATED = {Operator.IS_NOT, Operator.NOT_IN, Operator.NOT_CONTAINS}

# From this many values on, they travel as one array: a statement may have only so many parameters.
_ARRAY_FROM = 5


def condition_sql(condition: Condition, dialect: Dialect) -> Fragment:
    """The condition as a boolean expression over the aliases `l`, `c` and `a`."""
    source = condition.field.source
    if isinstance(source, NameOf):
        return _named(condition, source, dialect)
    if condition.operator == Operator.IS_KNOWN:
        return known_sql(condition.field, dialect)
    value = value_sql(condition.field, dialect)
    if condition.operator == Operator.IS_UNKNOWN:
        return "COALESCE(" + value + ", '') = ''" if condition.field.is_text else value + " IS NULL"
    match condition.field.type:
        case FieldType.BOOLEAN:
            return value + (" IS TRUE" if condition.operator == Operator.IS_TRUE else " IS FALSE")
        case FieldType.NUMBER | FieldType.DATE:
            return _compared(condition, value, dialect)
        case _:
            return _matched(condition, value, dialect)


def known_sql(field: Field, dialect: Dialect) -> Fragment:
    """Whether the fact is known, as a boolean expression."""
    if isinstance(field.source, NameOf):
        return Fragment(f"{field.source.table}.{field.source.name} IS NOT NULL")
    value = value_sql(field, dialect)
    return value + " <> ''" if field.is_text else value + " IS NOT NULL"


def value_sql(field: Field, dialect: Dialect) -> Fragment:
    """The fact in its typed form; null where it has another type. Not for the names of other rows (NameOf)."""
    source = field.source
    if isinstance(source, Column):
        return Fragment(f"{source.table}.{source.name}")
    assert isinstance(source, TypedKey)
    column = f"{source.table}.{source.name}"
    if dialect == Dialect.POSTGRESQL:
        kind, read = _POSTGRESQL_JSON[field.type]
        return Fragment(
            f"(CASE WHEN jsonb_typeof({column} -> %s) = '{kind}' THEN {read.format(column)} END)",
            (source.key, source.key),
        )
    path = f'$."{source.key}"'
    kinds = _SQLITE_JSON[field.type]
    return Fragment(
        f"(CASE WHEN json_type({column}, %s) IN {kinds} THEN json_extract({column}, %s) END)", (path, path)
    )


# numeric, not bigint: a number that some other program wrote must not be able to stop a run.
_POSTGRESQL_JSON = {
    FieldType.TEXT: ("string", "{} ->> %s"),
    FieldType.NUMBER: ("number", "({} -> %s)::numeric"),
    FieldType.DATE: ("number", "({} -> %s)::numeric"),
    FieldType.BOOLEAN: ("boolean", "({} -> %s)::boolean"),
}
_SQLITE_JSON = {
    FieldType.TEXT: "('text')",
    FieldType.NUMBER: "('integer')",
    FieldType.DATE: "('integer')",
    FieldType.BOOLEAN: "('true', 'false')",
}


def _compared(condition: Condition, value: Fragment, dialect: Dialect) -> Fragment:
    params = tuple(_number(condition, int(typed), dialect) for typed in condition.typed)
    if condition.operator == Operator.BETWEEN:
        return value + Fragment(" BETWEEN %s AND %s", params)
    return value + Fragment(f" {_COMPARISONS[condition.operator]} %s", params)


def _number(condition: Condition, typed: int, dialect: Dialect) -> int | Decimal | str:
    """The parameter in the form of its column; only JSON keeps numbers x 10^4."""
    if condition.field.type == FieldType.DATE or isinstance(condition.field.source, TypedKey):
        return typed
    whole, rest = divmod(typed, NUMBER_SCALE)
    if not rest:
        return whole
    number = Decimal(typed) / NUMBER_SCALE
    # SQLite keeps decimals as it reads their text; the same text is sure to become the same number.
    return f"{number:.4f}" if dialect == Dialect.SQLITE else number


def _matched(condition: Condition, value: Fragment, dialect: Dialect) -> Fragment:
    operator = condition.operator
    texts = [str(typed) for typed in condition.typed]
    if operator in (Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN):
        any_of = _equal(value, texts, dialect)
    elif len(texts) < _ARRAY_FROM:
        any_of = (
            "("
            + joined(" OR ", [_found(operator, value, Fragment("%s", (t,)), dialect) for t in texts])
            + ")"
        )
    else:
        one = Fragment("wanted.value")
        any_of = "EXISTS (SELECT 1 FROM " + _array(texts, dialect) + " WHERE "
        any_of = any_of + _found(operator, value, one, dialect) + ")"
    return "(" + value + " <> '' AND NOT " + any_of + ")" if operator in _NEGATED else any_of


def _equal(value: Fragment, texts: list[str], dialect: Dialect) -> Fragment:
    if len(texts) < _ARRAY_FROM:
        return "(" + value + Fragment(f" IN ({', '.join(['%s'] * len(texts))}))", tuple(texts))
    if dialect == Dialect.POSTGRESQL:
        return "(" + value + Fragment(" = ANY (%s::text[]))", (texts,))
    return "(" + value + " IN (SELECT wanted.value FROM " + _array(texts, dialect) + "))"


def _array(texts: list[str], dialect: Dialect) -> Fragment:
    if dialect == Dialect.POSTGRESQL:
        return Fragment("unnest(%s::text[]) AS wanted (value)", (texts,))
    return Fragment("json_each(%s) AS wanted", (json.dumps(texts),))


def _found(operator: Operator, value: Fragment, wanted: Fragment, dialect: Dialect) -> Fragment:
    postgresql = dialect == Dialect.POSTGRESQL
    match operator:
        case Operator.STARTS_WITH if postgresql:
            return "starts_with(" + value + ", " + wanted + ")"
        case Operator.STARTS_WITH:
            function = "substr({}, 1, length({}))"
        case Operator.ENDS_WITH:
            function = "right({}, length({}))" if postgresql else "substr({}, -length({}))"
        case _:
            return ("strpos(" if postgresql else "instr(") + value + ", " + wanted + ") > 0"
    before, between, after = function.split("{}")
    return before + value + between + wanted + after + " = " + wanted


def _named(condition: Condition, source: NameOf, dialect: Dialect) -> Fragment:
    column = f"{source.table}.{source.name}"
    if condition.operator == Operator.IS_UNKNOWN:
        return Fragment(f"{column} IS NULL")
    if condition.operator == Operator.IS_KNOWN:
        return Fragment(f"{column} IS NOT NULL")
    # Names are few and activities many: the names are matched once, the activities by number.
    matched = _matched(condition, Fragment("named.name_folded"), dialect)
    return f"{column} IN (SELECT named.id FROM {source.target} named WHERE " + matched + ")"
