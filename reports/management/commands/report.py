from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.models.fields import EARLIEST_DAY, LATEST_DAY
from reports.answering import answered
from reports.asking import Asked, ask
from reports.catalogue import COMPARISONS, Report, all_reports, report_called
from reports.dimensions import DIMENSIONS
from reports.document import Document
from reports.exports.as_csv import table_lines
from reports.exports.as_json import document_as_json
from reports.exports.as_text import document_as_text
from reports.period import DAY, PRESETS, Period, today
from reports.store.folding import fold


class Command(BaseCommand):
    help = "Prints a report: the numbers that its page shows, by the same functions."

    def add_arguments(self, parser: CommandParser) -> None:
        reports = parser.add_subparsers(dest="report", required=True, metavar="REPORT")
        for report in all_reports():
            add_options(reports.add_parser(report.key, help=report.summary), report)

    def handle(self, *args: Any, **options: Any) -> None:
        report = report_called(options["report"])
        assert report is not None
        asked = read(report, options)
        fold()
        self.stdout.write(written(answered(asked), asked, options), ending="")


def add_options(parser: ArgumentParser, report: Report) -> None:
    parser.add_argument("--period", choices=PRESETS, default="", help="instead of --start and --end")
    parser.add_argument("--start", help="first day of the period, YYYY-MM-DD")
    parser.add_argument("--end", help="the day after the period's last day, YYYY-MM-DD")
    parser.add_argument(
        "--as-of", default="", help="what had happened by the end of this day (default: today)"
    )
    parser.add_argument("--compare", choices=COMPARISONS, default="", help="with which other period")
    for dimension in DIMENSIONS.values():
        parser.add_argument(
            f"--{dimension.key}",
            default="",
            help=f"only this {dimension.label.lower()}; - for “{dimension.nothing}”",
        )
    for option in report.options:
        parser.add_argument(
            f"--{option.key.replace('_', '-')}",
            choices=[value for value, _ in option.choices],
            default="",
            help=option.label,
        )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="write JSON")
    form.add_argument("--csv", action="store_true", help="write CSV: all tables, apart by empty lines")
    parser.add_argument("--table", default="", help="with --csv: only this table")


def read(report: Report, options: dict[str, Any]) -> Asked:
    """The question, checked by the form of the page. Raises CommandError, one sentence for the first mistake."""
    parameters = {name: options[name] for name in ("compare", *DIMENSIONS)}
    parameters |= {option.key: options[option.key] for option in report.options}
    parameters |= _days(options)
    parameters["as_of"] = options["as_of"] and str(_day(options["as_of"], "--as-of", EARLIEST_DAY, today()))
    asking = ask(report, parameters, today=today())
    if asking.asked is None:
        name, sentence = asking.sentences[0]
        raise CommandError(f"--{name.replace('_', '-')} {sentence}")
    return asking.asked


def _days(options: dict[str, Any]) -> dict[str, str]:
    start, end = options["start"], options["end"]
    if start is None and end is None:
        return {"period": options["period"]}
    if options["period"]:
        raise CommandError("Give either --period, or --start and --end.")
    first = _day(start, "--start", EARLIEST_DAY, LATEST_DAY)
    # The period ends before --end: its last day is the one before.
    after = _day(end, "--end", EARLIEST_DAY + DAY, LATEST_DAY + DAY)
    if after <= first:
        raise CommandError(
            f"--end must be after --start: {after} is not after {first} (the period ends before --end)."
        )
    return {"first_day": str(first), "last_day": str(Period(first, after).last_day)}


def _day(text: str | None, option: str, earliest: date, latest: date) -> date:
    if not text:
        raise CommandError(f"{option} is missing: write it as YYYY-MM-DD.")
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise CommandError(f"{option} “{text}” is not a date: write it as YYYY-MM-DD.") from None
    if not earliest <= day <= latest:
        raise CommandError(f"{option} must lie between {earliest} and {latest}, not on {day}.")
    return day


def written(document: Document, asked: Asked, options: dict[str, Any]) -> str:
    if options["table"] and not options["csv"]:
        raise CommandError("--table goes with --csv.")
    if options["json"]:
        return json.dumps(document_as_json(document, asked), indent=2, ensure_ascii=False) + "\n"
    if options["csv"]:
        return as_csv(document, options["table"])
    return document_as_text(document, asked) + "\n"


def as_csv(document: Document, only: str) -> str:
    """One table, or all of them, each below a line with its name."""
    tables = {table.key: table for table in document.tables}
    if only and only not in tables:
        raise CommandError(f"--table “{only}” is no table of this report: choose one of {', '.join(tables)}.")
    if only:
        return "".join(table_lines(tables[only]))
    return "\r\n".join("".join([f"{key}\r\n", *table_lines(table)]) for key, table in tables.items())
