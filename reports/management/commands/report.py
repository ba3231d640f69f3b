from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reports.filters import EARLIEST, LATEST, Asked, FunnelFilter
from reports.metrics.funnel import Mode, funnel_report
from reports.period import DAY, Period, today
from reports.scope import NOT_RECORDED
from reports.texts import funnel_as_json, funnel_as_text

MOST_NAMED = 30
# The options that choose leads by a fact, and what their "-" stands for.
NOTHING = {"source": "not recorded", "campaign": "none", "country": "not recorded"}


class Command(BaseCommand):
    help = "Prints a report: the numbers that its page shows, by the same functions."

    def add_arguments(self, parser: CommandParser) -> None:
        reports = parser.add_subparsers(dest="report", required=True, metavar="REPORT")
        funnel = reports.add_parser("funnel", help="how many leads come how far, and the MQL to SQL rate")
        funnel.add_argument("--start", required=True, help="first day of the period, YYYY-MM-DD")
        funnel.add_argument("--end", required=True, help="the day after the period's last day, YYYY-MM-DD")
        funnel.add_argument(
            "--as-of", default="", help="what had happened by the end of this day (default: today)"
        )
        funnel.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.COHORT.value)
        funnel.add_argument("--by", choices=["source"], help="add a line for each source")
        funnel.add_argument("--source", default="", help="only leads of this source; - for not recorded")
        funnel.add_argument("--campaign", default="", help="only leads of this campaign; - for none")
        funnel.add_argument("--country", default="", help="only leads of this country; - for not recorded")
        funnel.add_argument("--json", action="store_true", help="write JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        report = funnel_report((asked := _read(options)).scope, mode=asked.mode)
        if options["json"]:
            self.stdout.write(json.dumps(funnel_as_json(report, by_source=bool(options["by"])), indent=2))
        else:
            self.stdout.write(funnel_as_text(report, by_source=bool(options["by"])))


def _read(options: dict[str, Any]) -> Asked:
    """The question, checked by the form of the page. Raises CommandError, one sentence for the first mistake."""
    start = _day(options["start"], "--start", EARLIEST, LATEST)
    # The period ends before --end: its last day is the one before.
    end = _day(options["end"], "--end", EARLIEST + DAY, LATEST + DAY)
    if end <= start:
        raise CommandError(
            f"--end must be after --start: {end} is not after {start} (the period ends before --end)."
        )
    as_of = options["as_of"] and str(_day(options["as_of"], "--as-of", EARLIEST, LATEST))
    filters = FunnelFilter.reading(
        {
            "first_day": str(start),
            "last_day": str(Period(start, end).last_day),
            "as_of": as_of,
            "mode": options["mode"],
            **{name: options[name] for name in NOTHING},
        },
        today=today(),
    )
    asked = filters.asked
    if asked is None:
        raise CommandError(_sentence(filters, options))
    return asked


def _day(text: str, option: str, earliest: date, latest: date) -> date:
    if not text:
        raise CommandError(f"{option} is missing: write it as YYYY-MM-DD.")
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise CommandError(f"{option} “{text}” is not a date: write it as YYYY-MM-DD.") from None
    if not earliest <= day <= latest:
        raise CommandError(f"{option} must lie between {earliest} and {latest}, not on {day}.")
    return day


def _sentence(filters: FunnelFilter, options: dict[str, Any]) -> str:
    """The first fact by which no lead can be chosen, with what can be."""
    name = next(iter(filters.form.errors))
    choices = [
        str(value) for value, _ in filters.form.fields[name].choices if value not in ("", NOT_RECORDED)
    ]
    more = f" and {len(choices) - MOST_NAMED} more" if len(choices) > MOST_NAMED else ""
    known = (
        f"choose one of {', '.join(choices[:MOST_NAMED])}{more}, or"
        if choices
        else "there is none yet; choose"
    )
    return (
        f"--{name} “{options[name]}” is not the {name} of any lead: {known} “{NOT_RECORDED}”, "
        f"which stands for “{NOTHING[name]}”."
    )
