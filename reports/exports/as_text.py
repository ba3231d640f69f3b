"""A report as text: for a terminal, and for mail without HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.asking import Asked
from reports.document import MARKS, Document, Number, Table, Tile, title_in
from reports.wording import change_of, interval_words, number_words, of_words


def document_as_text(document: Document, asked: Asked) -> str:
    """Title and what was asked, then tiles, findings and tables, apart by blank lines."""
    blocks = [_head(document, asked)]
    if document.notices:
        blocks.append("\n".join(f"Note: {notice}" for notice in document.notices))
    if document.tiles:
        blocks.append(_aligned([_tile(tile) for tile in document.tiles]))
    if document.findings:
        blocks.append("\n".join(f"- {finding.text}" for finding in document.findings))
    if document.empty:
        return "\n\n".join([*blocks, document.empty])
    for section in document.sections:
        if section.lead:
            blocks.append(f"{section.title}\n{section.lead}")
        blocks += [table_as_text(table, title_in(section, table)) for table in section.tables]
    return "\n\n".join([*blocks, *_legend(document)])


def table_as_text(table: Table, title: str) -> str:
    lines = [title]
    if not table.rows:
        return f"{title}\n{table.empty}"
    heading = [table.first, *(column.label for column in table.columns)]
    rows = [
        [
            row.label + (f" ({row.mark})" if row.mark else ""),
            *(_cell(row.numbers.get(column.key)) for column in table.columns),
        ]
        for row in table.rows
    ]
    lines.append(_aligned([heading, *rows]))
    return "\n".join([*lines, table.note] if table.note else lines)


def _head(document: Document, asked: Asked) -> str:
    scope = document.scope
    chosen = [f"{label}: {words}" for label, words in asked.chosen_words]
    against = f", against {asked.question.before}" if asked.question.before else ""
    lines = [f"{document.title} of {scope.period}{against}, as of {scope.as_of}"]
    return "\n".join([*lines, ", ".join(chosen)] if chosen else lines)


def _tile(tile: Tile) -> list[str]:
    change = change_of(tile.number)
    beside = [of_words(tile.number), tile.note, f"{change.words}, was {change.was}" if change else ""]
    return [tile.label, number_words(tile.number), "; ".join(text for text in beside if text)]


def _cell(number: Number | None) -> str:
    if number is None:
        return ""
    beside = [of_words(number), interval_words(number), number.mark]
    if number.before is not None and (change := change_of(number)):
        beside.append(f"was {change.was}")
    more = "; ".join(text for text in beside if text)
    return f"{number_words(number)} ({more})" if more else number_words(number)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """The first column to the left, the others to the right; no blanks at the ends of lines."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _legend(document: Document) -> Iterator[str]:
    marks = document.marks
    if marks:
        yield "\n".join(f"{mark}: {MARKS[mark]}" for mark in marks)
