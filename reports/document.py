"""A report as numbers and words, before anybody shows it: the page, CSV, JSON, text and mail are made from this alone.

Every number says which rows are behind it (`Drill`), so that what is listed is what was counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from reports.charts.sankey import Ribbon, Sankey
from reports.scope import Scope

Figure = dict[str, Any]
# Tables of more rows are long.
LONG = 20

# Why a number is not to be trusted as the others are.
MARKS = {
    "immature": "Too young to be judged: more of these may still convert.",
    "few": "Too few to be judged: chance alone moves this number.",
}


class Kind(Enum):
    """How a number is written. JSON and CSV give the bare value: shares between 0 and 1, money as a decimal."""

    COUNT = "count"  # 1,234
    SHARE = "share"  # 12.3 %, beside the counts `of`
    HOURS = "hours"  # given in hours, shown as days
    DAYS = "days"
    MINUTES = "minutes"  # of business time, shown as hours and minutes
    MONEY = "money"  # in the organisation's CURRENCY
    NUMBER = "number"  # 1.23
    EXPECTED = "expected"  # how many of something, of which nobody knows exactly: 127, or 7.4 of few
    POINTS = "points"  # a difference of two shares, in percentage points: +4.3 points
    DATE = "date"
    TEXT = "text"


@dataclass(frozen=True)
class Drill:
    """The rows behind a number, within the scope of its report: `rows` and `where` are those of reports.drilldown."""

    rows: str
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Number:
    """`value` None: no data, shown "–". `of`: the counts behind a share. `interval`: where it truly lies, 95 %.

    `mark` says why it is not to be trusted as the others are ("immature", "few"); it is greyed, and the words follow
    from the mark. `before`: the same of the period that it is compared with.
    """

    value: int | float | Decimal | date | str | None
    kind: Kind = Kind.COUNT
    of: tuple[int, int] | None = None
    drill: Drill | None = None
    interval: tuple[float, float] | None = None
    mark: str = ""
    before: int | float | Decimal | None = None


@dataclass(frozen=True)
class Column:
    """`key` is its name in CSV and JSON. `stage` gives the colour of a stage.

    `is_sum`: of its row, so that a heat table does not colour it.
    """

    key: str
    label: str
    kind: Kind = Kind.COUNT
    stage: str = ""
    hint: str = ""
    is_sum: bool = False


@dataclass(frozen=True)
class Row:
    """`key` is the value itself (as addresses write it), `label` how it is shown. `filters` opens the page for it."""

    key: str
    label: str
    numbers: Mapping[str, Number]
    filters: Mapping[str, str] = field(default_factory=dict)
    is_total: bool = False
    mark: str = ""
    stage: str = ""  # gives the colour of a stage


@dataclass(frozen=True)
class Table:
    """`first` heads the column of the rows' labels. `heat`: shares (else all numbers) are coloured by their size."""

    key: str
    title: str
    first: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""
    empty: str = "Nothing of this kind in the period."
    heat: bool = False
    more: tuple[str, str] | None = None  # where the rest is told: words and address

    @property
    def is_sortable(self) -> bool:
        """Where the order of the rows says nothing of its own: they are values of one thing."""
        return sum(1 for row in self.rows if row.filters) > 2

    @property
    def is_long(self) -> bool:
        """Whether it would push what follows it off the page."""
        return len(self.rows) > LONG


@dataclass(frozen=True)
class Chart:
    """`figure` is what Plotly draws (reports.charts); `label` says what it shows, for those who cannot see it.

    `drills`: for each trace, the rows behind each of its points, in their order; a click opens them. Traces that stand
    for no rows come last and have none.
    """

    key: str
    label: str
    figure: Figure
    drills: Sequence[Sequence[Drill | None]] = ()


@dataclass(frozen=True)
class DrawnRibbon:
    """`words` say what it stands for: "Lead to MQL: 1,234"."""

    ribbon: Ribbon
    drill: Drill
    words: str


@dataclass(frozen=True)
class Diagram:
    """What Plotly cannot draw: where leads go (reports.charts.sankey)."""

    key: str
    label: str
    sankey: Sankey
    ribbons: Sequence[DrawnRibbon]


@dataclass(frozen=True)
class Section:
    """A subject: a chart, with the table of the same numbers below it, and what they mean.

    `is_deferred`: neither is here yet, and is to be asked for (Question.may_defer).
    """

    key: str
    title: str
    definition: str  # "How is this computed": plain sentences
    lead: str = ""
    chart: Chart | None = None
    diagram: Diagram | None = None
    tables: Sequence[Table] = ()
    is_wide: bool = True
    is_deferred: bool = False


@dataclass(frozen=True)
class Tile:
    """One number at the head of a page."""

    key: str
    label: str
    number: Number
    note: str = ""
    more_is_better: bool | None = None  # None: neither
    stage: str = ""  # gives the colour of a stage


@dataclass(frozen=True)
class Finding:
    """A sentence about what changed, with the link behind it: to a report (its key) with these parameters."""

    text: str
    report: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """`notices` stand above everything: what is left out, or not known. `empty`: why there is nothing to show."""

    report: str
    title: str
    scope: Scope
    sections: Sequence[Section]
    tiles: Sequence[Tile] = ()
    findings: Sequence[Finding] = ()
    notices: Sequence[str] = ()
    empty: str = ""

    @property
    def marks(self) -> list[str]:
        """Those that stand somewhere in it."""
        rows = [row for table in self.tables for row in table.rows]
        numbers = [number for row in rows for number in row.numbers.values()]
        numbers += [tile.number for tile in self.tiles]
        return sorted({*(row.mark for row in rows), *(number.mark for number in numbers)} - {""})

    @property
    def tables(self) -> list[Table]:
        return [table for section in self.sections for table in section.tables]


def title_in(section: Section, table: Table) -> str:
    """By which a table is known wherever its section is not seen: "Reps: Decisions"."""
    if section.title == table.title:
        return table.title
    return f"{section.title}: {table.title}"
