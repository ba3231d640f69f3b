from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reports.filters import Asked, FunnelFilter
from reports.metrics.funnel import Mode, funnel_report
from reports.period import Period, today
from reports.texts import funnel_as_json, funnel_as_text

MOST_NAMED = 30


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
    """The question, checked by the form of the page. Raises CommandError, a sentence for each mistake."""
    days = {name: _day(options[name], f"--{name.replace('_', '-')}") for name in ("start", "end", "as_of")}
    start, end = days["start"], days["end"]
    if start is None or end is None:
        raise CommandError(f"{'--start' if start is None else '--end'} is missing: write it as YYYY-MM-DD.")
    if end <= start:
        raise CommandError(
            f"--end must be after --start: {end} is not after {start} (the period ends before --end)."
        )
    filters = FunnelFilter.reading(
        {
            "first_day": str(start),
            "last_day": str(Period(start, end).last_day),
            "as_of": str(days["as_of"] or ""),
            "mode": options["mode"],
            **{name: options[name] for name in ("source", "campaign", "country")},
        },
        today=today(),
    )
    asked = filters.asked
    if asked is None:
        raise CommandError(" ".join(_sentences(filters)))
    return asked


def _day(text: str, option: str) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise CommandError(f"{option} “{text}” is not a date: write it as YYYY-MM-DD.") from None


def _sentences(filters: FunnelFilter) -> list[str]:
    """The form's errors, each with the option that it is about and what would be allowed."""
    sentences = []
    for name, errors in filters.form.errors.items():
        sentence = f"--{name}: {' '.join(str(error) for error in errors)}"
        choices = [str(value) for value, _ in getattr(filters.form.fields[name], "choices", []) if value]
        if choices:
            more = f" and {len(choices) - MOST_NAMED} more" if len(choices) > MOST_NAMED else ""
            sentence += f" Known are: {', '.join(choices[:MOST_NAMED])}{more}."
        sentences.append(sentence)
    return sentences
