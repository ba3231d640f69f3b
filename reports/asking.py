"""What a page, a list, a file or a command is asked, once it was checked, and how to write it as an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from urllib.parse import quote_plus

from django.urls import reverse

from leads.filters import NOT_RECORDED
from reports.catalogue import Question, Report
from reports.choices import Choice, Choices, all_choices
from reports.dimensions import DIMENSIONS
from reports.document import Drill, Section, Table
from reports.filterbar import COMMON, ReportFilter, days_of
from reports.period import DEFAULT_PRESET, PRESETS, Period
from reports.scope import Scope, elapsed_part
from reports.wording import days_words

# Parameters of an address that say which part of an answer is wanted.
PAGING = ("after",)
AS_OF = "As of"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Chip:
    """A filter that was chosen, and the query without it."""

    label: str
    words: str
    query: str


@dataclass(frozen=True)
class Asked:
    """A valid question. `parameters` are those that differ from the defaults, as addresses write them."""

    report: Report
    question: Question
    preset: str  # "" where the days were chosen one by one
    parameters: Mapping[str, str]
    choices: Mapping[str, Choices]

    @property
    def scope(self) -> Scope:
        return self.question.scope

    @property
    def period_words(self) -> str:
        """Last 30 days, or 1 Jan 2026 to 31 Jan 2026."""
        return PRESETS[self.preset].label if self.preset else days_words(self.scope.period)

    @property
    def days_words(self) -> str:
        return days_words(self.scope.period)

    @property
    def length_words(self) -> str:
        """30 days; 12 of 30 days where the others are still to come."""
        period, as_of = self.scope.period, self.scope.as_of
        days = f"{period.days:,} day{'' if period.days == 1 else 's'}"
        passed = (as_of - period.start).days + 1
        return days if passed >= period.days else f"{max(passed, 0):,} of {days}"

    @property
    def before_words(self) -> str:
        return days_words(self.question.before) if self.question.before else ""

    def query(self, **changes: str) -> str:
        """The address's query, with other values for some parameters; "" takes one out."""
        return _query({**self.parameters, **changes})

    def query_of_preset(self, preset: str) -> str:
        period = "" if preset == DEFAULT_PRESET else preset
        return self.query(period=period, first_day="", last_day="")

    def query_of_option(self, key: str, value: str) -> str:
        option = next(option for option in self.report.options if option.key == key)
        return self.query(**{key: "" if value == option.choices[0][0] else value})

    def query_for(self, report: Report) -> str:
        """What another report can be asked of this."""
        own = {option.key for option in self.report.options}
        kept = {name: value for name, value in self.parameters.items() if name not in own}
        return _query(kept)

    def query_to(self, report: Report, filters: Mapping[str, str]) -> str:
        """Another report, or this one, with values as rows have them."""
        own = {} if report is self.report else {option.key: "" for option in self.report.options}
        return self.query(**own, **self._written(filters))

    def query_with(self, filters: Mapping[str, str]) -> str:
        """This question for values as rows have them: those of dimensions are written as people do."""
        return self.query(**self._written(filters))

    def address_of(self, drill: Drill, url_name: str = "reports:rows") -> str:
        """Where the rows behind a number are listed."""
        listed = {"rows": drill.rows, **self._written(drill.where)}
        return f"{self._address(url_name)}?{self.query(**listed)}"

    def files_of(self, table: Table) -> str:
        """Where a table is a file."""
        return f"{reverse('reports:table', args=[self.report.key, table.key])}?{self.query()}".rstrip("?")

    def section_address(self, section: Section) -> str:
        return f"{reverse('reports:section', args=[self.report.key, section.key])}?{self.query()}".rstrip("?")

    @property
    def chosen_words(self) -> list[tuple[str, str]]:
        """The filters, and the report's own choices."""
        filters = [(chip.label, chip.words) for chip in self.chips() if chip.label != AS_OF]
        options = self.question.options
        return filters + [
            (option.label, dict(option.choices)[options[option.key]]) for option in self.report.options
        ]

    def chips(self) -> list[Chip]:
        chosen: dict[str, Choice] = {
            key: self.choices[key].of_value(value) for key, value in self.scope.chosen.items()
        }
        found = [
            Chip(DIMENSIONS[key].label, one.label, self.query(**{key: ""})) for key, one in chosen.items()
        ]
        if self.scope.as_of != self.question.today:
            found.append(Chip(AS_OF, f"{self.scope.as_of:%-d %b %Y}", self.query(as_of="")))
        return found

    def _address(self, url_name: str) -> str:
        """Looked up once: a page links hundreds of numbers."""
        if url_name not in self._addresses:
            self._addresses[url_name] = reverse(url_name, args=[self.report.key])
        return self._addresses[url_name]

    @cached_property
    def _addresses(self) -> dict[str, str]:
        return {}

    def _written(self, values: Mapping[str, str]) -> dict[str, str]:
        written = {
            name: self.choices[name].of_value(value).written if name in DIMENSIONS else value or NOT_RECORDED
            for name, value in values.items()
        }
        if "first_day" in written or "last_day" in written:
            written["period"] = ""
        elif "period" in written:
            written |= {"first_day": "", "last_day": ""}
        return written


@dataclass(frozen=True)
class Asking:
    """The filters as they were asked, and the question where there is one."""

    filters: ReportFilter
    asked: Asked | None
    drill: Drill  # which rows, where a list is asked

    @property
    def sentences(self) -> Sequence[tuple[str, str]]:
        return self.filters.sentences


def ask(report: Report, parameters: Mapping[str, str], *, today: date, may_defer: bool = False) -> Asking:
    """Read the parameters of an address on the day `today`."""
    # PostgreSQL holds no such character, and refuses to look for it.
    parameters = {name: text.replace("\x00", REPLACEMENT) for name, text in parameters.items()}
    choices = all_choices()
    filters = ReportFilter(parameters, report=report, choices=choices, today=today)
    asked = _asked(report, filters, choices, today) if filters.is_valid_question else None
    if asked and may_defer:
        asked = replace(asked, question=replace(asked.question, may_defer=True))
    return Asking(filters, asked, _drill(report, parameters))


def _drill(report: Report, parameters: Mapping[str, str]) -> Drill:
    """What of the parameters is neither a filter nor an option: the rows, and their conditions."""
    known = {*COMMON, *DIMENSIONS, *PAGING, *(option.key for option in report.options)}
    where = {
        name: "" if value.strip() == NOT_RECORDED else value.strip()
        for name, value in parameters.items()
        if name not in known and value.strip()
    }
    return Drill(where.pop("rows", "leads"), where)


def _asked(report: Report, filters: ReportFilter, choices: Mapping[str, Choices], today: date) -> Asked:
    said = filters.form.cleaned_data
    chosen = {key: one.value for key in DIMENSIONS if said[key] and (one := choices[key].meant_by(said[key]))}
    options = {option.key: said[option.key] or option.choices[0][0] for option in report.options}
    compare = said["compare"] or report.compares_with
    scope = Scope(period=said["days"], as_of=said["as_of"] or today, chosen=chosen)
    before = _before(scope, compare) if report.compares else None
    question = Question(scope=scope, today=today, before=before, options=options)
    preset = said["period"] if said["period"] in PRESETS else ""
    parameters = {
        **_period(scope.period, preset),
        "as_of": "" if scope.as_of == today else scope.as_of.isoformat(),
        "compare": "" if compare == report.compares_with else compare,
        **{key: choices[key].of_value(value).written for key, value in chosen.items()},
        **{
            option.key: "" if options[option.key] == option.choices[0][0] else options[option.key]
            for option in report.options
        },
    }
    lasting = {name: value for name, value in parameters.items() if value}
    return Asked(report, question, preset, lasting, choices)


def _period(period: Period, preset: str) -> dict[str, str]:
    return {"period": "" if preset == DEFAULT_PRESET else preset} if preset else days_of(period)


def _before(scope: Scope, compare: str) -> Period | None:
    """As much of it as has passed of the scope's own period."""
    if compare == "none":
        return None
    earlier = scope.period.previous() if compare == "previous" else scope.period.year_before()
    return elapsed_part(earlier, scope)


def _query(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in parameters.items() if value)


@lru_cache(maxsize=5_000)
def _quoted(text: str) -> str:
    return quote_plus(text)
