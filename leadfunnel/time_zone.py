"""Recounts the days of everything that happened, when the organisation moves to another time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models.functions import TruncDate

from leads.models import Activity, Handoff, HandoffAssignment, Lead, Organisation, StageChange
from leads.models.fields import DayField
from leads.triggers import erasing

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler, _AsSqlType

# Days that follow from an instant, with that instant. The other day columns are dates that somebody chose,
# or belong to a score or a run, whose day stays what it was.
DERIVED_DAYS: tuple[tuple[type[models.Model], str, str], ...] = (
    (Lead, "created_day", "created_at"),
    (Activity, "day", "occurred_at"),
    (StageChange, "day", "occurred_at"),
    (Handoff, "offered_day", "offered_at"),
    (HandoffAssignment, "day", "at"),
)


class DayIn(models.Func):
    """The day number of an instant in a time zone, as a DayField holds it."""

    arity = 1
    template = "(%(expressions)s - DATE '1970-01-01')"

    def __init__(self, instant: str, zone: ZoneInfo) -> None:
        super().__init__(TruncDate(instant, tzinfo=zone), output_field=DayField())

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> _AsSqlType:
        # Midnights of the Julian calendar end in .5, so that the difference is whole.
        template = "CAST(julianday(%(expressions)s) - 2440587.5 AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **context)


def change_time_zone(*, zone: str) -> dict[str, int]:
    """Count all derived days in `zone` and record it, in one transaction. Returns the rows changed, by table.

    Only rows whose day differs are written. Stop web and workers before: they go on counting in the old zone.
    """
    changed = {}
    with transaction.atomic(), erasing():
        for model, day, instant in DERIVED_DAYS:
            recounted = DayIn(instant, ZoneInfo(zone))
            rows = model._default_manager.exclude(**{day: recounted})
            changed[str(model._meta.verbose_name_plural)] = rows.update(**{day: recounted})
        Organisation.objects.filter(pk=1).update(time_zone=zone)
    return changed
