"""What an import did, or would do: for people, for programs, and as a CSV of the refused rows."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from leads.intake.files import REFUSAL_COLUMNS, CsvFile

SHOWN_REFUSALS = 10
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Refusal:
    line: int
    reason: str


@dataclass
class Tally:
    """Things worth a warning, counted: a million of one kind are one sentence."""

    _seen: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    def note(self, what: str, *, line: int, example: str) -> None:
        count, first, sample = self._seen.get(what, (0, line, example))
        self._seen[what] = (count + 1, first, sample)

    def kinds(self) -> list[str]:
        """What was noted, the first first."""
        return list(self._seen)

    def forget(self) -> None:
        self._seen.clear()

    def sentences(self) -> list[str]:
        return [
            f"{what}: {count:,} {'value' if count == 1 else 'values'}, first “{sample[:60]}” on line {line}."
            for what, (count, line, sample) in self._seen.items()
        ]


@dataclass
class Report:
    """Counts are of rows; each row is in exactly one of them, so they sum to `rows`."""

    kind: str
    file: str
    dry_run: bool = False
    rows: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    # Rows about something that an earlier row of the file is about too, taken together with it.
    repeated: int = 0
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    refused_file: str | None = None
    # Column to fact, and fact to the value of rows whose cell says nothing.
    mapped: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    created: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "file": self.file,
            "dry_run": self.dry_run,
            "rows": self.rows,
            "new": self.new,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "repeated": self.repeated,
            "refused": self.refused,
            "refusals": [{"line": refusal.line, "reason": refusal.reason} for refusal in self.refusals],
            "refused_file": self.refused_file,
            "mapped": self.mapped,
            "constants": self.constants,
            "ignored": self.ignored,
            "created": self.created,
            "notes": self.notes,
            "warnings": self.warnings,
        }

    def sentences(self) -> Iterator[str]:
        """The report for people, line by line."""
        would = " (dry run: nothing was written)" if self.dry_run else ""
        yield f"{self.file}: {counted(self.rows, 'row')} of {self.kind}{would}"
        for name in ("new", "updated", "unchanged", "repeated", "refused"):
            count = getattr(self, name)
            if count or name not in ("repeated",):
                yield f"  {name:<10}{count:>10,}"
        for what, count in self.created.items():
            if count:
                yield f"  {'would create' if self.dry_run else 'created'} {what}: {count:,}"
        yield "Columns: " + ", ".join(self._columns())
        if self.ignored:
            yield "Left out: " + ", ".join(self.ignored)
        yield from self.notes
        for warning in self.warnings:
            yield f"Warning: {warning}"
        for refusal in self.refusals:
            yield f"Refused line {refusal.line}: {refusal.reason}"
        if self.refused > len(self.refusals):
            yield f"… and {self.refused - len(self.refusals):,} more."
        if self.refused_file:
            yield f"The refused rows, each with its line and reason, are in {self.refused_file}."

    def _columns(self) -> Iterator[str]:
        """What each column holds, with the constant of its blank cells; then the constants that have no column."""
        for column, fact in self.mapped.items():
            blank = f" (blank: “{self.constants[fact]}”)" if fact in self.constants else ""
            yield f"{column} → {fact}{blank}"
        taken = set(self.mapped.values())
        yield from (f"“{value}” → {fact}" for fact, value in self.constants.items() if fact not in taken)


def counted(number: int, noun: str) -> str:
    """ "1 row", "2 rows"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def formula_safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA_STARTS) else cell


def without_guard(cell: str) -> str:
    """The cell that formula_safe() made safe."""
    return cell[1:] if cell[:1] == "'" and formula_safe(cell[1:]) == cell else cell


def write_refused(*, file: CsvFile, refusals: Iterable[tuple[int, str]], folder: Path, at: datetime) -> Path:
    """Write the refused rows as they came, each with its line and reason. `refusals` is in order of line.

    The file is read once more for it, so that neither memory nor staging has to keep whole rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file.path.stem}-refused-{at:%Y%m%d-%H%M%S-%f}.csv"
    pending = iter(refusals)
    refusal = next(pending, None)
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        kept = [index for index, name in enumerate(file.header) if name not in REFUSAL_COLUMNS]
        writer.writerow([*REFUSAL_COLUMNS, *(formula_safe(file.header[index]) for index in kept)])
        for line, cells in _all_rows(file):
            if refusal is None:
                break
            if line != refusal[0]:
                continue
            extra = cells[len(file.header) :]
            row = [cells[index] if index < len(cells) else "" for index in kept] + extra
            # A corrected file of refused rows may be refused again in part.
            row = [without_guard(cell) for cell in row] if file.is_refusals else row
            writer.writerow([line, refusal[1], *map(formula_safe, row)])
            refusal = next(pending, None)
    return path


def _all_rows(file: CsvFile) -> Iterator[tuple[int, list[str]]]:
    for batch in file.batches(2000):
        rows = [
            *zip(batch.lines, batch.rows, strict=True),
            *((row.line, row.cells) for row in batch.misshapen),
        ]
        yield from sorted(rows, key=lambda row: row[0])
