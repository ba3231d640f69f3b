"""Rows of a history file, read into the columns that are staged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from leads.folding import fold
from leads.intake.constants import refuse_unreadable_constants
from leads.intake.facts import Cells, InstantReader, Reader, Reading, Rows
from leads.intake.files import Batch
from leads.intake.headers import compact
from leads.intake.mapping import Mapping
from leads.intake.rows import LeadReferenceReader, RequiredTextReader, Source, StagedRows, without_refused
from leads.intake.staging import StagedColumn
from leads.intake.values import Memo, read_number
from leads.models import Reason, Stage, User

_STAGE_NAMES = {
    **{compact(stage.value): stage for stage in Stage},
    "marketingqualifiedlead": Stage.MQL,
    "marketingqualified": Stage.MQL,
    "salesqualifiedlead": Stage.SQL,
    "salesqualified": Stage.SQL,
    "salesacceptedlead": Stage.SQL,
    "salesaccepted": Stage.SQL,
    "accepted": Stage.SQL,
    "closedwon": Stage.CUSTOMER,
    "won": Stage.CUSTOMER,
    "unqualified": Stage.DISQUALIFIED,
}
LARGEST_AMOUNT = Decimal(10) ** 13
_CURRENCY = re.compile(r"[A-Z]{3}")


class StageReader:
    """The stage, by our name or a usual one, and its position in the funnel."""

    field = "stage"
    columns = (StagedColumn("stage"), StagedColumn("position", "integer"))

    def __init__(self) -> None:
        self.stages = Memo(lambda text: _STAGE_NAMES.get(compact(text)))

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        stages = [None if cell is None else self.stages[cell] for cell in cells]
        for position, (cell, stage) in enumerate(zip(cells, stages, strict=True)):
            if stage is None:
                named = f"“{cell[:60]}” is no stage" if cell is not None else "The row has no stage"
                rows.refuse(position, f"{named}; allowed are: {', '.join(Stage.values)}.")
        return [
            [None if stage is None else stage.value for stage in stages],
            [None if stage is None else stage.position for stage in stages],
        ]


class ActorReader(RequiredTextReader):
    """Who moved it: a user by e-mail, anybody else as text."""

    def __init__(self, users: dict[str, int]) -> None:
        super().__init__("actor", "actor", 200)
        self.columns = (StagedColumn("actor"), StagedColumn("actor_user", "bigint"))
        self.users = users

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        actors, twins = super().read(cells, rows)
        return [actors, [None if twin is None else self.users.get(str(twin)) for twin in twins]]


class ReasonReader:
    """One of our reasons by key or label; any other text becomes the note of reason "Other"."""

    field = "reason"
    columns = (StagedColumn("reason", "bigint"), StagedColumn("note"))

    def __init__(self, reasons: Sequence[Reason]) -> None:
        known = {fold(name): reason.pk for reason in reasons for name in (reason.key, reason.label)}
        self.known = Memo(lambda text: known.get(fold(text)))

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        reasons = [None if cell is None else self.known[cell] for cell in cells]
        notes = [cell if reason is None else None for cell, reason in zip(cells, reasons, strict=True)]
        return [reasons, notes]


class AmountReader:
    """Money, in whole cents; one that cannot be read is unknown, and reported."""

    field = "amount"
    columns = (StagedColumn("amount", "numeric"),)

    def __init__(self) -> None:
        self.memo = Memo(_amount)

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        amounts = [None if cell is None else self.memo[cell] for cell in cells]
        for position, (cell, amount) in enumerate(zip(cells, amounts, strict=True)):
            if cell is not None and amount is None:
                rows.tally.note("amount is no sum of money; unknown", line=rows.lines[position], example=cell)
        return [amounts]


def _amount(text: str) -> Decimal | None:
    number = read_number(text)
    if number is None or not 0 <= number < LARGEST_AMOUNT:
        return None
    return number.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


class CurrencyReader:
    field = "currency"
    columns = (StagedColumn("currency"),)

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        currencies = [None if cell is None else cell.upper() for cell in cells]
        for position, currency in enumerate(currencies):
            if currency is not None and not _CURRENCY.fullmatch(currency):
                rows.refuse(position, f"“{currency[:20]}” is no currency; write three letters such as EUR.")
        return [currencies]


class HistoryRows:
    """Turns batches of a history file into staged columns."""

    def __init__(self, *, mapping: Mapping, reading: Reading) -> None:
        self.mapping, self.reading = mapping, reading
        users = {
            fold(email): pk
            for pk, email in User.objects.exclude(email="").order_by("pk").values_list("pk", "email")
        }
        known: list[Reader] = [
            LeadReferenceReader(),
            StageReader(),
            InstantReader(
                "entered_at",
                (StagedColumn("entered_at", "timestamp"), StagedColumn("day", "integer")),
                reading,
            ),
            ActorReader(users),
            ReasonReader(list(Reason.objects.order_by("pk"))),
            AmountReader(),
            CurrencyReader(),
        ]
        # All columns are staged, mapped or not: there are few, and the statements stay the same.
        self.readers = known
        refuse_unreadable_constants(mapping, reading, readers=known)
        self.columns = tuple(column for reader in known for column in reader.columns)

    def read(self, batch: Batch) -> StagedRows:
        rows = Rows(batch.lines, self.reading.tally)
        source = Source(batch, self.mapping, self.reading)
        values: list[Sequence[object]] = []
        for reader in self.readers:
            cells = source.cells(reader.field)
            values += reader.read(cells, rows)
            if reader.field == "entered_at":
                for position, cell in enumerate(cells):
                    if cell is None:
                        rows.refuse(position, "The row has no date (entered_at).")
        return without_refused(batch, values, rows)
