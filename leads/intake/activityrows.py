"""Rows of an activity file, read into the columns that are staged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import repeat

from leads.folding import fold, folded_digest
from leads.intake.constants import refuse_unreadable_constants
from leads.intake.facts import Cells, CustomReader, InstantReader, Reader, Reading, Rows
from leads.intake.files import Batch
from leads.intake.mapping import Mapping, custom_key
from leads.intake.rows import LeadReferenceReader, RequiredTextReader, Source, StagedRows, without_refused
from leads.intake.staging import StagedColumn
from leads.intake.values import Memo

LONGEST_CODE = 50
_SEPARATOR = "\x1f"


class TypeReader:
    """The activity type: its code, and the label that a type seen first gets."""

    field = "type"
    columns = (StagedColumn("type_code"), StagedColumn("type_label"))

    def __init__(self) -> None:
        self.codes = Memo(custom_key)

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        for position, cell in enumerate(cells):
            if cell is None:
                rows.refuse(position, "The row has no activity type.")
            elif len(self.codes[cell]) > LONGEST_CODE:
                rows.refuse(position, f"The activity type has more than {LONGEST_CODE} characters.")
        return [[None if cell is None else self.codes[cell] for cell in cells], cells]


class AssetReader(RequiredTextReader):
    """What it was about, and the digest by which long names are found."""

    def __init__(self) -> None:
        super().__init__("asset", "asset", 2000)
        self.columns = (*self.columns, StagedColumn("asset_digest"))
        self.digests = Memo(lambda name: folded_digest(fold(name)))

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        return [*super().read(cells, rows), [None if cell is None else self.digests[cell] for cell in cells]]


class ActivityRows:
    """Turns batches of an activity file into staged columns.

    `key` is 128 bits of what the row is: of its external id, else of its whole content. `keyed` is 1
    for an external id: rows of the same content are as many activities, rows of the same id one.
    """

    def __init__(
        self, *, mapping: Mapping, reading: Reading, source_system: str, kinds: dict[str, str]
    ) -> None:
        # An activity is never changed: a blank has nothing to erase.
        reading = replace(reading, erase_blanks=False)
        self.mapping, self.reading, self.source_system = mapping, reading, source_system
        known: list[Reader] = [
            LeadReferenceReader(),
            TypeReader(),
            InstantReader(
                "occurred_at",
                (StagedColumn("occurred_at", "timestamp"), StagedColumn("day", "integer")),
                reading,
            ),
            AssetReader(),
            RequiredTextReader("campaign", "campaign_name", 200),
            InstantReader("recorded_at", (StagedColumn("recorded_at", "timestamp"),), reading),
        ]
        self.readers = [reader for reader in known if mapping.has(reader.field)]
        # Sorted, so that a file whose columns were rearranged has the same content.
        self.keys = sorted(mapping.custom_keys)
        self.custom = (
            CustomReader([(key, kinds[key]) for key in self.keys], "properties", reading)
            if self.keys
            else None
        )
        refuse_unreadable_constants(mapping, reading, readers=self.readers, custom=self.custom)
        columns = [column for reader in self.readers for column in reader.columns]
        columns += self.custom.columns if self.custom else ()
        self.columns = (*columns, StagedColumn("key", "uuid"), StagedColumn("keyed", "integer"))
        self.positions = {column.name: position for position, column in enumerate(self.columns)}

    def read(self, batch: Batch) -> StagedRows:
        rows = Rows(batch.lines, self.reading.tally)
        source = Source(batch, self.mapping, self.reading)
        values: list[Sequence[object]] = []
        for reader in self.readers:
            cells = source.cells(reader.field)
            values += reader.read(cells, rows)
            if reader.field == "occurred_at":
                self._refuse_undated(cells, rows)
        if self.custom:
            values += self.custom.read_all([source.cells(f"properties.{key}") for key in self.keys], rows)
        ids = source.cells("external_id")
        values.append(self._keys(values, ids))
        values.append([0 if external_id is None else 1 for external_id in ids])
        return without_refused(batch, values, rows)

    @staticmethod
    def _refuse_undated(cells: Cells, rows: Rows) -> None:
        for position, cell in enumerate(cells):
            if cell is None:
                rows.refuse(position, "The row has no date (occurred_at).")

    def _keys(self, values: list[Sequence[object]], ids: Cells) -> list[str]:
        """Built from what both databases stage alike: an instant counts without its offset, which is always UTC."""
        names = (
            "lead_ref",
            "type_code",
            "occurred_at",
            "asset",
            "campaign_name",
            "recorded_at",
            "properties",
        )
        present = [
            values[self.positions[name]] if name in self.positions else repeat(None, len(ids))
            for name in names
        ]
        keys = []
        for external_id, content in zip(ids, zip(*present, strict=True), strict=True):
            parts = (
                [str(part).removesuffix("+00") if part is not None else "" for part in content]
                if external_id is None
                else ["id", self.source_system, external_id]
            )
            keys.append(content_key(*parts))
        return keys


def content_key(*parts: str) -> str:
    """128 bits that stand for some texts, as 32 hex digits."""
    return blake2b(_SEPARATOR.join(parts).encode(), digest_size=16).hexdigest()
