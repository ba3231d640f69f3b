"""The pieces of a report page that occur hundreds of times, written at once. `{% load reportpage %}`"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from reports.asking import Asked
from reports.catalogue import report_called
from reports.document import (
    MARKS,
    Chart,
    Column,
    Drill,
    Figure,
    Finding,
    Kind,
    Number,
    Row,
    Section,
    Table,
    Tile,
    title_in,
)
from reports.exports.as_csv import file_name
from reports.wording import Change, change_of, interval_words, number_words, of_words

register = template.Library()

SHADES = 10
# Heights of charts, in pixels, from which on they get more room before they are drawn.
SHORT, TALL = 160, 300
ARROWS = {"up": "↑", "down": "↓", "same": "→"}


@dataclass(frozen=True)
class Scale:
    """By what the numbers of a heat table are coloured: those of one kind (None: all), against the largest."""

    kind: Kind | None
    largest: float

    def shade(self, number: Number) -> str:
        size = _size(number)
        if size is None or not self.largest or self.kind not in (None, number.kind):
            return ""
        return f" lf-heat-{min(int(size / self.largest * SHADES), SHADES - 1)}"


@register.simple_tag
def scale_of(table: Table) -> Scale | None:
    """None: it is no heat table."""
    if not table.heat:
        return None
    kind = Kind.SHARE if any(column.kind is Kind.SHARE for column in table.columns) else None
    sums = {column.key for column in table.columns if column.is_sum}
    numbers = [
        number
        for row in table.rows
        if not row.is_total
        for key, number in row.numbers.items()
        if key not in sums
    ]
    sizes = [_size(number) or 0 for number in numbers if kind in (None, number.kind)]
    return Scale(kind, max(sizes, default=0))


def _size(number: Number) -> float | None:
    return abs(float(number.value)) if isinstance(number.value, (int, float, Decimal)) else None


@register.simple_tag
def row_cells(table: Table, row: Row, scale: Scale | None, asked: Asked) -> SafeString:
    """All cells of a row behind its label."""
    numbers = ((column, row.numbers.get(column.key)) for column in table.columns)
    return format_html_join(
        "",
        '<td class="{}"{}>{}</td>',
        (_cell(number, column, row, scale, asked) for column, number in numbers),
    )


def _cell(
    number: Number | None, column: Column, row: Row, scale: Scale | None, asked: Asked
) -> tuple[str, str, str]:
    classes = "lf-text" if column.kind is Kind.TEXT else "lf-num"
    if number is None:
        return classes, "", ""
    if number.mark or row.mark:
        classes += " lf-marked"
    if scale and not row.is_total and not column.is_sum:
        classes += scale.shade(number)
    key = "" if number.value is None else format_html(' data-value="{}"', number.value)
    return classes, key, number_html(number, asked)


@register.simple_tag
def number_html(number: Number, asked: Asked, beside: bool = True) -> SafeString:
    """The number, as a link to the rows behind it where there are any, with what stands beside it.

    Of a share the link is on its part.
    """
    words = number_words(number)
    is_link = number.drill is not None and number.of is None and number.value
    shown = _link(number, words, asked) if is_link else conditional_escape(words)
    return format_html("{}{}", shown, _beside(_beside_number(number, asked))) if beside else SafeString(shown)


def _link(number: Number, words: str, asked: Asked) -> SafeString:
    assert number.drill is not None
    return format_html('<a href="{}">{}</a>', asked.address_of(number.drill), words)


def _beside_number(number: Number, asked: Asked) -> list[str]:
    found = [_of(number, asked), interval_words(number)]
    if change := change_of(number):
        found.append(f"was {change.was}")
    return [text for text in found if text]


def _of(number: Number, asked: Asked) -> str:
    """3 of 6, the 3 being a link to them."""
    if number.of is None or number.drill is None or not number.of[0]:
        return of_words(number)
    return format_html("{} of {}", _link(number, f"{number.of[0]:,}", asked), f"{number.of[1]:,}")


def _beside(texts: Iterable[str]) -> SafeString:
    return format_html_join("", ' <span class="lf-sub">{}</span>', ((text,) for text in texts))


@register.simple_tag
def tile_beside(tile: Tile, asked: Asked) -> SafeString:
    """What a share is of, a note, and ↑ +12 %, was 310, in the colour of what it means."""
    texts = [text for text in (_of(tile.number, asked), interval_words(tile.number), tile.note) if text]
    change = change_of(tile.number, more_is_better=tile.more_is_better)
    if change is None:
        return _beside(texts)
    return format_html(
        '{}<span class="lf-change {}"><span aria-hidden="true">{}</span> {} <span class="lf-sub">was {}</span></span>',
        _beside(texts),
        # Of what is not to be trusted nothing is good or bad.
        "" if tile.number.mark else _tone(change),
        ARROWS[change.direction],
        change.words,
        change.was,
    )


def _tone(change: Change) -> str:
    return "" if change.is_good is None else "lf-change--good" if change.is_good else "lf-change--bad"


@register.simple_tag
def query_for(asked: Asked | None, report: Any) -> str:
    """What another report is asked: "?..." or nothing."""
    query = asked.query_for(report) if asked else ""
    return f"?{query}" if query else ""


@register.simple_tag
def finding_query(asked: Asked, finding: Finding) -> str:
    report = report_called(finding.report)
    assert report is not None, finding.report
    query = asked.query_to(report, finding.parameters)
    return f"?{query}" if query else ""


@register.simple_tag
def row_query(asked: Asked, row: Row) -> str:
    return asked.query_with(row.filters)


@register.simple_tag
def table_address(table: Table, asked: Asked) -> str:
    return asked.files_of(table)


register.simple_tag(title_in)


@register.simple_tag
def section_address(section: Section, asked: Asked) -> str:
    return asked.section_address(section)


@register.simple_tag
def picture_name(chart: Chart, asked: Asked) -> str:
    return file_name(asked, chart.key, "png")


@register.simple_tag
def figure_of(chart: Chart, asked: Asked) -> Figure:
    """With the address of the rows behind each point, which a click opens."""
    if not chart.drills:
        return chart.figure
    traces = chart.figure["data"]
    linked = [
        {**trace, "customdata": [drill and asked.address_of(drill) for drill in drills]}
        for trace, drills in zip(traces, chart.drills, strict=False)
    ]
    return {**chart.figure, "data": [*linked, *traces[len(linked) :]]}


@register.simple_tag
def chart_class(chart: Chart) -> str:
    """So that the page does not jump when Plotly draws."""
    height = chart.figure.get("layout", {}).get("height", TALL)
    return "lf-chart--strip" if height < SHORT else "lf-chart--short" if height < TALL else ""


@register.simple_tag
def address_of(drill: Drill, asked: Asked) -> str:
    return asked.address_of(drill)


@register.filter
def mark_words(mark: str) -> str:
    return MARKS[mark]


@register.filter
def words(number: Number) -> str:
    return number_words(number)
