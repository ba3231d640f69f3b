"""The first look at a file: its header mapped, its date order settled. Nothing is stored yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from leads.folding import fold
from leads.intake.dates import DateEvidence, SettledOrder
from leads.intake.errors import FileRefused
from leads.intake.facts import Reading
from leads.intake.files import CsvFile, open_csv
from leads.intake.mapping import Mapping, RecordKind, map_columns
from leads.intake.options import ImportOptions
from leads.intake.report import Report, Tally
from leads.intake.values import UNKNOWN_VALUES
from leads.models import AttributeKey

BATCH = 5_000
_INSTANTS = ("created_at", "occurred_at", "recorded_at", "entered_at")


@dataclass(frozen=True)
class OpenedFile:
    """A file that may be imported, with all that was settled about it."""

    file: CsvFile
    mapping: Mapping
    reading: Reading
    kinds: dict[str, str]
    rows: int
    report: Report


def open_for_import(
    kind: RecordKind, options: ImportOptions, *, at: datetime, scope: str | None
) -> OpenedFile:
    """Read the file once, from end to end. FileRefused where it cannot be imported as it is."""
    if not 1 <= len(options.source_system) <= 100:
        raise FileRefused("The name of the source system must have 1 to 100 characters.")
    file = open_csv(options.path, size_limit=options.size_limit)
    mapping = map_columns(kind, file.header, maps=options.maps, constants=options.constants)
    kinds = _declared_kinds(mapping, scope)
    dated = _dated_columns(file, mapping, kinds)
    rows, settled = _scan(file, dated, options)
    tally = Tally()
    report = Report(
        kind=kind.name,
        file=str(options.path),
        dry_run=options.dry_run,
        rows=rows,
        mapped=mapping.described(file.header),
        constants=dict(mapping.constants),
        ignored=list(mapping.ignored),
        warnings=list(file.warnings),
    )
    if settled.reason:
        report.notes.append(settled.reason)
    reading = Reading(
        zone=timezone.get_default_timezone(),
        now=at,
        order=settled.order,
        unknown=frozenset(fold(text) for text in (*UNKNOWN_VALUES, *options.unknown)),
        erase_blanks=options.erase_blanks,
        tally=tally,
        is_refusals=file.is_refusals,
    )
    return OpenedFile(file, mapping, reading, kinds, rows, report)


def _declared_kinds(mapping: Mapping, scope: str | None) -> dict[str, str]:
    """The type of each custom key: as declared, text for those not seen before."""
    declared = dict(AttributeKey.objects.filter(scope=scope or "").order_by().values_list("key", "type"))
    return {key: declared.get(key, AttributeKey.Type.TEXT) for key in mapping.custom_keys}


def _dated_columns(file: CsvFile, mapping: Mapping, kinds: dict[str, str]) -> list[tuple[str, int]]:
    """Columns with dates, by name and index: those of instants, and of custom keys declared as dates."""
    indexes = [mapping.columns[field] for field in _INSTANTS if mapping.columns.get(field, -1) >= 0]
    indexes += [column.index for column in mapping.custom if kinds[column.key] == AttributeKey.Type.DATE]
    return [(file.header[index], index) for index in sorted(set(indexes))]


def _scan(
    file: CsvFile, dated: Sequence[tuple[str, int]], options: ImportOptions
) -> tuple[int, SettledOrder]:
    """Count the rows, and settle the order of the dates from all of them."""
    evidence = DateEvidence()
    rows = 0
    for batch in file.batches(BATCH):
        rows += len(batch.lines) + len(batch.misshapen)
        for name, index in dated:
            evidence.look_at(column=name, lines=batch.lines, cells=[row[index] for row in batch.rows])
    if not rows:
        raise FileRefused(f"{file.path.name} has a header and no rows.")
    return rows, evidence.settle(options.date_order)
