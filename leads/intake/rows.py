"""From a batch of the file to staged columns: what lead, activity and history rows have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Protocol

from leads.folding import fold
from leads.intake.facts import Cells, Reading, Rows, folded
from leads.intake.files import Batch
from leads.intake.mapping import Mapping
from leads.intake.staging import StagedColumn


@dataclass(frozen=True)
class StagedRows:
    """What of a batch is staged, and what is refused (line and reason)."""

    lines: Sequence[int]
    values: list[Sequence[object]]
    refused: list[tuple[int, str]]


class FileRows(Protocol):
    """Turns batches of one kind of file into staged columns."""

    @property
    def columns(self) -> tuple[StagedColumn, ...]: ...

    def read(self, batch: Batch) -> StagedRows: ...


class Source:
    """The cells of a batch by fact: its column's, and its constant where a cell is unknown."""

    def __init__(self, batch: Batch, mapping: Mapping, reading: Reading) -> None:
        self.batch, self.mapping, self.reading = batch, mapping, reading
        self.columns = batch.columns()
        self.custom = {f"{mapping.custom_prefix}{column.key}": column.index for column in mapping.custom}

    def cells(self, field: str) -> Cells:
        index = self.mapping.columns.get(field, self.custom.get(field))
        constant = self.mapping.constants.get(field)
        if index is None:
            return [constant] * len(self.batch.lines)
        if index < 0:
            return [str(line) for line in self.batch.lines]
        cells = self.reading.known(self.columns[index]) if self.columns else []
        if constant is None:
            return cells
        return [constant if cell is None else cell for cell in cells]


def without_refused(batch: Batch, values: list[Sequence[object]], rows: Rows) -> StagedRows:
    refused = [(batch.lines[position], reason) for position, reason in sorted(rows.refused.items())]
    refused += [(row.line, row.reason) for row in batch.misshapen]
    if not rows.refused:
        return StagedRows(batch.lines, values, refused)
    kept = [position not in rows.refused for position in range(len(batch.lines))]
    return StagedRows(
        list(compress(batch.lines, kept)), [list(compress(column, kept)) for column in values], refused
    )


LONGEST_REFERENCE = 254


class LeadReferenceReader:
    """Which lead a row is about: by external id, or by e-mail where the cell holds an "@"."""

    field = "lead"
    columns = (StagedColumn("lead_ref"), StagedColumn("lead_email"))

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        for position, cell in enumerate(cells):
            if cell is None:
                rows.refuse(position, "The row does not say which lead it is about.")
            elif len(cell) > LONGEST_REFERENCE:
                rows.refuse(
                    position, f"The lead has {len(cell):,} characters; at most {LONGEST_REFERENCE} are taken."
                )
        emails = [cell if cell is not None and "@" in cell else None for cell in cells]
        return [cells, folded(emails)]


class RequiredTextReader:
    """A text and its folded twin; a row whose text is too long is refused."""

    def __init__(self, field: str, column: str, limit: int) -> None:
        self.field, self.limit = field, limit
        self.columns: tuple[StagedColumn, ...] = (StagedColumn(column), StagedColumn(f"{column}_folded"))

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        for position, cell in enumerate(cells):
            if cell is not None and max(len(cell), len(fold(cell))) > self.limit:
                rows.refuse(
                    position, f"{self.field} has {len(cell):,} characters; at most {self.limit:,} are taken."
                )
        return [cells, folded(cells)]
