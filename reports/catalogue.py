"""The reports there are. A new one is a module in reports.pages that registers itself; everything else follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reports.cells import reads_rows
from reports.document import Document
from reports.period import Period
from reports.scope import Scope

# With which period a report is compared, as addresses write it.
COMPARISONS = {"none": "No comparison", "previous": "Period before", "year": "Year before"}


@dataclass(frozen=True)
class Option:
    """A choice of one report beside the filters that all have, as `key` in its address; the first is the default."""

    key: str
    label: str
    choices: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Question:
    """What a report is asked. `before`: the period to compare with, None where not asked. `options`: by key.

    `may_defer`: a section that alone would be counted row by row (a breakdown under a filter, see `defers`) may be left
    out, with `Section.is_deferred`; the page asks for it after it is there.
    """

    scope: Scope
    today: date
    before: Period | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    may_defer: bool = False

    def defers(self, *, by: str | None) -> bool:
        """Whether a breakdown is to be left for later."""
        return self.may_defer and reads_rows(self.scope, by=by) and not reads_rows(self.scope)


@dataclass(frozen=True)
class Report:
    key: str
    title: str
    summary: str  # one line, below the title
    icon: str
    build: Callable[[Question], Document]
    options: Sequence[Option] = ()
    # What it is compared with where the address does not say: one of COMPARISONS. Unless "none" it always is.
    compares_with: str = "none"
    # Whether it can be compared with anything.
    compares: bool = True


_reports: dict[str, Report] = {}
# In this order they are offered; others follow by their titles.
ORDER = (
    "overview",
    "funnel",
    "conversion",
    "velocity",
    "cohorts",
    "flow",
    "forecast",
    "sources",
    "sales",
    "rejections",
    "scores",
)


def register(report: Report) -> Report:
    assert report.key not in _reports, report.key
    _reports[report.key] = report
    return report


def report_called(key: str) -> Report | None:
    return _reports.get(key)


def all_reports() -> list[Report]:
    places = {key: place for place, key in enumerate(ORDER)}
    return sorted(_reports.values(), key=lambda report: (places.get(report.key, len(ORDER)), report.title))
