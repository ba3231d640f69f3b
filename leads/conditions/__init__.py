"""Conditions on facts of a lead and on activities: the fields, the operators, and their meaning.

The meaning is written twice and only here: as a database expression (`condition_sql`) and as a
Python test (`holds`). Fit rules, routing and filters all use it.
"""

from __future__ import annotations

from leads.conditions.fields import Field, FieldRegistry, FieldType, activity_fields, all_fields, lead_fields
from leads.conditions.parsing import (
    Condition,
    ConditionError,
    Operator,
    operators_for,
    parse_condition,
    takes,
)
from leads.conditions.sql import Dialect, Fragment, condition_sql, dialect_of, known_sql
from leads.conditions.testing import fact_of, holds, is_known

__all__ = [
    "Condition",
    "ConditionError",
    "Dialect",
    "Field",
    "FieldRegistry",
    "FieldType",
    "Fragment",
    "Operator",
    "activity_fields",
    "all_fields",
    "condition_sql",
    "dialect_of",
    "fact_of",
    "holds",
    "is_known",
    "known_sql",
    "lead_fields",
    "operators_for",
    "parse_condition",
    "takes",
]
