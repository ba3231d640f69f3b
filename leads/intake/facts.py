"""The columns of a batch of lead rows, read into what is staged.

Everything goes by column, not by row: a list comprehension over 5,000 cells costs a tenth of a call
for each. Texts that repeat are read once (Memo).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from leads.folding import fold
from leads.intake.dates import DateOrder, UnreadableDate, parse_day, parse_instant, refuse_impossible_instant
from leads.intake.report import Tally, without_guard
from leads.intake.staging import StagedColumn, is_postgresql
from leads.intake.values import Memo, read_boolean, read_number
from leads.models import AttributeKey
from leads.models.fields import EPOCH, day_number

Cells = Sequence[str | None]


@dataclass(frozen=True)
class Reading:
    """How the cells of this file are to be read."""

    zone: tzinfo
    now: datetime
    order: DateOrder | None
    unknown: frozenset[str]
    erase_blanks: bool
    tally: Tally
    # A CSV of refused rows, corrected: a quotation mark before "=", "+" ... is ours, not the user's.
    is_refusals: bool = False

    def known(self, cells: Sequence[str]) -> list[str | None]:
        """Trimmed cells, None where the text stands for "unknown"."""
        longest, unknown, starts = self.longest_unknown, self.unknown, self.unknown_starts
        if self.is_refusals:
            cells = [without_guard(cell) for cell in cells]
        # The first letter spares most cells the folding.
        return [
            None
            if not cell or (cell[0] in starts and len(cell) <= longest and fold(cell) in unknown)
            else cell
            for cell in map(str.strip, cells)
        ]

    @cached_property
    def longest_unknown(self) -> int:
        return max(map(len, self.unknown))

    @cached_property
    def unknown_starts(self) -> frozenset[str]:
        starts = {text[0] for text in self.unknown if text}
        # A letter whose lower case is the start of an unknown text, whatever the alphabet.
        return frozenset(starts | {start.upper() for start in starts} | {start.title() for start in starts})


@dataclass
class Rows:
    """A batch on its way: what was found wrong, by position in it."""

    lines: Sequence[int]
    tally: Tally
    refused: dict[int, str] = field(default_factory=dict)
    unparsed: dict[int, dict[str, str]] = field(default_factory=dict)

    def refuse(self, position: int, reason: str) -> None:
        self.refused.setdefault(position, reason)

    def keep_raw(self, position: int, name: str, raw: str, why: str) -> None:
        """The value cannot be read: it stays beside the facts as it came, and is unknown to rules."""
        self.unparsed.setdefault(position, {})[name] = raw
        self.tally.note(
            f"{name} {why}; kept as text, unknown to rules", line=self.lines[position], example=raw
        )


class Reader(Protocol):
    """Reads one fact: cells in, one list of values for each staged column out."""

    @property
    def field(self) -> str: ...

    @property
    def columns(self) -> tuple[StagedColumn, ...]: ...

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]: ...


_BETWEEN = "\x1f"


def folded(cells: Cells) -> list[str | None]:
    """The folded twins. A column of plain ASCII, the usual one, is folded in one piece."""
    joined = _BETWEEN.join([cell or "" for cell in cells])
    if joined.isascii():
        twins = joined.lower().split(_BETWEEN)
        if len(twins) == len(cells):
            return [twin or None for twin in twins]
    return [None if cell is None else cell.lower() if cell.isascii() else fold(cell) for cell in cells]


def within(cells: Cells, twins: Cells, limit: int, name: str, rows: Rows) -> tuple[Cells, Cells]:
    """Texts and their folded twins, without those too long to be stored: folding may lengthen a text."""
    longest = max(max(map(len, filter(None, column)), default=0) for column in (cells, twins))
    if longest <= limit:
        return cells, twins
    kept, kept_twins = list(cells), list(twins)
    for position, (cell, twin) in enumerate(zip(cells, twins, strict=True)):
        if cell is not None and max(len(cell), len(twin or "")) > limit:
            kept[position] = kept_twins[position] = None
            rows.keep_raw(position, name, cell, f"has more than {limit} characters")
    return kept, kept_twins


class TextReader:
    """A text and its folded twin."""

    def __init__(self, field: str, column: str, limit: int) -> None:
        self.field, self.limit = field, limit
        self.columns: tuple[StagedColumn, ...] = (StagedColumn(column), StagedColumn(f"{column}_folded"))

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        return list(within(cells, folded(cells), self.limit, self.field, rows))


class ValueReader:
    """A fact that is read by a function; what it cannot read stays as text."""

    def __init__(
        self,
        field: str,
        column: StagedColumn,
        read: Callable[[str], Any],
        *,
        why: str | Callable[[str], str],
    ) -> None:
        """`why` completes "<field> ..." for a text that cannot be read, or tells it from the text."""
        self.field, self.columns = field, (column,)
        self.why = why if callable(why) else lambda text: why
        self.memo: Memo[Any] = Memo(read)

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        memo = self.memo
        values = [None if cell is None else memo[cell] for cell in cells]
        if values.count(None) != cells.count(None):
            for position, (cell, value) in enumerate(zip(cells, values, strict=True)):
                if cell is not None and value is None:
                    rows.keep_raw(position, self.field, cell, self.why(cell))
        return [values]


class StagedInstant(NamedTuple):
    """An instant as both databases take it, and its day number; or why there is none."""

    text: str | None
    day: int | None
    problem: str | None = None


class InstantReader:
    """When something happened. A row whose time cannot be read, or cannot be, is refused."""

    def __init__(self, field: str, columns: tuple[StagedColumn, ...], reading: Reading) -> None:
        self.field, self.columns, self.reading = field, columns, reading
        self.offset = utc_offset()
        self.memo = Memo(self._staged)

    def read(self, cells: Cells, rows: Rows) -> list[Sequence[object]]:
        memo = self.memo
        staged = [_NO_INSTANT if cell is None else memo[cell] for cell in cells]
        texts, days, problems = zip(*staged, strict=True) if staged else ((), (), ())
        if any(problems):
            for position, problem in enumerate(problems):
                if problem is not None:
                    rows.refuse(position, f"{self.field}: {problem}.")
        values: list[Sequence[object]] = [texts, days]
        return values[: len(self.columns)]

    def _staged(self, text: str) -> StagedInstant:
        reading = self.reading
        try:
            instant = parse_instant(text, order=reading.order, zone=reading.zone)
            if problem := refuse_impossible_instant(instant, now=reading.now):
                return StagedInstant(None, None, f"“{text[:60]}” {problem}")
        except UnreadableDate as error:
            return StagedInstant(None, None, str(error))
        except OverflowError:
            return StagedInstant(None, None, f"“{text[:60]}” is out of the calendar's range")
        return StagedInstant(
            utc_text(instant) + self.offset, instant.astimezone(reading.zone).toordinal() - EPOCH.toordinal()
        )


_NO_INSTANT = StagedInstant(None, None)


def utc_text(instant: datetime) -> str:
    """An instant as Django stores it in SQLite: in UTC, without saying so."""
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.isoformat(" ")[:-6]


def utc_offset() -> str:
    """What PostgreSQL wants after utc_text()."""
    return "+00" if is_postgresql() else ""


def instant_text(instant: datetime) -> str:
    """An instant as staged, and as this database takes it."""
    return utc_text(instant) + utc_offset()


class CustomReader:
    """All columns that are kept under keys of their own: as JSON of the raw texts, and of typed values."""

    def __init__(self, keys: Sequence[tuple[str, str]], name: str, reading: Reading) -> None:
        """`keys` are pairs of key and AttributeKey.Type; `name` is "attributes" or "properties"."""
        self.columns = (StagedColumn(name, "json"), StagedColumn(f"{name}_typed", "json"))
        self.name = name
        self.erase_blanks = reading.erase_blanks
        self.order = reading.order
        self.keys = [key for key, _ in keys]
        self.memos = [(key, Memo(self._pair(key, kind)), kind) for key, kind in keys]

    def _pair(self, key: str, kind: str) -> Callable[[str], tuple[str, str]]:
        prefix = json.dumps(key) + ": "

        def pair(raw: str) -> tuple[str, str]:
            # null takes away what an earlier, readable value has left.
            return prefix + json.dumps(raw), prefix + (typed_json(raw, kind, order=self.order) or "null")

        return pair

    def read_all(self, columns: Sequence[Cells], rows: Rows) -> list[Sequence[object]]:
        raw_columns, typed_columns = [], []
        for (key, memo, kind), cells in zip(self.memos, columns, strict=True):
            blank = (f"{json.dumps(key)}: null",) * 2 if self.erase_blanks else ("", "")
            pairs = [blank if cell is None else memo[cell] for cell in cells]
            if kind != AttributeKey.Type.TEXT:
                self._report(key, kind, cells, pairs, rows)
            raw_columns.append([pair[0] for pair in pairs])
            typed_columns.append([pair[1] for pair in pairs])
        return [_objects(raw_columns), _objects(typed_columns)]

    def _report(
        self, key: str, kind: str, cells: Cells, pairs: Sequence[tuple[str, str]], rows: Rows
    ) -> None:
        for position, (cell, pair) in enumerate(zip(cells, pairs, strict=True)):
            if cell is not None and pair[1].endswith(": null"):
                what = f"{self.name}.{key} cannot be read as {AttributeKey.Type(kind).label.lower()}"
                rows.tally.note(
                    f"{what}; kept as text, unknown to rules", line=rows.lines[position], example=cell
                )


def _objects(columns: Sequence[Sequence[str]]) -> list[str | None]:
    joined = (", ".join(filter(None, cells)) for cells in zip(*columns, strict=True))
    return ["{" + text + "}" if text else None for text in joined]


def typed_json(raw: str, kind: str, *, order: DateOrder | None) -> str:
    """The JSON of a raw text in its declared type; '' where it cannot be read.

    Text is folded, a number is a whole number of ten-thousandths, a date the days since 1970.
    """
    if kind == AttributeKey.Type.NUMBER:
        number = read_number(raw)
        return "" if number is None else str(int(number * Decimal(10_000)))
    if kind == AttributeKey.Type.BOOLEAN:
        truth = read_boolean(raw)
        return "" if truth is None else json.dumps(truth)
    if kind == AttributeKey.Type.DATE:
        try:
            return str(day_number(parse_day(raw, order=order)))
        except (UnreadableDate, OverflowError):
            return ""
    return json.dumps(fold(raw))
