"""From a path to rows of cells: is it a CSV, how is it written, what stands on each line."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from leads.folding import fold
from leads.intake.errors import FileRefused

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
BLOCK = 1 << 20
SAMPLE = 1 << 16
SAMPLE_ROWS = 100
# A line of the file, in characters. Longer ones are never read into memory at once.
LONGEST_LINE = 1 << 21
# No line of a file is this one: a file with a NUL is refused before its rows are read.
END = "\0"

# Columns of the CSV of refused rows: corrected and imported again, they mean nothing.
REFUSAL_COLUMNS = ("refused_line", "refused_reason")

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_MAGIC = (
    (b"PK\x03\x04", "a spreadsheet or a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"SQLite format 3", "an SQLite database"),
)
_MARKUP = re.compile(r"\s*<(!doctype|html|head|body|\?xml|script|table|!--)", re.IGNORECASE)
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_LOOKS_LIKE_DATA = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[-+]?\d[\d.,:/ -]*")


@dataclass(frozen=True)
class CsvFile:
    """A CSV file that was looked at: how to read it, and its header."""

    path: Path
    size: int
    encoding: str
    delimiter: str
    escape: str | None
    preamble: int
    header: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_refusals(self) -> bool:
        """Whether the file is a CSV of refused rows that an earlier import wrote."""
        return self.header[: len(REFUSAL_COLUMNS)] == REFUSAL_COLUMNS

    def batches(self, size: int) -> Iterator[Batch]:
        """Rows in file order, at most `size` at a time; memory does not grow with the file."""
        with self.path.open(encoding=self.encoding, newline="") as stream:
            rows = _numbered_rows(stream, self)
            while batch := _next_batch(rows, size, len(self.header)):
                yield batch


@dataclass(frozen=True)
class Misshapen:
    """A row whose cells do not match the header."""

    line: int
    cells: list[str]
    reason: str


@dataclass(frozen=True)
class Batch:
    """Rows of the right width, the file's line on which each begins, and the misshapen ones."""

    lines: list[int]
    rows: list[list[str]]
    misshapen: list[Misshapen]

    def columns(self) -> list[tuple[str, ...]]:
        return list(zip(*self.rows, strict=True))


def open_csv(path: Path, *, size_limit: int) -> CsvFile:
    """Look at a whole file once; FileRefused, in one sentence, where it is no usable CSV.

    `size_limit` is in bytes.
    """
    size = _size_of(path, size_limit)
    encoding, warnings = _encoding_of(path)
    sample = _sample_of(path, encoding)
    if _MARKUP.match(sample):
        raise FileRefused(
            f"{path.name} is an HTML or XML page, not a CSV file: was a login page saved instead?"
        )
    preamble = 1 if sample[:4].lower() == "sep=" else 0
    delimiter = sample[4:5] if preamble else _delimiter_of(sample)
    escape = _escape_of(sample, delimiter)
    file = CsvFile(path, size, encoding, delimiter, escape, preamble, (), ())
    header = _header_of(file, sample)
    return CsvFile(path, size, encoding, delimiter, escape, preamble, header, tuple(warnings))


def _size_of(path: Path, limit: int) -> int:
    if not path.exists():
        raise FileRefused(f"There is no file {path}.")
    if not path.is_file():
        raise FileRefused(f"{path} is a directory or device, not a CSV file.")
    size = path.stat().st_size
    if size > limit:
        raise FileRefused(f"{path.name} has {size:,} bytes; at most {limit:,} are taken: split the file.")
    return size


def _encoding_of(path: Path) -> tuple[str, list[str]]:
    """The encoding that the whole file decodes in, and warnings about it."""
    try:
        with path.open("rb") as stream:
            head = stream.read(SAMPLE)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.") from None
    if not head.strip():
        raise FileRefused(f"{path.name} is empty.")
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise FileRefused(f"{path.name} is {what}, not a CSV file: save or export it as CSV.")
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            _decode_whole(path, encoding)
            return encoding, []
    if _is_binary(head):
        raise FileRefused(f"{path.name} is a binary file, not a CSV file.")
    try:
        _decode_whole(path, "utf-8")
        return "utf-8", []
    except _Undecodable as utf8:
        try:
            _decode_whole(path, "cp1252")
        except _Undecodable as error:
            raise FileRefused(
                f"{path.name} is neither UTF-8, UTF-16 nor Windows-1252 text (line {error.line}): save it as UTF-8."
            ) from None
        return "cp1252", [
            f"The file is not UTF-8 (line {utf8.line}); it was read as Windows-1252: check accented letters."
        ]


class _Undecodable(FileRefused):
    def __init__(self, name: str, encoding: str, line: int) -> None:
        super().__init__(f"{name} begins as {encoding} but line {line} is not: save it as UTF-8.")
        self.line = line


def _is_binary(head: bytes) -> bool:
    control = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\r\f\v\x1a\x1b")
    # One stray NUL in a text is named with its line further on; a share of them is no text at all.
    return control * 20 > len(head)


def _decode_whole(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as stream:
        while True:
            block = stream.read(BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise _Undecodable(path.name, encoding, line + block[: error.start].count(b"\n")) from None
            if "\0" in text:
                line += text[: text.index("\0")].count("\n")
                raise FileRefused(f"{path.name} holds a NUL byte on line {line}: it is damaged or not text.")
            line += text.count("\n")
            if not block:
                return


def _sample_of(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="", errors="replace") as stream:
        sample = stream.read(SAMPLE)
        return sample if len(sample) < SAMPLE else sample + stream.readline(SAMPLE)


def _delimiter_of(sample: str) -> str:
    """The delimiter that gives the most columns on the header and keeps that width on most rows."""
    best, best_merit = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = [len(row) for row in _sample_rows(sample, delimiter) if row]
        if not widths or widths[0] < 2:
            continue
        agreeing = sum(width == widths[0] for width in widths) / len(widths)
        merit = (round(agreeing, 1), widths[0])
        if merit > best_merit:
            best, best_merit = delimiter, merit
    return best


def _sample_rows(sample: str, delimiter: str) -> list[list[str]]:
    try:
        return list(islice(csv.reader(sample.splitlines(keepends=True), delimiter=delimiter), SAMPLE_ROWS))
    except csv.Error:
        return []


def _escape_of(sample: str, delimiter: str) -> str | None:
    r"""Backslash where quotation marks in cells are written \" (MySQL, Mautic), not doubled."""
    if '\\"' not in sample or _reads_strictly(sample, delimiter, None):
        return None
    return "\\" if _reads_strictly(sample, delimiter, "\\") else None


def _reads_strictly(sample: str, delimiter: str, escape: str | None) -> bool:
    reader = csv.reader(sample.splitlines(keepends=True), delimiter=delimiter, escapechar=escape, strict=True)
    try:
        for _ in reader:
            pass
    except csv.Error as error:
        # The sample may end inside a cell.
        return "unexpected end of data" in str(error)
    return True


def _header_of(file: CsvFile, sample: str) -> tuple[str, ...]:
    with file.path.open(encoding=file.encoding, newline="") as stream:
        first = next(_numbered_rows(stream, file, skip_header=False), None)
    if first is None:
        raise FileRefused(f"{file.path.name} is empty.")
    header = [cell.strip() for cell in first[1]]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise FileRefused(f"{file.path.name} has no header: its first row is blank.")
    if any(_LOOKS_LIKE_DATA.fullmatch(name) for name in header):
        value = next(name for name in header if _LOOKS_LIKE_DATA.fullmatch(name))
        raise FileRefused(
            f"{file.path.name} has no header: its first row holds data (“{value[:60]}”). Add a row of column names."
        )
    if sample.lstrip()[:1] in "{[":
        raise FileRefused(f"{file.path.name} looks like JSON, not a CSV file.")
    _refuse_duplicates(file.path.name, header)
    return tuple(header)


def _refuse_duplicates(file_name: str, header: list[str]) -> None:
    seen: dict[str, int] = {}
    for position, name in enumerate(header, start=1):
        earlier = seen.setdefault(fold(name), position) if name else position
        if earlier != position:
            raise FileRefused(
                f"{file_name} has two columns named “{name}” (columns {earlier} and {position}): rename one."
            )


def _numbered_rows(
    stream: TextIO, file: CsvFile, *, skip_header: bool = True
) -> Iterator[tuple[int, list[str]]]:
    """Each non-blank row and the line on which it begins."""
    lines = _Lines(stream, file.path.name)
    reader = csv.reader(lines, delimiter=file.delimiter, escapechar=file.escape)
    header_seen = not skip_header
    for _ in range(file.preamble):
        next(reader, None)
    line = reader.line_num + 1
    try:
        for row in reader:
            if lines.ended:
                _refuse_unclosed(row, lines)
                return
            if row and (row[0] or any(row)):
                if header_seen:
                    yield line, row
                header_seen = True
            line = reader.line_num + 1
    except csv.Error as error:
        raise FileRefused(
            _too_long(file.path.name, line) if "field limit" in str(error) else str(error)
        ) from None


class _Lines:
    """The lines of a stream, none too long for memory, and then one of END.

    Where the file ends within quotation marks, csv.reader takes END for a part of the last cell; else it is a row.
    """

    def __init__(self, stream: TextIO, file_name: str) -> None:
        self.stream, self.file_name = stream, file_name
        self.number = 0
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        while text := self.stream.readline(LONGEST_LINE):
            self.number += 1
            if len(text) == LONGEST_LINE:
                raise FileRefused(_too_long(self.file_name, self.number))
            yield text
        self.ended = True
        yield END


def _refuse_unclosed(row: list[str], lines: _Lines) -> None:
    """Refuse the file if its last cell is not closed: it may have swallowed any number of rows."""
    if row == [END]:
        return
    cell = row[-1].removesuffix(END)
    opened = lines.number - len(_LINE_BREAK.findall(cell)) + cell.endswith(("\r", "\n"))
    raise FileRefused(
        f"{lines.file_name} ends within quotation marks: the one that opens a cell on line {opened} is not closed."
    )


def _too_long(file_name: str, line: int) -> str:
    return (
        f"{file_name} has a cell of more than {csv.field_size_limit():,} characters on line {line}: "
        "is a quotation mark not closed?"
    )


def _next_batch(rows: Iterator[tuple[int, list[str]]], size: int, width: int) -> Batch | None:
    batch = Batch([], [], [])
    for line, row in islice(rows, size):
        if len(row) != width:
            if len(row) < width or any(cell.strip() for cell in row[width:]):
                batch.misshapen.append(Misshapen(line, row, _misshapen_reason(row, width)))
                continue
            del row[width:]
        batch.lines.append(line)
        batch.rows.append(row)
    return batch if batch.lines or batch.misshapen else None


def _misshapen_reason(row: list[str], width: int) -> str:
    reason = f"The row has {len(row)} cells, the header {width}."
    if any("\n" in cell for cell in row):
        reason += " One cell goes over several lines: is a quotation mark not closed?"
    return reason
