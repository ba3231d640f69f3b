from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand

from leads.intake.report import formula_safe
from leads.models import LeadScore

COLUMNS = (
    "external_id",
    "email",
    "fit",
    "engagement",
    "total",
    "grade",
    "qualified",
    "fast_tracked",
    "disqualified",
    "known_facts",
    "asked_facts",
    "rulebook",
    "day",
    "valid_until",
)
_FIELDS = tuple(
    {"external_id": "lead__external_id", "email": "lead__email", "rulebook": "rulebook_version"}.get(
        name, name
    )
    for name in COLUMNS
)


class Command(BaseCommand):
    help = "Write the latest score of every lead to standard output, as CSV."

    def handle(self, **options: Any) -> None:
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows():
            writer.writerow(row)


def rows() -> Iterator[list[str]]:
    """The scores in the order of lead ids, a few thousand in memory at a time."""
    scores = LeadScore.objects.order_by("pk").values_list(*_FIELDS)
    for row in scores.iterator(chunk_size=5000):
        yield [_cell(value) for value in row]


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case str():
            return formula_safe(value)
    return str(value)
